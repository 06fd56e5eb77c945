// Several offices in one cloud, and rows that a filter (`where`) leaves out.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* client_table =
    "create table client (id int primary key, org_id int not null, name text, source char(1))";
constexpr const char* visit_table = "create table visit (org_id int, day date, note text)";
constexpr const char* clients = "select id, org_id, name from client order by id";

std::string config_of(int org) {
    return fmt::format(
        "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n[[table]]\nname = 'client'\nwhere = 'org_id = "
        "{0}'\n"
        "origin = {{ column = 'source' }}\nownership = 'shared'\n[[table]]\nname = 'visit'\nkey = "
        "['day']\nidentity "
        "= 'business_key+ordinal'\nwhere = 'org_id = {0}'\n",
        org);
}

class Filter : public testing::Test {
  public:
    void SetUp() override {
        pair.both(std::string(client_table) + "; " + visit_table);
        pair.configure(config_of(7));
        pair.desktop.exec("insert into client select i, 7, 'client ' || i, 'D' from generate_series(1, 5) i");
        pair.desktop.exec("insert into client values (50, 8, 'not ours', 'D')");
        pair.desktop.exec(
            "insert into visit values (7, '2025-01-01', 'a'), (7, '2025-01-01', 'b'), (8, '2025-01-01', "
            "'c')");
        pair.cloud.exec("insert into client values (60, 9, 'theirs', 'D')");
        pair.cloud.exec("insert into visit values (9, '2025-01-01', 'theirs')");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    LivePair pair{"filter"};
};

TEST_F(Filter, LetsOnlyItsRowsThroughInEveryDirection) {
    EXPECT_ROWS(pair.cloud, "select id from client order by id", "1\n2\n3\n4\n5\n60");
    EXPECT_ROWS(pair.desktop, "select id from client order by id", "1\n2\n3\n4\n5\n50");
    EXPECT_ROWS(pair.cloud, "select note from visit order by 1", "a\nb\ntheirs");
    EXPECT_ROWS(pair.desktop, "select note from visit order by 1", "a\nb\nc");
    expect_quiet(pair);
    expect_quiet(pair, 0, {"--mode", "full"});
    pair.cloud.exec("update client set name = 'edited' where id in (1, 60); delete from client where id = 2");
    pair.desktop.exec("update client set name = 'edited' where id in (3, 50)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select id from client where name = 'edited' order by 1", "1\n3\n50");
    EXPECT_ROWS(pair.cloud, "select id from client where name = 'edited' order by 1", "1\n3\n60");
    EXPECT_EQ(pair.desktop.number("select count(*) from client where id = 2"), 0);
    expect_quiet(pair);
}

TEST_F(Filter, ARowThatLeavesItIsHeldAndNeverDeleted) {
    pair.desktop.exec(
        "update client set org_id = 8 where id = 1; update visit set org_id = 8 where note = 'a'");
    pair.cloud.exec("update client set org_id = 9 where id = 2");
    for (int i = 0; i < 2; ++i) {
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(reported(result, "held"), 3) << told(result);
    }
    EXPECT_EQ(pair.cloud.number("select count(*) from client where id = 1 and org_id = 7"), 1);
    EXPECT_EQ(pair.desktop.number("select count(*) from client where id = 2 and org_id = 7"), 1);
    EXPECT_EQ(pair.cloud.number("select count(*) from visit where note = 'a' and org_id = 7"), 1);
    pair.desktop.exec(
        "update client set org_id = 7 where id = 1; update visit set org_id = 7 where note = 'a'");
    pair.cloud.exec("update client set org_id = 7 where id = 2");
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_quiet(pair);
}

TEST_F(Filter, AKeyThatSomebodyElseHasIsListedAndLeftAlone) {
    pair.desktop.exec("insert into client values (60, 7, 'ours', 'D')");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_ROWS(pair.cloud, "select org_id, name from client where id = 60", "9|theirs");
    EXPECT_ROWS(pair.desktop, "select org_id, name from client where id = 60", "7|ours");
    expect_quiet(pair, 3);
}

TEST(Offices, TwoInOneCloudNeverTouchEachOthersRows) {
    LivePair one("office1"), two("office2");
    for (LivePair* office : {&one, &two}) office->both(std::string(client_table) + "; " + visit_table);
    two.cloud_url = one.cloud_url;
    const auto configure = [](LivePair& office, int org) {
        office.config.rewrite(fmt::format("pair = 'office{}'\n[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}",
                                          org, office.desktop_url, office.cloud_url, config_of(org)));
    };
    configure(one, 1);
    configure(two, 2);
    const auto fill = [](LivePair& office, int org) {
        office.desktop.exec(
            fmt::format("insert into client select {0} * 100 + i, {0}, 'client ' || i, 'D' from "
                        "generate_series(1, 20) i; insert into visit select {0}, '2025-01-01', 'v' || i % 3 "
                        "from generate_series(1, 9) i",
                        org));
    };
    fill(one, 1);
    fill(two, 2);
    for (int round = 0; round < 3; ++round)
        for (LivePair* office : {&one, &two}) EXPECT_EXIT_CODE(0, office->sync());
    EXPECT_EQ(one.cloud.number("select count(*) from client"), 40);
    EXPECT_EQ(one.cloud.number("select count(*) from visit"), 18);
    const std::string second = dump(one.cloud, "select id, name from client where org_id = 2 order by id");
    // The first office empties its table, and the phone of the second edits.
    one.desktop.exec("delete from client; delete from visit");
    one.cloud.exec("update client set name = 'phone' where id = 205");
    EXPECT_EXIT_CODE(0, one.sync());
    EXPECT_EQ(one.cloud.number("select count(*) from client where org_id = 1"), 0);
    EXPECT_EQ(one.cloud.number("select count(*) from client where org_id = 2"), 20);
    EXPECT_EQ(one.cloud.number("select count(*) from visit where org_id = 2"), 9);
    EXPECT_EXIT_CODE(0, two.sync());
    EXPECT_EQ(two.desktop.number("select count(*) from client where name = 'phone'"), 1);
    EXPECT_EQ(one.desktop.number("select count(*) from client"), 0);
}

}  // namespace
}  // namespace tideway::test
