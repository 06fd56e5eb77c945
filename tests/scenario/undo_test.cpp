// Undo puts back what a run did, exactly, on the side where it did it, and never what somebody wrote since.
#include "scenario/live_pair.hpp"
#include "support/pgbouncer.hpp"

namespace tideway::test {
namespace {

constexpr const char* jobs = "select id, body, n from job order by id";
constexpr const char* steps = "select id, job, body from step order by id";
constexpr const char* two_tables = "[[table]]\nname = 'job'\n[[table]]\nname = 'step'\n";

// Both sides' tables as they are.
std::string state(LivePair& pair) {
    std::string text;
    for (Db* side : {&pair.desktop, &pair.cloud})
        text += dump(*side, jobs) + "\n--\n" + dump(*side, steps) + "\n==\n";
    return text;
}

std::string run_of(const TidewayResult& result) {
    return result.json.is_object() ? result.json.value("run", "") : "";
}

class Undo : public testing::Test {
  public:
    void SetUp() override {
        pair.both(
            "create table job (id int primary key, body text, n int default 0);"
            "create table step (id int primary key, job int references job, body text)");
        pair.desktop.exec(
            "insert into job select i, 'job ' || i, i from generate_series(1, 20) i;"
            "insert into step select i, i, 'step ' || i from generate_series(1, 20) i");
        pair.configure(two_tables);
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    TidewayResult undo(const std::string& run, Args more = {}) {
        more.insert(more.begin(), {"undo", "--run", run});
        return pair.run(more);
    }
    // Inserts, updates and deletes on both sides, of parents and of children.
    void edit_both_sides() {
        pair.desktop.exec(
            "update job set body = 'office' where id <= 3; delete from step where id = 20;"
            "delete from job where id = 20; insert into job values (30, 'new', 1);"
            "insert into step values (30, 30, 'new too')");
        pair.cloud.exec(
            "update job set body = 'phone' where id in (5, 6); delete from step where id = 19;"
            "delete from job where id = 19; insert into job values (40, 'mobile', 1);"
            "insert into step values (40, 40, 'mobile too'); update step set job = 40 where id = 7");
    }
    LivePair pair{"undo"};
};

TEST_F(Undo, of_a_run_gives_exactly_the_earlier_tables_on_both_sides) {
    edit_both_sides();
    const std::string before = state(pair);
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    const std::string after = state(pair);
    ASSERT_NE(after, before);
    const TidewayResult undone = undo(run_of(run));
    EXPECT_EXIT_CODE(0, undone);
    EXPECT_EQ(state(pair), before);
    const TidewayResult again = undo(run_of(undone));
    EXPECT_EXIT_CODE(0, again);
    EXPECT_EQ(state(pair), after) << "the undo of an undo";
    EXPECT_EXIT_CODE(0, undo(run_of(again)));
    EXPECT_EQ(state(pair), before);
}

TEST_F(Undo, travels_with_the_next_run_as_an_ordinary_edit) {
    const std::string start = dump(pair.desktop, jobs) + dump(pair.desktop, steps);
    edit_both_sides();
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    ASSERT_EXIT_CODE(0, undo(run_of(run)));
    EXPECT_EXIT_CODE(0, pair.sync());
    for (Db* side : {&pair.desktop, &pair.cloud}) EXPECT_EQ(dump(*side, jobs) + dump(*side, steps), start);
    expect_quiet(pair);
}

TEST_F(Undo, leaves_rows_that_were_edited_since_and_lists_them) {
    pair.desktop.exec("update job set body = 'office' where id <= 10");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    pair.cloud.exec(
        "update job set body = 'since' where id in (2, 5); delete from step where id = 7; "
        "delete from job where id = 7");
    const TidewayResult undone = undo(run_of(run));
    EXPECT_EXIT_CODE(3, undone);
    EXPECT_ROWS(pair.cloud, "select id, body from job where id <= 10 order by id",
                "1|job 1\n2|since\n3|job 3\n4|job 4\n5|since\n6|job 6\n8|job 8\n9|job 9\n10|job 10");
    std::string left;
    for (const auto& row : undone.json["left"])
        left += fmt::format("{} {} {}\n", row["side"].get<std::string>(), row["table"].get<std::string>(),
                            row["key"].get<std::string>());
    EXPECT_EQ(left, "cloud job 2\ncloud job 5\ncloud job 7\n");
    EXPECT_EQ(undone.json["tables"][0]["to_cloud"]["updated"], 7) << told(undone);
}

TEST_F(Undo, leaves_a_row_that_it_would_remove_whose_other_columns_were_filled_since) {
    pair.cloud.exec("alter table job add phone_note text");
    pair.desktop.exec("insert into job values (50, 'new', 1), (51, 'new', 1)");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    pair.cloud.exec("update job set phone_note = 'written on the phone' where id = 50");
    const TidewayResult undone = undo(run_of(run));
    EXPECT_EXIT_CODE(3, undone);
    EXPECT_ROWS(pair.cloud, "select id, phone_note from job where id >= 50", "50|written on the phone");
    ASSERT_EQ(undone.json["left"].size(), 1U) << told(undone);
    EXPECT_EQ(undone.json["left"][0]["key"], "50");
}

// H72
TEST_F(Undo, leaves_a_row_that_users_made_again_after_the_run_had_removed_it) {
    pair.desktop.exec("delete from step where id in (19, 20); delete from job where id in (19, 20)");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    pair.cloud.exec("insert into job values (20, 'made again', 7)");
    const TidewayResult undone = undo(run_of(run));
    EXPECT_EXIT_CODE(3, undone);
    EXPECT_ROWS(pair.cloud, "select id, body, n from job where id >= 19 order by id", "19|job 19|19\n20|made again|7");
    ASSERT_EQ(undone.json["left"].size(), 2U) << told(undone);
    EXPECT_EQ(undone.json["left"][0]["reason"], "there is a row with this key again");
    EXPECT_EQ(undone.json["left"][1]["table"], "step") << "its child is not put under somebody else's row";
}

// The two runs have journaled within the same second of the two servers' clocks.
TEST_F(Undo, of_one_row_takes_back_its_last_write_whichever_side_that_was_on) {
    for (const bool last_in_cloud : {true, false}) {
        SCOPED_TRACE(last_in_cloud);
        Db &first = last_in_cloud ? pair.cloud : pair.desktop, &second = last_in_cloud ? pair.desktop : pair.cloud;
        first.exec("update job set body = 'first' where id = 3");
        ASSERT_EXIT_CODE(0, pair.sync());
        second.exec("update job set body = 'second' where id = 3");
        ASSERT_EXIT_CODE(0, pair.sync());
        const std::string moment = "update tideway.journal set at = date_trunc('second', now()) + interval '{}'";
        second.exec(fmt::format(fmt::runtime(moment), "0.2 seconds"));
        first.exec(fmt::format(fmt::runtime(moment), "0.8 seconds"));
        EXPECT_EXIT_CODE(0, pair.run({"undo", "--table", "job", "--key", "3"}));
        EXPECT_ROWS(first, "select body from job where id = 3", "first");
        EXPECT_ROWS(second, "select body from job where id = 3", "second");
        ASSERT_EXIT_CODE(0, pair.sync());
    }
}

TEST_F(Undo, brings_parents_back_before_children_and_removes_children_first) {
    pair.desktop.exec("delete from step where id <= 3; delete from job where id <= 3");
    pair.desktop.exec("insert into job values (50, 'p', 0); insert into step values (50, 50, 'c')");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    ASSERT_ROWS(pair.cloud, "select count(*) from step where id <= 3", "0");
    EXPECT_EXIT_CODE(0, undo(run_of(run)));
    EXPECT_ROWS(pair.cloud, "select count(*) from job where id <= 3", "3");
    EXPECT_ROWS(pair.cloud, "select count(*) from step where id <= 3", "3");
    EXPECT_ROWS(pair.cloud, "select count(*) from job where id = 50", "0");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(jobs);
    pair.expect_equal(steps);
    EXPECT_ROWS(pair.desktop, "select count(*) from step where id <= 3", "3");
}

TEST_F(Undo, sets_rows_aside_whose_parent_is_gone_or_that_others_refer_to_now) {
    pair.desktop.exec("delete from step where id = 1; insert into job values (50, 'p', 0)");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    pair.cloud.exec("delete from job where id = 1; insert into step values (60, 50, 'since')");
    const TidewayResult undone = undo(run_of(run));
    EXPECT_EXIT_CODE(3, undone);
    EXPECT_EQ(undone.json["left"].size(), 2U) << told(undone);
    EXPECT_ROWS(pair.cloud, "select id from job where id in (1, 50)", "50");
    EXPECT_ROWS(pair.cloud, "select id from step where id in (1, 60)", "60");
}

TEST_F(Undo, of_one_row_takes_back_its_last_write_only) {
    pair.desktop.exec("update job set body = 'one' where id in (1, 2)");
    ASSERT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update job set body = 'two' where id in (1, 2)");
    ASSERT_EXIT_CODE(0, pair.sync());
    EXPECT_EXIT_CODE(0, pair.run({"undo", "--table", "job", "--key", "1"}));
    EXPECT_ROWS(pair.cloud, "select id, body from job where id <= 2 order by id", "1|one\n2|two");
    EXPECT_EXIT_CODE(0, pair.run({"undo", "--table", "job", "--key", "1"}));
    EXPECT_ROWS(pair.cloud, "select body from job where id = 1", "two") << "the undo was the last write";
}

TEST_F(Undo, since_a_time_takes_back_several_runs_at_once) {
    const std::string before = dump(pair.cloud, jobs);
    pair.cloud.exec("update tideway.journal set at = at - interval '1 hour'");
    const std::string moment = pair.cloud.scalar(
        "select to_char(clock_timestamp() at time zone 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS')");
    for (const char* body : {"one", "two", "three"}) {
        pair.desktop.exec(
            fmt::format("update job set body = '{0}' where id <= 4; delete from step where id = "
                        "length('{0}') + 10",
                        body));
        ASSERT_EXIT_CODE(0, pair.sync());
    }
    const TidewayResult undone = pair.run({"undo", "--since", moment + "Z", "--table", "job"});
    EXPECT_EXIT_CODE(0, undone);
    EXPECT_EQ(dump(pair.cloud, jobs), before);
    EXPECT_GE(undone.json["runs"].size(), 3U);
}

TEST_F(Undo, of_several_runs_stops_where_somebody_wrote_in_between) {
    pair.desktop.exec("update job set body = 'one' where id <= 2");
    ASSERT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("update job set body = 'phone' where id = 2");
    ASSERT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update job set body = 'two' where id <= 2");
    ASSERT_EXIT_CODE(0, pair.sync());
    const TidewayResult undone = pair.run({"undo", "--since", "1d", "--table", "job", "--key", "2"});
    EXPECT_EXIT_CODE(3, undone);
    EXPECT_ROWS(pair.cloud, "select body from job where id = 2", "phone");
}

TEST_F(Undo, dry_run_says_what_it_would_do_and_writes_nothing) {
    edit_both_sides();
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    const std::string desktop = row_versions(pair.desktop), cloud = row_versions(pair.cloud);
    const TidewayResult planned = undo(run_of(run), {"--dry-run"});
    EXPECT_EXIT_CODE(0, planned);
    EXPECT_EQ(row_versions(pair.desktop), desktop);
    EXPECT_EQ(row_versions(pair.cloud), cloud);
    const TidewayResult done = undo(run_of(run));
    EXPECT_EXIT_CODE(0, done);
    EXPECT_EQ(planned.json["tables"], done.json["tables"]);
    EXPECT_EQ(planned.json["rows"].size(), 14U) << told(planned);
}

TEST_F(Undo, is_refused_while_a_run_holds_the_lease) {
    pair.desktop.exec("update job set body = 'one' where id = 1");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    pair.desktop.exec("update job set body = 'two' where id = 1");
    const TidewayResult held = pair.sync_while("M3.before", [&] {
        EXPECT_EXIT_CODE(6, undo(run_of(run)));
        EXPECT_ROWS(pair.cloud, "select body from job where id = 1", "one");
    });
    EXPECT_EXIT_CODE(0, held);
}

TEST_F(Undo, that_is_killed_leaves_each_side_whole_and_is_finished_by_the_next_one) {
    edit_both_sides();
    const std::string before = state(pair);
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    const std::string after = state(pair);
    for (const char* place : {"M5a.written", "M5a.before_commit"}) {
        const TidewayResult killed = pair.run({"undo", "--run", run_of(run)},
                                              {{"TIDEWAY_FAILPOINTS", fmt::format("{}=kill9", place)}});
        EXPECT_EQ(killed.exit_code, -9) << told(killed);
        EXPECT_EQ(state(pair), after) << place;
    }
    for (const char* place : {"undo.between", "M5b.before_commit"}) {
        const std::string desktop = dump(pair.desktop, jobs) + dump(pair.desktop, steps);
        const TidewayResult killed = pair.run({"undo", "--run", run_of(run)},
                                              {{"TIDEWAY_FAILPOINTS", fmt::format("{}=kill9", place)}});
        EXPECT_EQ(killed.exit_code, -9) << told(killed);
        EXPECT_EQ(dump(pair.desktop, jobs) + dump(pair.desktop, steps), desktop) << place;
    }
    EXPECT_EXIT_CODE(0, undo(run_of(run)));
    EXPECT_EQ(state(pair), before);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(jobs);
    pair.expect_equal(steps);
    expect_quiet(pair);
}

TEST_F(Undo, is_stopped_by_writes_beyond_its_plan) {
    pair.desktop.exec("update job set body = 'one' where id = 1");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    pair.cloud.exec(
        "create table audit (note text); create function note() returns trigger language plpgsql as "
        "$$ begin insert into public.audit values ('x'); return new; end $$;"
        "create trigger note after update on job for each row execute function note()");
    const TidewayResult undone = undo(run_of(run));
    EXPECT_EXIT_CODE(4, undone);
    EXPECT_EQ(error_code(undone), "TW408") << told(undone);
    EXPECT_ROWS(pair.cloud, "select body from job where id = 1", "one");
    EXPECT_ROWS(pair.cloud, "select count(*) from audit", "0");
}

TEST_F(Undo, refuses_rows_of_a_table_whose_columns_have_changed) {
    pair.desktop.exec("update job set body = 'one' where id = 1; update step set body = 'one' where id = 1");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    pair.cloud.exec("alter table job add extra text");
    const TidewayResult undone = undo(run_of(run));
    EXPECT_EXIT_CODE(3, undone);
    ASSERT_EQ(undone.json["left"].size(), 1U) << told(undone);
    EXPECT_EQ(undone.json["left"][0]["table"], "job");
    EXPECT_ROWS(pair.cloud, "select body from job where id = 1", "one");
    EXPECT_ROWS(pair.cloud, "select body from step where id = 1", "step 1");
}

TEST_F(Undo, of_an_unknown_run_or_without_anything_to_undo_says_so) {
    EXPECT_EQ(error_code(undo("ffffffff")), "TW420");
    EXPECT_EXIT_CODE(2, undo("ffffffff"));
    EXPECT_EQ(error_code(pair.run({"undo", "--table", "job", "--key", "999"})), "TW420");
    EXPECT_EQ(error_code(pair.run({"undo", "--table", "job", "--key", "x"})), "TW422");
    EXPECT_EQ(error_code(pair.run({"undo", "--table", "nothing", "--key", "1"})), "TW301");
}

// Every transaction may meet another session there.
TEST_F(Undo, works_through_a_transaction_pooler) {
    const Pgbouncer pooler(pair.cloud_database.server(), {.pool_size = 3});
    pair.cloud_url = pooler.url(pair.cloud_database.name());
    pair.configure(two_tables);
    edit_both_sides();
    const std::string before = state(pair);
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    EXPECT_EXIT_CODE(0, undo(run_of(run), {"--dry-run"}));
    EXPECT_EXIT_CODE(0, undo(run_of(run)));
    EXPECT_EQ(state(pair), before);
    EXPECT_EXIT_CODE(0, pair.run({"explain", "job", "30"}));
}

TEST_F(Undo, lists_the_runs_that_can_be_undone) {
    pair.desktop.exec("update job set body = 'one' where id <= 2");
    const TidewayResult run = pair.sync();
    const TidewayResult undone = undo(run_of(run).substr(0, 8));
    ASSERT_EXIT_CODE(0, undone);
    const TidewayResult list = pair.run({"undo", "--list"});
    EXPECT_EXIT_CODE(0, list);
    ASSERT_GE(list.json["runs"].size(), 3U) << told(list);
    std::map<std::string, nlohmann::json> runs;
    for (const auto& each : list.json["runs"]) runs[each["run"]] = each;
    EXPECT_EQ(runs[run_of(run)]["to_cloud"]["updated"], 2);
    EXPECT_EQ(runs[run_of(run)]["undo"], false);
    EXPECT_EQ(runs[run_of(undone)]["undo"], true);
}

}  // namespace
}  // namespace tideway::test
