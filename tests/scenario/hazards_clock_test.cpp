// Hazards H5 to H7 and H13 of correctness.md 4: clocks that are wrong, hidden, far apart, or jump.
#include "scenario/hazard_pair.hpp"

namespace tideway::test {
namespace {

class HazardCapture : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardCapture, testing::ValuesIn(every_capture()), name_of);

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

// The phone edits, then the desktop does: the phone's stamp must not win for the next five and a half hours. A second lies
// between them, since the difference of the two servers' clocks is known as well as a loaded machine answers.
void edit_by_phone_then_desktop(const HazardPair& pair) {
    first_sync(pair, At::desktop);
    pair.open(At::cloud).exec("set timezone = 'UTC'; update job set note = 'phone', updated_at = " +
                              kPhoneTime);
    pair.open(At::desktop).exec("select pg_sleep(1); update job set note = 'desktop', updated_at = clock_timestamp()");
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
    const PauseAt pause("M2.hints", looks_first() ? 2 : 1);
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

}  // namespace
}  // namespace tideway::test
