// Two offices share one cloud table: what one of them does to its pair leaves the other one whole.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

class TwoPairs : public testing::Test {
  public:
    void SetUp() override {
        office.exec(note_table);
        twenty_notes(first);
        EXPECT_EXIT_CODE(0, sync_second());
        EXPECT_EQ(office.number("select count(*) from note"), 20);
    }
    TidewayResult run_second(const std::string& command) { return run_tideway(second, {command, "--json"}); }
    TidewayResult sync_second() { return run_second("sync"); }
    void expect_equal() {
        first.expect_equal(notes);
        EXPECT_EQ(dump(office, notes), dump(first.cloud, notes)) << "first: the second office, second: cloud";
    }
    LivePair first{"pair_a"};
    Database second_database = fresh_database(shared_desktop(), "pair_b");
    Db office{second_database};
    ConfigFile second{fmt::format("pair = 'b'\n[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}",
                                  second_database.url(), first.cloud_url, note_config)};
};

TEST_F(TwoPairs, OfOneCloudTableExchangeTheirRowsThroughIt) {
    first.desktop.exec("update note set body = 'from a' where id = 1; insert into note values (41, 'a')");
    office.exec("update note set body = 'from b' where id = 2; delete from note where id = 3");
    EXPECT_EXIT_CODE(0, first.sync());
    EXPECT_EXIT_CODE(0, sync_second());
    EXPECT_EXIT_CODE(0, first.sync());
    expect_equal();
    EXPECT_ROWS(first.cloud, "select body from note where id in (1, 2, 3, 41) order by id",
                "from a\nfrom b\na");
    expect_quiet(first);
    EXPECT_EXIT_CODE(0, sync_second());
}

TEST_F(TwoPairs, GoOnWhenOneOfThemIsUninstalled) {
    EXPECT_EXIT_CODE(0, run_second("uninstall"));
    first.cloud.exec("update note set body = 'after' where id = 5; delete from note where id = 6");
    first.desktop.exec("insert into note values (50, 'after')");
    EXPECT_EXIT_CODE(0, first.sync());
    first.expect_equal(notes);
    EXPECT_ROWS(first.desktop, "select body from note where id in (5, 6) order by id", "after");
    expect_quiet(first);
}

TEST_F(TwoPairs, UninstallOfOneForgetsTheReceiptsOfThatOneAlone) {
    const Environment killed{{"TIDEWAY_FAILPOINTS", "M6a.before=kill9"}};
    first.desktop.exec("insert into note values (70, 'not booked yet')");
    office.exec("insert into note values (71, 'nor is this')");
    first.sync({}, killed);
    run_tideway(second, {"sync", "--json"}, killed);
    const char* receipts = "select pair, count(*) from tideway.inbox group by pair order by pair";
    EXPECT_ROWS(first.cloud, receipts, "b|1\nmain|1");
    EXPECT_EXIT_CODE(0, run_second("uninstall"));
    EXPECT_ROWS(first.cloud, receipts, "main|1");
    EXPECT_EXIT_CODE(0, first.sync());
    expect_quiet(first);
}

// The office that left comes back, and its rows meet those of the cloud: nothing of either is lost.
TEST_F(TwoPairs, MeetAgainWhenTheUninstalledOneReturns) {
    EXPECT_EXIT_CODE(0, run_second("uninstall"));
    first.cloud.exec("insert into note values (51, 'meanwhile in the cloud')");
    office.exec("insert into note values (52, 'meanwhile in the office')");
    EXPECT_EXIT_CODE(0, first.sync());
    EXPECT_EXIT_CODE(0, sync_second());
    EXPECT_EXIT_CODE(0, first.sync());
    expect_equal();
    EXPECT_ROWS(first.desktop, "select body from note where id > 50 order by id",
                "meanwhile in the cloud\nmeanwhile in the office");
    expect_quiet(first);
}

}  // namespace
}  // namespace tideway::test
