// Hazards H1 to H16 of correctness.md 4: time, watermarks, transaction numbers.
#include <atomic>

#include "scenario/hazard_pair.hpp"
#include "scenario/xid_counter.hpp"

namespace tideway::test {
namespace {

class HazardCapture : public CaptureTest {};
class HazardExactCapture : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardCapture, testing::ValuesIn(every_capture()), name_of);
INSTANTIATE_TEST_SUITE_P(Each, HazardExactCapture, testing::ValuesIn(exact_captures()), name_of);

// ---- H1 --------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H01_late_committer_is_found_by_the_next_run) {
    const HazardPair pair("h01", options());
    first_sync(pair, here());
    Db early = pair.open(here()), late = pair.open(here());
    early.exec("begin; insert into job values (11, 'late committer')");
    late.exec("insert into job values (12, 'later, but committed first')");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id from job order by id", "1\n12");
    early.exec("commit");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job where id > 1 order by id",
                "11|late committer\n12|later, but committed first");
    expect_in_agreement(pair);
}

TEST(Hazard, H01_doctor_names_the_limit_of_timestamp_capture) {
    const HazardPair pair("h01_doctor", {.sync = "capture = 'timestamp'\n"});
    EXPECT_NE(findings_about(pair, "timestamp"), "");
}

// ---- H2 --------------------------------------------------------------------------------------------------

// The failpoints of an incremental run that finds something to do, with how often each was passed, in order.
std::vector<std::pair<std::string, int>> moments_of_a_run(At from) {
    std::vector<std::pair<std::string, int>> moments = {
        {"M1.snapshot", 1},  {"M1.hints", 1},    {"M2.hints", 1},      {"S1.before", 1},  {"S3.taken", 1},
        {"M1.snapshot", 2},  {"M2.snapshot", 2}, {"M1.hints", 2},      {"M2.hints", 2},   {"M3.before", 1},
        {"M3.cloud", 1},     {"M5a.before", 1},  {"M6a.before", 1},    {"M5b.before", 1}, {"M7.before", 1},
        {"M7.committed", 1}, {"M8.changes", 1},  {"report.written", 1}};
    const std::string written_after = from == At::desktop ? "M5a.before" : "M5b.before";
    const auto at = std::find(moments.begin(), moments.end(), std::pair(written_after, 1));
    moments.insert(at + 1, {"apply.locked", 1});
    return moments;
}

// A user edits one row more at each step of a run; no edit falls between two watermarks.
TEST_P(HazardCapture, H02_an_edit_at_any_moment_of_a_run_reaches_the_other_side) {
    const std::vector<std::pair<std::string, int>> moments = moments_of_a_run(here());
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
    slow.exec("begin; insert into job values (11, 'slow')");
    for (int i = 0; i < 3; ++i) {
        quick.exec(fmt::format("insert into job values ({}, 'quick')", 20 + i));
        EXPECT_SYNC(pair.sync_from(here()), 0);
    }
    slow.exec("insert into job values (12, 'slow'); commit");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select string_agg(id::text, ',' order by id) from job",
                "1,11,12,20,21,22");
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

// ---- H5 --------------------------------------------------------------------------------------------------

// The phone writes its local time (India) without a zone; the cloud takes it for UTC: 5:30 h in the future.
const std::string kPhoneTime = "(now() at time zone 'Asia/Kolkata')::text::timestamptz";

TEST_P(HazardCapture, H05_a_stamp_in_the_future_hides_no_later_row) {
    const HazardPair pair("h05", options());
    first_sync(pair, here());
    Db user = pair.open(here());
    user.exec("set timezone = 'UTC'; insert into job values (11, 'phone', " + kPhoneTime + ")");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    user.exec("insert into job values (12, 'server', clock_timestamp())");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job where id > 1 order by id", "11|phone\n12|server");
    expect_in_agreement(pair);
}

