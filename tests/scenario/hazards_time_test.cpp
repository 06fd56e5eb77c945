// Hazards H1 to H4, H8, H10, H12, H15 and H16 of correctness.md 4: order of commits and watermarks.
#include "scenario/hazard_pair.hpp"

namespace tideway::test {
namespace {

class HazardCapture : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardCapture, testing::ValuesIn(every_capture()), name_of);
class HazardExactCapture : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardExactCapture, testing::ValuesIn(exact_captures()), name_of);

// ---- H1 --------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H01_late_committer_is_found_by_the_next_run) {
    const HazardPair pair("h01", options());
    first_sync(pair, here());
    Db early = pair.open(here()), late = pair.open(here());
    early.exec("begin; insert into job values (11, 'late committer')");
    early.exec("update job set note = 'late edit', updated_at = now() where id = 1");
    late.exec("insert into job values (12, 'later, but committed first')");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id from job order by id", "1\n12");
    early.exec("commit");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job order by id",
                "1|late edit\n11|late committer\n12|later, but committed first");
    expect_in_agreement(pair);
}

TEST(Hazard, H01_doctor_names_the_limit_of_timestamp_capture) {
    const HazardPair pair("h01_doctor", {.sync = "capture = 'timestamp'\n"});
    EXPECT_NE(findings_about(pair, "timestamp"), "");
}

// ---- H2 --------------------------------------------------------------------------------------------------

// The failpoints of an incremental run that finds something to do, with how often each was passed, in order.
std::vector<std::pair<std::string, int>> moments_of_a_run(At from, bool looks_first) {
    const int hit = looks_first ? 2 : 1;
    std::vector<std::pair<std::string, int>> moments = {
        {"S1.before", 1},    {"S3.taken", 1},   {"M1.snapshot", hit}, {"M2.snapshot", hit},
        {"M1.hints", hit},   {"M2.hints", hit}, {"M3.before", 1},     {"M3.cloud", 1},
        {"M5a.before", 1},   {"M6a.before", 1}, {"M5b.before", 1},    {"M7.before", 1},
        {"M7.committed", 1}, {"M8.changes", 1}, {"report.written", 1}};
    if (looks_first) moments.insert(moments.begin(), {{"M1.snapshot", 1}, {"M1.hints", 1}, {"M2.hints", 1}});
    const std::string written_after = from == At::desktop ? "M5a.before" : "M5b.before";
    const auto at = std::find(moments.begin(), moments.end(), std::pair(written_after, 1));
    moments.insert(at + 1, {"apply.locked", 1});
    return moments;
}

// A user edits one row more at each step of a run; no edit falls between two watermarks.
TEST_P(HazardCapture, H02_an_edit_at_any_moment_of_a_run_reaches_the_other_side) {
    const std::vector<std::pair<std::string, int>> moments = moments_of_a_run(here(), looks_first());
    const int count = static_cast<int>(moments.size());
    const HazardPair pair("h02", options());
    first_sync(pair, here(), count);
    Db user = pair.open(here());
    user.exec("update job set note = 'second ' || id, updated_at = clock_timestamp()");

    std::vector<std::unique_ptr<PauseAt>> pauses;
    std::string spec;
    for (const auto& [name, hit] : moments) {
        pauses.push_back(std::make_unique<PauseAt>(name, hit));
        spec += pauses.back()->spec() + ";";
    }
    const auto run =
        start_tideway(pair.config, {"sync", "--json", "--direction", HazardPair::direction_from(here())},
                      {{"TIDEWAY_FAILPOINTS", spec}});
    for (int i = 0; i < count; ++i) {
        pauses[static_cast<std::size_t>(i)]->wait_until_reached();
        user.exec(fmt::format(
            "update job set note = 'third {0}', updated_at = clock_timestamp() where id = {0}", i + 1));
        pauses[static_cast<std::size_t>(i)]->release();
    }
    ASSERT_EQ(run->wait(std::chrono::seconds(60)), 0) << run->out() << run->err();
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select count(*) from job where note = 'third ' || id",
                std::to_string(count));
    EXPECT_EQ(conflicts(pair), "");
    expect_in_agreement(pair);
}

// ---- H3 --------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H03_a_transaction_open_over_several_runs_loses_nothing) {
    const HazardPair pair("h03", options());
    first_sync(pair, here());
    Db slow = pair.open(here()), quick = pair.open(here());
    slow.exec("begin; insert into job values (11, 'slow'); update job set note = 'slow', updated_at = now()");
    for (int i = 0; i < 3; ++i) {
        quick.exec(fmt::format("insert into job values ({}, 'quick')", 20 + i));
        EXPECT_SYNC(pair.sync_from(here()), 0);
    }
    slow.exec("insert into job values (12, 'slow'); commit");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select string_agg(id || note, ' ' order by id) from job",
                "1slow 11slow 12slow 20quick 21quick 22quick");
    expect_in_agreement(pair);
}

// A row committed with a stamp older than the overlap, as after a very long transaction or by an app's own
// clock.
void commit_an_old_stamp(const HazardPair& pair, At here) {
    first_sync(pair, here);
    pair.open(here).exec("insert into job values (11, 'stamped long ago', now() - interval '2 days')");
    EXPECT_SYNC(pair.sync_from(here), 0);
}

TEST_P(HazardExactCapture, H03_a_stamp_older_than_any_overlap_is_no_matter) {
    const HazardPair pair("h03_old", options());
    commit_an_old_stamp(pair, here());
    EXPECT_ROWS(pair.on(there()), "select note from job where id = 11", "stamped long ago");
    expect_in_agreement(pair);
}

