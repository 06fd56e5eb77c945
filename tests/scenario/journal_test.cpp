// What is kept of replaced rows: for how long, how much of it, and that a person can see it.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* entries = "select count(*) from tideway.journal";

class JournalKept : public testing::Test {
  public:
    void configure(const std::string& journal) {
        pair.configure(journal + note_config + "conflict = 'cloud'\n");
    }
    void change(const std::string& body, int rows = 3) {
        pair.desktop.exec(fmt::format("update note set body = {} where id <= {}", quote_literal(body), rows));
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    void age(Db& side, const std::string& table, const std::string& days, const std::string& where = "true") {
        side.exec(
            fmt::format("update tideway.{} set at = at - interval '{} days' where {}", table, days, where));
    }
    LivePair pair{"journal"};
};

TEST_F(JournalKept, entries_go_when_they_are_older_than_the_configuration_keeps_them) {
    twenty_notes(pair);
    configure("[journal]\nkeep = '10d'\n");
    change("one");
    const std::string newest = pair.cloud.scalar("select max(id) from tideway.journal");
    age(pair.cloud, "journal", "11");
    change("two");
    EXPECT_ROWS(pair.cloud, entries, "3");
    EXPECT_ROWS(pair.cloud, "select count(*) from tideway.journal where id <= " + newest, "0");
    age(pair.cloud, "journal", "9");
    change("three");
    EXPECT_ROWS(pair.cloud, entries, "6");
}

TEST_F(JournalKept, entries_stay_for_ever_where_the_configuration_says_so) {
    twenty_notes(pair);
    configure("[journal]\nkeep = 'forever'\nmax_size = 'unlimited'\n");
    age(pair.cloud, "journal", "4000");
    change("one");
    EXPECT_ROWS(pair.cloud, entries, "23");
}

TEST_F(JournalKept, both_sides_are_purged_and_settled_conflicts_with_them) {
    twenty_notes(pair);
    configure("");
    pair.desktop.exec("update note set body = 'office' where id = 1");
    pair.cloud.exec("update note set body = 'phone' where id in (1, 2)");
    EXPECT_EXIT_CODE(0, pair.sync());
    ASSERT_EQ(pair.desktop.number("select count(*) from tideway.conflict"), 1);
    for (Db* side : {&pair.desktop, &pair.cloud})
        for (const char* table : {"journal", "conflict"}) age(*side, table, "31");
    change("later", 5);
    EXPECT_ROWS(pair.desktop, entries, "0");
    EXPECT_ROWS(pair.desktop, "select count(*) from tideway.conflict", "0");
    EXPECT_ROWS(pair.cloud, entries, "5");
}

TEST_F(JournalKept, what_waits_for_a_person_never_goes) {
    twenty_notes(pair);
    pair.configure(std::string("[journal]\nkeep = '1s'\n") + note_config + "conflict = 'manual'\n");
    pair.desktop.exec("update note set body = 'office' where id = 1");
    pair.cloud.exec("update note set body = 'phone' where id = 1");
    EXPECT_EXIT_CODE(3, pair.sync());
    pair.desktop.exec(
        "insert into tideway.conflict (pair, run, tbl, key, kind, policy, winner, reason, status, at) values "
        "('main', 'r', 1, '{1}', 'update_update', 'manual', '', '', 'open', now() - interval '1 year')");
    pair.desktop.exec("update tideway.waiting set first_seen = now() - interval '1 year'");
    EXPECT_EXIT_CODE(3, pair.sync({"--mode", "full"}));
    EXPECT_ROWS(pair.desktop, "select count(*) from tideway.waiting", "1");
    EXPECT_ROWS(pair.desktop, "select count(*) from tideway.conflict", "1");
}

TEST_F(JournalKept, the_oldest_entries_go_first_when_there_are_more_than_the_limit) {
    twenty_notes(pair);
    configure("[journal]\nmax_size = '400kB'\n");
    for (int run = 1; run <= 4; ++run)
        change(fmt::format("{} ", run) +
                   pair.cloud.scalar("select string_agg(md5(i::text), '') from generate_series(1, 250) i"),
               20);
    // Incompressible bodies of 8 kB, twenty a run: three runs have an image each of them.
    EXPECT_LT(pair.cloud.number("select sum(200 + pg_column_size(before)) from tideway.journal"), 400'000);
    EXPECT_GT(pair.cloud.number("select sum(200 + coalesce(pg_column_size(before), 0)) from tideway.journal"),
              200'000);
    EXPECT_EQ(pair.cloud.number("select max(id) - min(id) + 1 from tideway.journal"),
              pair.cloud.number(entries))
        << "the newest stay";
}

TEST_F(JournalKept, status_shows_how_much_is_kept_since_when) {
    twenty_notes(pair);
    const TidewayResult status = pair.run({"status"});
    EXPECT_EXIT_CODE(0, status);
    EXPECT_GT(status.json["journal"]["cloud"]["bytes"].get<long long>(), 8'000) << told(status);
    EXPECT_TRUE(status.json["journal"]["cloud"]["oldest"].is_string());
    EXPECT_TRUE(status.json["journal"]["desktop"]["oldest"].is_null());
}

TEST_F(JournalKept, a_purge_that_is_refused_fails_no_run) {
    twenty_notes(pair);
    configure("[journal]\nkeep = '1d'\n");
    pair.cloud.exec(
        "create function keep() returns trigger language plpgsql as $$ begin raise 'kept'; end $$;"
        "create trigger keep before delete on tideway.journal for each row execute function keep()");
    age(pair.cloud, "journal", "2");
    pair.desktop.exec("update note set body = 'one' where id = 1");
    const TidewayResult run = pair.sync();
    EXPECT_EXIT_CODE(0, run);
    EXPECT_FALSE(run.json["remarks"].empty()) << told(run);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 1", "one");
}

TEST_F(JournalKept, a_run_that_is_killed_while_it_purges_has_done_its_work) {
    twenty_notes(pair);
    configure("[journal]\nkeep = '1d'\n");
    age(pair.cloud, "journal", "2");
    pair.desktop.exec("update note set body = 'one' where id = 1");
    EXPECT_EQ(pair.sync({}, {{"TIDEWAY_FAILPOINTS", "retention.step=kill9"}}).exit_code, -9);
    pair.expect_equal(notes);
    EXPECT_ROWS(pair.cloud, entries, "1");
    expect_quiet(pair);
}

TEST_F(JournalKept, a_backup_table_holds_what_the_latest_run_replaced_or_removed_in_columns_of_its_own) {
    pair.both(note_table);
    pair.cloud.exec("alter table note add phone text default 'p', add run text");
    pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
    pair.configure(std::string("[guard]\nbackup = 'table'\n") + note_config + "skip = ['phone', 'run']\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(
        "update note set body = 'one' where id <= 2; delete from note where id = 3; insert into note values "
        "(30, 'x', 1)");
    const TidewayResult run = pair.sync();
    EXPECT_EXIT_CODE(0, run);
    const std::string backup = pair.cloud.scalar(
        "select format('tideway.%I', tablename) from pg_tables where schemaname = 'tideway' and tablename "
        "like 'backup%'");
    EXPECT_ROWS(pair.cloud,
                fmt::format("select id, body, n, phone, run, tideway_run = '{}' from {} order by id",
                            run.json["run"].get<std::string>(), backup),
                "1|note 1|0|p|(null)|t\n2|note 2|0|p|(null)|t\n3|note 3|0|p|(null)|t");
    pair.cloud.exec("alter table note add more int");
    pair.desktop.exec("update note set body = 'two' where id = 4");
    EXPECT_EXIT_CODE(0, pair.sync({"--mode", "full"}));
    EXPECT_ROWS(pair.cloud, "select id, body, more from " + backup, "4|note 4|(null)");
    EXPECT_ROWS(pair.desktop, "select count(*) from pg_tables where tablename like 'backup%'", "0");
    EXPECT_EXIT_CODE(0, pair.run({"uninstall"}));
    EXPECT_ROWS(pair.cloud, "select count(*) from pg_tables where schemaname = 'tideway'", "0");
}

// By undo, and by hand with SQL: what somebody writes there crosses as his edit.
TEST_F(JournalKept, what_a_backup_table_holds_can_be_brought_back) {
    pair.both(note_table);
    pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
    pair.configure(std::string("[guard]\nbackup = 'table'\n") + note_config);
    EXPECT_EXIT_CODE(0, pair.sync());
    for (const bool by_undo : {true, false}) {
        pair.desktop.exec("update note set body = 'wrong' where id <= 2; delete from note where id = 3");
        const TidewayResult run = pair.sync();
        EXPECT_EXIT_CODE(0, run);
        if (by_undo) {
            EXPECT_EXIT_CODE(0, pair.run({"undo", "--run", run.json["run"].get<std::string>(), "--table", "note"}));
        } else {
            pair.cloud.exec(
                "insert into note select id, body, n from tideway.backup_1_1 "
                "on conflict (id) do update set body = excluded.body, n = excluded.n");
        }
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_ROWS(pair.desktop, "select id, body from note where id <= 3 order by id", "1|note 1\n2|note 2\n3|note 3");
        pair.expect_equal(notes);
        expect_quiet(pair);
    }
}

TEST_F(JournalKept, there_is_no_backup_table_unless_it_is_asked_for) {
    twenty_notes(pair);
    pair.desktop.exec("update note set body = 'one' where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select count(*) from pg_tables where tablename like 'backup%'", "0");
}

// State that an earlier version made lacks a column that this one writes.
TEST_F(JournalKept, state_of_an_earlier_version_is_completed_by_the_next_run) {
    twenty_notes(pair);
    for (Db* side : {&pair.desktop, &pair.cloud})
        side->exec("alter table tideway.journal drop column form; update tideway.pair set state_version = 2");
    pair.desktop.exec("update note set body = 'one' where id = 1");
    const TidewayResult run = pair.sync();
    EXPECT_EXIT_CODE(0, run);
    EXPECT_EXIT_CODE(0, pair.run({"undo", "--run", run.json["run"].get<std::string>()}));
    EXPECT_ROWS(pair.cloud, "select body from note where id = 1", "note 1");
}

}  // namespace
}  // namespace tideway::test