// The phone edits, then the desktop does: the phone's stamp must not win for the next five and a half hours.
void edit_by_phone_then_desktop(const HazardPair& pair) {
    first_sync(pair, At::desktop);
    pair.open(At::cloud).exec("set timezone = 'UTC'; update job set note = 'phone', updated_at = " +
                              kPhoneTime);
    pair.open(At::desktop).exec("update job set note = 'desktop', updated_at = now()");
}

TEST(Hazard, H05_the_changelog_orders_edits_whose_stamp_cannot_be_right) {
    const HazardPair pair("h05_changelog", {.sync = "capture = 'changelog'\n"});
    edit_by_phone_then_desktop(pair);
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, "select note from job", "desktop");
    expect_kept(pair, "phone");
    expect_in_agreement(pair);
}

TEST(Hazard, H05_without_a_changelog_a_person_decides) {
    for (const char* capture : {"xmin", "timestamp", "digest"}) {
        const HazardPair pair("h05_person", {.sync = capture_toml(capture, At::cloud)});
        edit_by_phone_then_desktop(pair);
        EXPECT_SYNC(pair.sync(), 3);
        EXPECT_ROWS(pair.cloud, "select note from job", "phone");
        EXPECT_ROWS(pair.desktop, "select note from job", "desktop");
        EXPECT_EQ(conflicts(pair), "1 conflict open");
        expect_nothing_more_to_write(pair, 3);
    }
}

// ---- H6 --------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H06_extreme_stamps_are_kept_exactly_and_poison_nothing) {
    const HazardPair pair("h06", options());
    first_sync(pair, here());
    Db user = pair.open(here());
    user.exec(
        "insert into job values (11, 'a', 'infinity'), (12, 'a', '9999-12-31'), (13, 'a', '-infinity'), (14, "
        "'a', null)");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()),
                "set timezone = 'UTC'; select id, updated_at from job where id > 1 order by id",
                "11|infinity\n12|9999-12-31 00:00:00+00\n13|-infinity\n14|(null)");
    user.exec(
        "insert into job values (15, 'ordinary', now()); update job set note = 'b', updated_at = now() where "
        "id = 1");
    user.exec("update job set note = 'b' where id in (11, 12, 14)");
    user.exec("update job set note = 'b', updated_at = now() where id = 13");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()), "select string_agg(id || note, ' ' order by id) from job",
                "1b 11b 12b 13b 14b 15ordinary");
    pair.open(there()).exec("update job set note = 'back', updated_at = now() where id > 10");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(here()), "select count(*) from job where note = 'back'", "5");
    expect_in_agreement(pair);
}

TEST(Hazard, H06_an_infinite_stamp_does_not_win_a_conflict) {
    const HazardPair pair("h06_conflict", {.sync = "capture = 'changelog'\n"});
    first_sync(pair, At::desktop);
    pair.open(At::cloud).exec("update job set note = 'endless', updated_at = 'infinity'");
    pair.open(At::desktop).exec("update job set note = 'later', updated_at = now()");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, "select note from job", "later");
    expect_kept(pair, "endless");
    expect_in_agreement(pair);
}

// ---- H7 --------------------------------------------------------------------------------------------------

// A login role that sees no other session's transactions; gone with the object.
class PlainRole {
  public:
    PlainRole(PgServer& server, std::string name) : server_(server), name_(std::move(name)) {
        Db(server_.url("postgres")).exec(fmt::format("create role {} login", name_));
    }
    ~PlainRole() {
        if (server_.running()) Db(server_.url("postgres")).try_exec(fmt::format("drop role {}", name_));
    }
    PlainRole(const PlainRole&) = delete;
    PlainRole& operator=(const PlainRole&) = delete;
    const std::string& name() const { return name_; }

  private:
    PgServer& server_;
    std::string name_;
};

