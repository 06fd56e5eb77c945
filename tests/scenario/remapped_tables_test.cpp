// A table is mapped to another one than before: its rows meet as if for the first time.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

class RemappedTable : public testing::TestWithParam<const char*> {
  public:
    void configure(const std::string& tables) {
        pair.configure(fmt::format(
            "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n[sync]\ncapture = '{}'\nconflict = "
            "'desktop'\n{}",
            GetParam(), tables));
    }
    static std::string mapped(const std::string& desktop, const std::string& cloud) {
        return fmt::format("[[table]]\ndesktop = '{}'\ncloud = '{}'\n", desktop, cloud);
    }
    void expect_same(const std::string& desktop, const std::string& cloud) {
        EXPECT_EQ(dump(pair.desktop, fmt::format("select * from {} order by id", desktop)),
                  dump(pair.cloud, fmt::format("select * from {} order by id", cloud)))
            << "desktop " << desktop << ", cloud " << cloud;
    }
    LivePair pair{"remap"};
};
INSTANTIATE_TEST_SUITE_P(Capture, RemappedTable, testing::Values("auto", "changelog"),
                         [](const auto& capture) { return std::string(capture.param); });

TEST_P(RemappedTable, ThatTheCloudRenamedGoesOn) {
    pair.both(note_table);
    pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
    configure(note_config);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("alter table note rename to memo");
    configure(mapped("note", "memo"));
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update note set body = 'edited' where id = 3");
    pair.cloud.exec("update memo set body = 'mobile' where id = 4; delete from memo where id = 5");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from memo where id in (3, 4, 5) order by id", "edited\nmobile");
    expect_same("note", "memo");
    expect_quiet(pair);
}

// The former table stays as it is, and what the new one held on its own comes over.
TEST_P(RemappedTable, MeetsTheRowsOfItsNewTableForTheFirstTime) {
    pair.both("create table note (id int primary key, body text)");
    pair.cloud.exec("create table memo (id int primary key, body text)");
    pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 4) i");
    configure(note_config);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("insert into memo values (1, 'note 1'), (2, 'another two'), (9, 'only here')");
    const std::string former = dump(pair.cloud, "select ctid, xmin, * from note order by id");
    configure(mapped("note", "memo"));
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "conflicts"), 1) << told(result);
    EXPECT_ROWS(pair.cloud, "select * from memo order by id",
                "1|note 1\n2|note 2\n3|note 3\n4|note 4\n9|only here");
    expect_same("note", "memo");
    expect_accounted(pair, "note", "another two");
    EXPECT_EQ(dump(pair.cloud, "select ctid, xmin, * from note order by id"), former);
    pair.cloud.exec("update memo set body = 'mobile' where id = 3");
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_same("note", "memo");
    expect_quiet(pair);
}

TEST_P(RemappedTable, MaySwapWithAnother) {
    pair.both(
        "create table a (id int primary key, body text); create table b (id int primary key, body text)");
    pair.desktop.exec(
        "insert into a values (1, 'a one'), (2, 'a two'); insert into b values (2, 'b two'), (3, 'b three')");
    configure("[[table]]\nname = 'a'\n[[table]]\nname = 'b'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    configure(mapped("a", "b") + mapped("b", "a"));
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "conflicts"), 2) << told(result);  // key 2, in either table
    for (const char* body : {"a one", "b three"})
        for (const char* table : {"a", "b"})
            for (Db* side : {&pair.desktop, &pair.cloud})
                EXPECT_EQ(side->number(fmt::format("select count(*) from {} where body = '{}'", table, body)),
                          1)
                    << body << " in " << table;
    EXPECT_GT(kept_in(pair.desktop, "b two") + kept_in(pair.cloud, "b two"), 0) << "a loser is not kept";
    EXPECT_GT(kept_in(pair.desktop, "a two") + kept_in(pair.cloud, "a two"), 0) << "a loser is not kept";
    expect_same("a", "b");
    expect_same("b", "a");
    pair.desktop.exec("delete from a where id = 1");
    pair.cloud.exec("update a set body = 'mobile' where id = 3");
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_same("a", "b");
    expect_same("b", "a");
    EXPECT_ROWS(pair.desktop, "select body from b where id = 3", "mobile");
    expect_quiet(pair);
}

// ---- tables that leave the configuration and come back ---------------------------------------------------

TEST_P(RemappedTable, ThatWasLeftOutForAWhileMissesNothing) {
    pair.both(note_table);
    pair.both("create table other (id int primary key, body text)");
    pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
    const std::string other = "[[table]]\nname = 'other'\n";
    configure(note_config + other);
    EXPECT_EXIT_CODE(0, pair.sync());
    configure(other);
    pair.desktop.exec(
        "update note set body = 'd' where id = 1; delete from note where id = 2; insert into note values "
        "(30, "
        "'d30')");
    pair.cloud.exec(
        "update note set body = 'c' where id = 3; delete from note where id = 4; insert into note values "
        "(40, "
        "'c40')");
    EXPECT_EXIT_CODE(0, pair.sync());
    configure(note_config + other);
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_same("note", "note");
    EXPECT_ROWS(pair.cloud, "select count(*) from note", "20");
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
