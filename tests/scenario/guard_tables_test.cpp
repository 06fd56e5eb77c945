// A guard stops the tables that exceed a limit, with what depends on them; the others flow (DESIGN.md 10.18).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// The stop of that table and reason; null if there is none.
nlohmann::json stop_of(const TidewayResult& result, const std::string& table, const std::string& reason) {
    if (!result.json.is_object()) return nullptr;
    for (const auto& stop : result.json["guard"])
        if (stop["table"] == table && stop["reason"] == reason) return stop;
    return nullptr;
}

class GuardedTables : public testing::Test {
  protected:
    GuardedTables() {
        pair.both(
            "create table client (id int primary key, name text);"
            "create table job (id int primary key, client int references client, title text);"
            "create table step (id int primary key, job int references job, body text);"
            "create table staff (id int primary key, name text)");
        pair.desktop.exec(
            "insert into client select i, 'c' || i from generate_series(1, 100) i;"
            "insert into job select i, i, 'j' || i from generate_series(1, 100) i;"
            "insert into step select i, i, 's' || i from generate_series(1, 100) i;"
            "insert into staff select i, 'p' || i from generate_series(1, 100) i");
        configure();
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    void configure(const std::string& guard = "", const std::string& of_job = "") {
        pair.configure(
            fmt::format("{}\n[[table]]\nname = 'client'\n[[table]]\nname = 'job'\n{}\n[[table]]\nname "
                        "= 'step'\n[[table]]\nname = 'staff'\n",
                        guard, of_job));
    }
    void expect_settled() {
        EXPECT_EXIT_CODE(0, pair.sync());
        for (const char* table : {"client", "job", "step", "staff"})
            pair.expect_equal(fmt::format("select * from {} order by id", table));
        expect_quiet(pair);
    }
    LivePair pair{"guarded"};
};

TEST_F(GuardedTables, only_the_table_beyond_the_limit_stops_and_the_others_flow) {
    pair.desktop.exec("delete from step where id <= 50; update staff set name = 'edited' where id = 7");
    pair.cloud.exec("insert into staff values (500, 'from the phone')");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_EQ(stop_of(stopped, "step", "deletes")["count"], 50) << told(stopped);
    EXPECT_EQ(stopped.json["guard"].size(), 1U);
    EXPECT_ROWS(pair.cloud, "select count(*) from step", "100");
    EXPECT_ROWS(pair.cloud, "select name from staff where id = 7", "edited");
    EXPECT_ROWS(pair.desktop, "select name from staff where id = 500", "from the phone");
    for (const auto& table : stopped.json["tables"])
        EXPECT_EQ(table["stopped"].is_null(), table["desktop"] != "step") << table;
    EXPECT_EXIT_CODE(0, pair.sync({"--confirm", stopped.json["plan_hash"]}));
    expect_settled();
}

// The stop is found again by every run, whatever its mode, and status tells of it.
TEST_F(GuardedTables, a_stopped_table_stays_stopped_until_somebody_confirms) {
    pair.desktop.exec("delete from step where id <= 50");
    const TidewayResult first = pair.sync();
    for (const char* mode : {"incremental", "full"}) {
        const TidewayResult again = pair.sync({"--mode", mode});
        EXPECT_EXIT_CODE(4, again);
        EXPECT_EQ(again.json["plan_hash"], first.json["plan_hash"]) << mode;
    }
    const TidewayResult planned = pair.run({"plan"});
    EXPECT_EXIT_CODE(4, planned);
    EXPECT_EQ(planned.json["plan_hash"], first.json["plan_hash"]);
    const TidewayResult status = pair.run({"status"});
    EXPECT_EXIT_CODE(4, status);
    EXPECT_EQ(status.json["stopped_plan"], first.json["plan_hash"]);
    for (const auto& table : status.json["tables"])
        EXPECT_EQ(table["state"], table["desktop"] == "step" ? "stopped" : "in sync") << table;
    EXPECT_ROWS(pair.cloud, "select count(*) from step", "100");
}

// New clients are stopped with the mass edit of clients; a job of a new client cannot go, and neither can its
// steps.
TEST_F(GuardedTables, what_depends_on_a_row_that_is_not_inserted_is_stopped_with_it) {
    pair.desktop.exec(
        "update client set name = name || '!' where id <= 90; insert into client values (200, 'new');"
        "insert into job values (200, 200, 'job of the new client'); update job set title = 'edited' where "
        "id = 1;"
        "insert into step values (200, 200, 'its step'); insert into staff values (200, 'somebody')");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_EQ(stop_of(stopped, "client", "updates")["count"], 90) << told(stopped);
    EXPECT_EQ(stop_of(stopped, "job", "depends")["count"], 1) << told(stopped);
    EXPECT_EQ(stop_of(stopped, "step", "depends")["count"], 1) << told(stopped);
    EXPECT_EQ(reported(stopped, "parked"), 0) << "nothing was tried in vain";
    EXPECT_ROWS(pair.cloud, "select title from job where id = 1", "j1");
    EXPECT_ROWS(pair.cloud, "select name from staff where id = 200", "somebody");
    EXPECT_EXIT_CODE(0, pair.sync({"--confirm", stopped.json["plan_hash"]}));
    expect_settled();
}

TEST_F(GuardedTables, a_child_whose_parents_are_there_flows) {
    pair.desktop.exec(
        "update client set name = name || '!' where id <= 90; insert into job values (200, 3, 'of an old "
        "client')");
    EXPECT_EXIT_CODE(4, pair.sync());
    EXPECT_ROWS(pair.cloud, "select title from job where id = 200", "of an old client");
    EXPECT_ROWS(pair.cloud, "select count(*) from client where name like '%!'", "0");
}

// A row cannot go while the rows that refer to it have to stay.
TEST_F(GuardedTables, a_parent_whose_children_may_not_go_stays_with_them) {
    pair.desktop.exec("delete from step where job in (1, 2) or id > 30; delete from job where id = 1");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_FALSE(stop_of(stopped, "step", "deletes").is_null()) << told(stopped);
    EXPECT_EQ(stop_of(stopped, "job", "depends")["count"], 1) << told(stopped);
    EXPECT_ROWS(pair.cloud, "select count(*) from job where id = 1", "1");
    EXPECT_EXIT_CODE(0, pair.sync({"--confirm", stopped.json["plan_hash"]}));
    expect_settled();
}

TEST_F(GuardedTables, each_table_may_have_limits_of_its_own) {
    configure("[guard]\nmax_deletes = 0\n", "guard = { max_deletes = '10%' }");
    pair.desktop.exec(
        "delete from step where id <= 9; delete from job where id <= 9; delete from staff where id = 1");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_FALSE(stop_of(stopped, "step", "deletes").is_null());
    EXPECT_FALSE(stop_of(stopped, "staff", "deletes").is_null());
    EXPECT_TRUE(stop_of(stopped, "job", "deletes").is_null()) << "9 of 100 are allowed there";
}

TEST_F(GuardedTables, an_emptied_table_stops_even_within_the_limit_for_deletes) {
    configure("[guard]\nmax_deletes = 500\n");
    pair.desktop.exec("delete from step");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_EQ(stop_of(stopped, "step", "emptied")["count"], 100) << told(stopped);
    configure("[guard]\nmax_deletes = 500\nstop_emptied = false\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select count(*) from step", "0");
}

TEST_F(GuardedTables, a_table_whose_every_row_changed_says_so) {
    pair.cloud.exec("update staff set name = upper(name)");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_EQ(stop_of(stopped, "staff", "all_changed")["count"], 100) << told(stopped);
    EXPECT_ROWS(pair.desktop, "select name from staff where id = 1", "p1");
}

// Rows that vanish are a warning even where nobody would delete the others for it.
TEST_F(GuardedTables, many_rows_gone_at_once_stop_where_they_would_only_be_held) {
    for (const char* capture : {"xmin", "digest", "changelog"}) {
        SCOPED_TRACE(capture);
        LivePair other("shrunk");
        other.both("create table note (id int primary key, body text)");
        other.desktop.exec("insert into note select i, 'n' from generate_series(1, 200) i");
        other.configure(
            fmt::format("[sync]\ncapture = '{}'\ndeletes = 'hold'\n[[table]]\nname = 'note'\n", capture));
        EXPECT_EXIT_CODE(0, other.sync());
        other.desktop.exec("delete from note where id <= 10");
        EXPECT_EXIT_CODE(3, other.sync());
        other.desktop.exec("delete from note where id <= 120");
        const TidewayResult stopped = other.sync();
        EXPECT_EXIT_CODE(4, stopped);
        EXPECT_EQ(stop_of(stopped, "note", "shrunk")["count"], 110) << told(stopped);
        const TidewayResult confirmed = other.sync({"--confirm", stopped.json["plan_hash"]});
        EXPECT_EXIT_CODE(3, confirmed);
        EXPECT_ROWS(other.desktop, "select count(*) from tideway.waiting where kind = 'held'", "120");
        EXPECT_EXIT_CODE(3, other.sync());
        EXPECT_ROWS(other.cloud, "select count(*) from note", "200");
    }
}

// Another table under the old name stops even where its rows are within the limits, in every run until
// somebody confirms.
class ReplacedTable : public testing::TestWithParam<std::tuple<const char*, bool>> {};
INSTANTIATE_TEST_SUITE_P(Setting, ReplacedTable,
                         testing::Combine(testing::Values("auto", "changelog", "xmin", "digest"),
                                          testing::Bool()),
                         [](const auto& given) {
                             return fmt::format("{}_{}", std::get<0>(given.param),
                                                std::get<1>(given.param) ? "cloud" : "desktop");
                         });

TEST_P(ReplacedTable, another_table_under_the_old_name_stops) {
    const auto [capture, at_cloud] = GetParam();
    LivePair pair("other_table");
    pair.both("create table note (id int primary key, body text)");
    pair.desktop.exec("insert into note select i, 'n' || i from generate_series(1, 1000) i");
    pair.configure(fmt::format("[sync]\ncapture = '{}'\n[[table]]\nname = 'note'\n", capture));
    EXPECT_EXIT_CODE(0, pair.sync());
    Db& wrong = at_cloud ? pair.cloud : pair.desktop;
    Db& other = at_cloud ? pair.desktop : pair.cloud;
    wrong.exec(
        "create table other (like note including all); insert into other select * from note where id > 10;"
        "alter table note rename to old_note; alter table other rename to note");
    for (const char* mode : {"incremental", "incremental", "full"}) {
        const TidewayResult stopped = pair.sync({"--mode", mode});
        EXPECT_EXIT_CODE(4, stopped);
        EXPECT_EQ(stop_of(stopped, "note", "replaced")["count"], 10) << told(stopped);
        EXPECT_EQ(other.number("select count(*) from note"), 1000);
    }
    const TidewayResult planned = pair.run({"plan"});
    EXPECT_EXIT_CODE(0, pair.sync({"--confirm", planned.json["plan_hash"]}));
    EXPECT_EQ(other.number("select count(*) from note"), 990);
    expect_quiet(pair);
}

TEST_F(GuardedTables, a_table_that_is_altered_during_a_run_is_left_out_and_the_others_flow) {
    pair.desktop.exec(
        "update staff set name = 'edited' where id = 7; update step set body = 'edited' where id = 7");
    const TidewayResult result = pair.sync_while(
        "S3.purged", [&] { pair.cloud.exec("alter table step rename column body to content"); });
    EXPECT_EXIT_CODE(4, result);
    EXPECT_FALSE(stop_of(result, "step", "schema_changed").is_null()) << told(result);
    EXPECT_ROWS(pair.cloud, "select name from staff where id = 7", "edited");
    EXPECT_ROWS(pair.cloud, "select content from step where id = 7", "s7");
    pair.cloud.exec("alter table step rename column content to body");
    expect_settled();
}

TEST(GuardedClocks, time_stamps_decide_nothing_while_the_servers_clocks_are_far_apart) {
    PgServer ahead({.clock = "+3h"});
    LivePair pair("clocks", shared_desktop(), ahead);
    pair.both(
        "create table note (id int primary key, body text, updated_at timestamptz default now());"
        "create table log (id int primary key, body text)");
    pair.desktop.exec(
        "insert into note select i, 'n', now() - interval '1 day' from generate_series(1, 20) i");
    const std::string tables =
        "[[table]]\nname = 'note'\ntimestamps = { updated = 'updated_at' }\n[[table]]\nname = 'log'\n";
    pair.configure(tables);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(
        "update note set body = 'office', updated_at = now() where id = 3; insert into log values (1, 'x')");
    pair.cloud.exec("update note set body = 'phone', updated_at = now() where id = 3");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_EQ(stop_of(stopped, "note", "clocks")["count"], 1) << told(stopped);
    EXPECT_EQ(pair.cloud.number("select count(*) from log"), 1);
    EXPECT_ROWS(pair.desktop, "select body from note where id = 3", "office");
    EXPECT_ROWS(pair.cloud, "select body from note where id = 3", "phone");
    pair.configure("[guard]\nmax_clock_difference = '4h'\n" + tables);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select id, body from note order by id");
}

// Those too that were never agreed on and only waited for a person.
TEST(Guard, OfAllRowsLetsRowsThroughThatOnlyWaited) {
    LivePair pair("guard_waited");
    pair.both("create table note (id int primary key, body text)");
    pair.desktop.exec("insert into note select i, 'office' from generate_series(1, 80) i");
    pair.cloud.exec("insert into note select i, 'phone' from generate_series(1, 80) i");
    pair.configure("[sync]\nconflict = 'manual'\n[guard]\nmax_updates = '100%'\n[[table]]\nname = 'note'\n");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EXIT_CODE(0, pair.run({"conflicts", "resolve", "--table", "note", "--take", "desktop", "--yes"}));
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from note where body = 'office'"), 80);
}

}  // namespace
}  // namespace tideway::test