TEST(Hazard, H07_hidden_statistics_do_not_move_the_timestamp_mark_to_now) {
    for (const At here : {At::desktop, At::cloud}) {
        const PlainRole role(here == At::desktop ? shared_desktop() : shared_cloud(),
                             "hazard_h07_" + word(here));
        PairOptions options{.sync = capture_toml("timestamp", here)};
        (here == At::desktop ? options.desktop_user : options.cloud_user) = role.name();
        const HazardPair pair("h07", options);
        Db other = pair.open(here), user = pair.open(here);
        user.exec(fmt::format("grant create on database {} to {}; grant all on job to {}",
                              quote_identifier(pair.on(here).name()), role.name(), role.name()));
        first_sync(pair, here);
        other.exec("begin; insert into job values (11, 'hidden', now() - interval '10 minutes')");
        user.exec("insert into job values (12, 'seen')");
        EXPECT_SYNC(pair.sync_from(here), 0);
        other.exec("commit");
        EXPECT_SYNC(pair.sync_from(here), 0);
        EXPECT_ROWS(pair.on(across(here)), "select string_agg(id::text, ',' order by id) from job",
                    "1,11,12");
        expect_in_agreement(pair);
    }
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

// ---- H9 --------------------------------------------------------------------------------------------------

std::string capture_used(const TidewayResult& result, At side) {
    return result.json["tables"][0]["capture"][word(side)].get<std::string>();
}

// One server for all: its counter only ever moves on.
PgServer& worn_server() {
    static PgServer server;
    return server;
}

class HazardXid : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardXid, testing::ValuesIn(exact_captures()), name_of);

PairOptions on_worn_server(PairOptions options, At here) {
    (here == At::desktop ? options.desktop_server : options.cloud_server) = &worn_server();
    return options;
}

TEST_P(HazardXid, H09_rows_written_after_the_transaction_counter_wrapped_are_found) {
    const HazardPair pair("h09", on_worn_server(options(), here()));
    first_sync(pair, here(), 20);
    XidCounter counter(worn_server());
    counter.advance_to_end_of_epoch();
    pair.open(here()).exec("insert into job values (31, 'before the wrap')");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    pair.open(here()).exec("insert into job values (32, 'just before the wrap')");
    counter.wrap();
    pair.open(here()).exec(
        "insert into job values (33, 'after the wrap'); update job set note = 'new', updated_at = now() "
        "where id = 5; delete from job where id = 6");
    const TidewayResult wrapped = pair.sync_from(here());
    EXPECT_EQ(wrapped.exit_code, 0) << text_of(wrapped);
    EXPECT_EQ(capture_used(wrapped, here()), capture());
    EXPECT_ROWS(pair.on(there()),
                "select string_agg(id || note, ',' order by id) from job where id in (5, 6) or id > 30",
                "5new,31before the wrap,32just before the wrap,33after the wrap");
    expect_in_agreement(pair);
}