TEST(Hazard, H03_timestamp_capture_misses_an_old_stamp_and_a_full_run_finds_it) {
    for (const At here : {At::desktop, At::cloud}) {
        const HazardPair pair("h03_gap", {.sync = capture_toml("timestamp", here)});
        commit_an_old_stamp(pair, here);
        EXPECT_ROWS(pair.on(across(here)), "select id from job order by id", "1");
        EXPECT_SYNC(pair.sync({"--mode", "full"}), 0);
        EXPECT_ROWS(pair.on(across(here)), "select id from job order by id", "1\n11");
        expect_in_agreement(pair);
    }
}

// ---- H4 --------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H04_equal_stamps_and_microseconds_are_read_once_and_written_once) {
    const HazardPair pair("h04", options());
    first_sync(pair, here());
    Db user = pair.open(here());
    user.exec(
        "insert into job select i, 'tie', date_trunc('second', now()) + interval '0.123456 s' from "
        "generate_series(11, 13) i");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    user.exec("insert into job select 14, 'tie', updated_at from job where id = 11");
    user.exec(
        "insert into job select 15, 'next', updated_at + interval '1 microsecond' from job where id = 11");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(
        pair.on(there()),
        "select count(*), count(distinct updated_at), min(to_char(updated_at, 'US')) from job where id > 1",
        "5|2|123456");
    expect_in_agreement(pair);
}

// ---- H8 --------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H08_rows_written_under_a_savepoint_are_found) {
    const HazardPair pair("h08", options());
    first_sync(pair, here());
    Db nested = pair.open(here()), other = pair.open(here());
    nested.exec(
        "begin; savepoint a; insert into job values (11, 'nested'); savepoint b; "
        "update job set note = 'nested', updated_at = now() where id = 1; release b");
    other.exec("insert into job values (12, 'plain')");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    nested.exec("savepoint c; insert into job values (13, 'undone'); rollback to c; commit");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job order by id", "1|nested\n11|nested\n12|plain");
    expect_in_agreement(pair);
}

// ---- H10 -------------------------------------------------------------------------------------------------

PgServer& server_with_prepared_transactions(At side) {
    static PgServer desktop({.version = desktop_version(), .settings = {{"max_prepared_transactions", "4"}}});
    static PgServer cloud({.settings = {{"max_prepared_transactions", "4"}}});
    return side == At::desktop ? desktop : cloud;
}

TEST_P(HazardCapture, H10_a_prepared_transaction_is_found_when_it_commits) {
    const HazardPair pair("h10", on_servers(server_with_prepared_transactions(At::desktop),
                                            server_with_prepared_transactions(At::cloud)));
    first_sync(pair, here());
    Db user = pair.open(here());
    user.exec(
        "begin; insert into job values (11, 'prepared'); update job set note = 'prepared', updated_at = "
        "now(); prepare transaction 'h10'");
    user.exec("insert into job values (12, 'plain')");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id from job order by id", "1\n12");
    user.exec("commit prepared 'h10'");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job order by id",
                "1|prepared\n11|prepared\n12|plain");
    expect_in_agreement(pair);
}

// ---- H12 -------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H12_two_transactions_of_one_moment_are_both_found) {
    const HazardPair pair("h12", options());
    first_sync(pair, here());
    Db one = pair.open(here()), two = pair.open(here());
    const std::string moment = quote_literal(one.scalar("select clock_timestamp()"));
    one.exec(fmt::format("begin; insert into job values (11, 'one', {})", moment));
    two.exec(fmt::format("begin; insert into job values (12, 'two', {})", moment));
    one.exec("commit");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id from job order by id", "1\n11");
    two.exec("commit");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id from job order by id", "1\n11\n12");
    expect_in_agreement(pair);
}

// ---- H15 -------------------------------------------------------------------------------------------------

TEST(Hazard, H15_frozen_rows_are_judged_like_any_other) {
    for (const char* capture : {"changelog", "xmin", "timestamp", "digest"}) {
        const HazardPair pair("h15", {.sync = fmt::format("capture = '{}'\n", capture)});
        first_sync(pair, At::desktop, 2);
        pair.open(At::desktop)
            .exec(
                "update job set note = 'desktop', updated_at = now() - case id when 1 then interval '9 s' "
                "else interval '5 s' end");
        pair.open(At::cloud).exec(
            "update job set note = 'cloud', updated_at = now() - case id when 1 then interval '5 s' else "
            "interval '9 s' end");
        for (const At side : {At::desktop, At::cloud}) pair.open(side).exec("vacuum (freeze) job");
        EXPECT_SYNC(pair.sync(), 0);
        EXPECT_ROWS(pair.desktop, "select id, note from job order by id", "1|cloud\n2|desktop");
        EXPECT_EQ(conflicts(pair), "1 update_update kept\n2 update_update kept");
        expect_in_agreement(pair);
    }
}

// ---- H16 -------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H16_a_writer_that_never_ends_holds_up_nobody_else) {
    const HazardPair pair("h16", options());
    first_sync(pair, here());
    Db stuck = pair.open(here()), user = pair.open(here());
    stuck.exec("begin; insert into job values (11, 'stuck')");
    for (int i = 0; i < 3; ++i) {
        user.exec(
            fmt::format("insert into job values ({}, 'flows'); update job set note = 'edit {}', updated_at = "
                        "clock_timestamp() where id = 1",
                        20 + i, i));
        EXPECT_SYNC(pair.sync_from(here()), 0);
        EXPECT_ROWS(pair.on(there()), "select count(*), min(note) from job",
                    fmt::format("{}|edit {}", i + 2, i));
    }
    stuck.exec("rollback");
    expect_in_agreement(pair);
}

}  // namespace
}  // namespace tideway::test