TEST_P(HazardXid, H09_a_gap_of_more_than_half_the_counter_is_no_silence) {
    const HazardPair pair("h09_gap", on_worn_server(options(), here()));
    first_sync(pair, here(), 20);
    XidCounter counter(worn_server());
    pair.open(here()).exec("insert into job values (31, 'at the start of the gap')");
    counter.advance_by(1'500'000'000);
    counter.advance_by(1'500'000'000);
    pair.open(here()).exec("insert into job values (32, 'at its end'); delete from job where id = 7");
    const TidewayResult after = pair.sync_from(here());
    EXPECT_EQ(after.exit_code, 0) << text_of(after);
    EXPECT_EQ(capture_used(after, here()), capture() == "xmin" ? "digest" : capture());
    EXPECT_ROWS(pair.on(there()),
                "select count(*), string_agg(note, ',' order by id) filter (where id > 30) from job",
                "21|at the start of the gap,at its end");
    expect_in_agreement(pair);
}

// The counter went back, as after a dump and load into another cluster under the same state: nothing can be
// concluded from a mark, so everything is compared.
TEST_P(HazardXid, H09_a_counter_that_went_back_is_no_silence) {
    PgServer server;
    PairOptions settings = options();
    (here() == At::desktop ? settings.desktop_server : settings.cloud_server) = &server;
    const HazardPair pair("h09_back", settings);
    first_sync(pair, here(), 20);
    XidCounter counter(server);
    counter.advance_by(1'000'000);
    EXPECT_SYNC(pair.sync(), 0);
    pair.open(here()).exec("insert into job values (30, 'moves the mark')");
    EXPECT_SYNC(pair.sync(), 0);
    counter.go_back_by(900'000);
    pair.open(here()).exec("insert into job values (31, 'with an old number'); delete from job where id = 7");
    const TidewayResult after = pair.sync_from(here());
    EXPECT_EQ(after.exit_code, 0) << text_of(after);
    EXPECT_EQ(capture_used(after, here()), "digest");
    EXPECT_ROWS(pair.on(there()), "select count(*) from job where id = 31 or id = 7", "1");
    expect_in_agreement(pair);
}

// ---- H10 -------------------------------------------------------------------------------------------------

PgServer& server_with_prepared_transactions(At side) {
    static PgServer desktop({.settings = {{"max_prepared_transactions", "4"}}});
    static PgServer cloud({.settings = {{"max_prepared_transactions", "4"}}});
    return side == At::desktop ? desktop : cloud;
}

TEST_P(HazardCapture, H10_a_prepared_transaction_is_found_when_it_commits) {
    const HazardPair pair("h10", on_servers(server_with_prepared_transactions(At::desktop),
                                            server_with_prepared_transactions(At::cloud)));
    first_sync(pair, here());
    Db user = pair.open(here());
    user.exec("begin; insert into job values (11, 'prepared'); prepare transaction 'h10'");
    user.exec("insert into job values (12, 'plain')");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id from job order by id", "1\n12");
    user.exec("commit prepared 'h10'");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id from job order by id", "1\n11\n12");
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

// ---- H13 -------------------------------------------------------------------------------------------------

PgServer& server_with_clock(const std::string& offset) {
    static std::map<std::string, std::unique_ptr<PgServer>> servers;
    auto& server = servers[offset];
    if (!server) server = std::make_unique<PgServer>(PgServerOptions{.clock = offset});
    return *server;
}

class HazardSkew : public testing::TestWithParam<std::string> {};
std::string skew_name(const testing::TestParamInfo<std::string>& skew) {
    return skew.param[0] == '+' ? "ahead" : "behind";
}
INSTANTIATE_TEST_SUITE_P(Cloud, HazardSkew, testing::Values("+90s", "-90s"), skew_name);

TEST_P(HazardSkew, H13_the_offset_of_the_servers_clocks_is_reported) {
    const HazardPair pair("h13_report", {.cloud_server = &server_with_clock(GetParam())});
    const TidewayResult first = pair.sync();
    ASSERT_EQ(first.exit_code, 0) << text_of(first);
    EXPECT_NEAR(first.json["clock_offset_ms"].get<double>(), GetParam()[0] == '+' ? 90'000 : -90'000, 2'000);
}

TEST_P(HazardSkew, H13_latest_compares_corrected_clocks) {
    const HazardPair pair("h13_latest", {.cloud_server = &server_with_clock(GetParam())});
    first_sync(pair, At::desktop, 2);
    pair.open(At::desktop)
        .exec(
            "update job set note = 'desktop', updated_at = now() - case id when 1 then interval '30 s' else "
            "interval '10 s' end");
    pair.open(At::cloud).exec(
        "update job set note = 'cloud', updated_at = now() - case id when 1 then interval '10 s' else "
        "interval '30 s' end");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.desktop, "select id, note from job order by id", "1|cloud\n2|desktop");
    EXPECT_ROWS(pair.cloud, "select id, note from job order by id", "1|cloud\n2|desktop");
    EXPECT_EQ(conflicts(pair), "1 update_update kept\n2 update_update kept");
    expect_in_agreement(pair);
}

TEST_P(HazardSkew, H13_capture_does_not_care_for_the_servers_clock) {
    for (const char* capture : {"changelog", "xmin", "timestamp", "digest"})
        for (const At here : {At::desktop, At::cloud}) {
            PairOptions options{.sync = capture_toml(capture, here)};
            (here == At::desktop ? options.desktop_server : options.cloud_server) =
                &server_with_clock(GetParam());
            const HazardPair pair("h13_capture", options);
            first_sync(pair, here);
            Db open = pair.open(here);
            open.exec("begin; insert into job values (11, 'late')");
            EXPECT_SYNC(pair.sync_from(here), 0);
            open.exec("commit; insert into job values (12, 'after')");
            EXPECT_SYNC(pair.sync_from(here), 0);
            EXPECT_ROWS(pair.on(across(here)), "select string_agg(id::text, ',' order by id) from job",
                        "1,11,12")
                << capture << " at " << word(here);
            expect_in_agreement(pair);
        }
}

// The machine that runs tideway may have any clock, and it may jump while a run is at work.
class RunnersClock {
  public:
    explicit RunnersClock(const std::string& offset) { set(offset); }
    void set(const std::string& offset) const { write_file(dir_ / "offset", offset, 0644); }
    Environment env() const {
        return {{"LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"},
                {"FAKETIME_TIMESTAMP_FILE", dir_ / "offset"},
                {"FAKETIME_NO_CACHE", "1"},
                {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
                {"FAKETIME_DISABLE_SHM", "1"}};
    }

  private:
    TempDir dir_;
};

TEST_P(HazardCapture, H13_the_runners_clock_is_no_matter) {
    const HazardPair pair("h13_runner", options());
    const RunnersClock clock("+3600s");
    first_sync(pair, here());
    Db user = pair.open(here());
    user.exec("insert into job values (11, 'while the runner is ahead')");
    EXPECT_SYNC(pair.sync({}, clock.env()), 0);
    user.exec("insert into job values (12, 'before the jump')");
    const PauseAt pause("M2.hints", 2);
    Environment env = clock.env();
    env.merge(pause.env());
    const auto run = start_tideway(pair.config, {"sync", "--json"}, env);
    pause.wait_until_reached();
    clock.set("-3600s");
    user.exec("insert into job values (13, 'after the jump')");
    pause.release();
    ASSERT_EQ(run->wait(std::chrono::seconds(60)), 0) << run->err();
    user.exec("insert into job values (14, 'while the runner is behind')");
    EXPECT_SYNC(pair.sync({}, clock.env()), 0);
    EXPECT_ROWS(pair.on(there()), "select string_agg(id::text, ',' order by id) from job", "1,11,12,13,14");
    expect_in_agreement(pair);
}

TEST(Hazard, H13_a_servers_clock_that_steps_back_hides_nothing) {
    for (const At here : {At::desktop, At::cloud}) {
        PgServer server({.clock = "+2h"});
        PairOptions options{.sync = capture_toml("timestamp", here)};
        (here == At::desktop ? options.desktop_server : options.cloud_server) = &server;
        const HazardPair pair("h13_step", options);
        first_sync(pair, here);
        pair.open(here).exec("insert into job values (11, 'ahead')");
        EXPECT_SYNC(pair.sync_from(here), 0);
        server.set_clock("");
        server.restart();
        pair.open(here).exec("insert into job values (12, 'after the step')");
        EXPECT_SYNC(pair.sync_from(here), 0);
        EXPECT_ROWS(pair.on(across(here)), "select string_agg(id::text, ',' order by id) from job",
                    "1,11,12");
        expect_in_agreement(pair);
    }
}

// ---- H14 -------------------------------------------------------------------------------------------------

const std::string kZonelessJob = "create table job (id int primary key, note text, updated_at timestamp)";

// `zone`: of the desktop's wall clock. Row 1 was edited later in the cloud, row 2 later on the desktop.
void compare_wall_clock_with_instant(const std::string& zone) {
    const HazardPair pair(
        "h14",
        {.tables = fmt::format(
             "[[table]]\nname = 'job'\ntimestamps = {{ updated = 'updated_at', desktop_zone = '{}' }}\n",
             zone),
         .schema = kZonelessJob,
         .cloud_schema = kJob});
    Db desktop = pair.open(At::desktop), cloud = pair.open(At::cloud);
    desktop.exec(
        fmt::format("set timezone = '{}'; insert into job select i, 'first', localtimestamp - interval '1 "
                    "day' from generate_series(1, 2) i",
                    zone));
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(cloud,
                "select count(*) from job where updated_at between now() - interval '25 hours' and now() - "
                "interval '23 hours'",
                "2");
    desktop.exec(
        "update job set note = 'desktop', updated_at = localtimestamp - case id when 1 then interval '2 h' "
        "else interval '1 h' end");
    cloud.exec(
        "update job set note = 'cloud', updated_at = now() - case id when 1 then interval '1 h' else "
        "interval '2 h' end");
    EXPECT_SYNC(pair.sync(), 0);
    for (Db* side : {&desktop, &cloud})
        EXPECT_ROWS(*side, "select id, note from job order by id", "1|cloud\n2|desktop");
    EXPECT_EQ(conflicts(pair), "1 update_update kept\n2 update_update kept");
    expect_in_agreement(
        pair, fmt::format("set timezone = '{}'; select id, note, updated_at::timestamp from job order by id",
                          zone));
}

TEST(Hazard, H14_a_wall_clock_east_of_utc_is_compared_as_an_instant) {
    compare_wall_clock_with_instant("Asia/Kolkata");
}
TEST(Hazard, H14_a_wall_clock_west_of_utc_is_compared_as_an_instant) {
    compare_wall_clock_with_instant("America/New_York");
}

// Moments that the wall clock of Europe/London skips (gap) or passes twice (overlap).
const char* const kLondonToml =
    "[[table]]\nname = 'visit'\nkey = ['id']\ntimestamps = { desktop_zone = 'Europe/London' }\n";
const PairOptions kLondon{
    .tables = kLondonToml,
    .schema = "create table visit (id int primary key, note text, due timestamp)",
    .cloud_schema = "create table visit (id int primary key, note text, due timestamptz)"};

TEST(Hazard, H14_wall_clock_values_around_a_clock_change_come_back_unaltered) {
    const HazardPair pair("h14_dst_d", kLondon);
    Db desktop = pair.open(At::desktop), cloud = pair.open(At::cloud);
    desktop.exec(
        "insert into visit values (1, 'gap', '2024-03-31 01:30'), (2, 'overlap', '2024-10-27 01:30'), "
        "(3, 'winter', '2024-01-15 09:00'), (4, 'summer', '2024-07-15 09:00')");
    const std::string values = dump(desktop, "select id, due from visit order by id");
    EXPECT_SYNC(pair.sync(), 0);
    expect_nothing_more_to_write(pair);
    cloud.exec("update visit set note = note || ' seen'");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(desktop, "select id, due from visit order by id", values);
    EXPECT_ROWS(desktop, "select count(*) from visit where note like '% seen'", "4");
    expect_nothing_more_to_write(pair);
}

TEST(Hazard, H14_instants_around_a_clock_change_come_back_unaltered) {
    const HazardPair pair("h14_dst_c", kLondon);
    Db desktop = pair.open(At::desktop), cloud = pair.open(At::cloud);
    cloud.exec(
        "insert into visit values (1, 'first 01:30', '2024-10-27 00:30+00'), (2, 'second 01:30', '2024-10-27 "
        "01:30+00'), "
        "(3, 'after the gap', '2024-03-31 01:30+00'), (4, 'summer', '2024-07-15 08:00+00')");
    const std::string values = dump(cloud, "set timezone = 'UTC'; select id, due from visit order by id");
    EXPECT_SYNC(pair.sync(), 0);
    expect_nothing_more_to_write(pair);
    desktop.exec("update visit set note = note || ' seen'");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(cloud, "set timezone = 'UTC'; select id, due from visit order by id", values);
    EXPECT_ROWS(cloud, "select count(*) from visit where note like '% seen'", "4");
    expect_nothing_more_to_write(pair);
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
