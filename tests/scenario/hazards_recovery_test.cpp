// Hazards of correctness.md 4 about crashed servers and reads that are not what they seem: H44, H47.
#include <csignal>
#include <thread>

#include "scenario/hazard_pair.hpp"

namespace tideway::test {
namespace {

class HazardSide : public testing::TestWithParam<At> {};
std::string side_name(const testing::TestParamInfo<At>& side) { return word(side.param); }
INSTANTIATE_TEST_SUITE_P(Each, HazardSide, testing::Values(At::desktop, At::cloud), side_name);

// ---- H44 -------------------------------------------------------------------------------------------------

// Commits are reported before they are durable.
PgServerOptions forgetful() {
    return {.settings = {{"synchronous_commit", "off"}, {"wal_writer_delay", "10s"}, {"autovacuum", "off"}},
            .fsync = true};
}

// From now on nothing but a session that insists on it makes a commit durable.
void stop_wal_writer(PgServer& server) {
    Db db(server.url("postgres"));
    const auto pid = db.number("select pid from pg_stat_activity where backend_type = 'walwriter'");
    ASSERT_EQ(kill(static_cast<pid_t>(pid), SIGSTOP), 0);
}

// Shows that a commit of such a server is lost in a crash unless something made it durable.
void crash(PgServer& server, const Database& database) {
    Db(database).exec("insert into job values (99, 'lost in the crash')");
    server.kill9();
    server.start();
    EXPECT_ROWS(database, "select count(*) from job where id = 99", "0")
        << "this server forgets nothing: the test proves nothing";
}

TEST_P(HazardSide, H44_a_row_that_was_copied_survives_a_crash_of_the_side_it_came_from) {
    const At here = GetParam(), there = across(here);
    PgServer server(forgetful());
    PairOptions options;
    (here == At::desktop ? options.desktop_server : options.cloud_server) = &server;
    const HazardPair pair("h44", options);
    first_sync(pair, there, 5);
    stop_wal_writer(server);
    pair.open(here).exec(
        "insert into job values (11, 'copied'); update job set note = 'copied', updated_at = now() where id "
        "= 1");

    // Right after the copy was committed, before anything is booked on this side.
    const PauseAt pause(here == At::desktop ? "M5a.committed" : "M5b.committed");
    const auto run = start_tideway(pair.config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached();
    EXPECT_ROWS(pair.on(there), "select id, note from job where note = 'copied' order by id",
                "1|copied\n11|copied");
    run->signal(SIGKILL);
    run->wait(std::chrono::seconds(10));
    crash(server, pair.on(here));

    EXPECT_ROWS(pair.on(here), "select id, note from job where note = 'copied' order by id",
                "1|copied\n11|copied");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_EQ(conflicts(pair), "");
    expect_in_agreement(pair);
}

// What tideway itself wrote there is durable as well: the other side counts on it.
TEST_P(HazardSide, H44_a_row_that_tideway_wrote_survives_a_crash_of_the_side_it_went_to) {
    const At here = GetParam(), there = across(here);
    PgServer server(forgetful());
    PairOptions options;
    (here == At::desktop ? options.desktop_server : options.cloud_server) = &server;
    const HazardPair pair("h44_target", options);
    first_sync(pair, there, 5);
    stop_wal_writer(server);
    pair.open(there).exec("insert into job values (11, 'written'); delete from job where id = 2");
    EXPECT_SYNC(pair.sync(), 0);
    crash(server, pair.on(here));
    EXPECT_ROWS(pair.on(here), "select string_agg(id::text, ',' order by id) from job", "1,3,4,5,11");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_EQ(conflicts(pair), "");
    expect_in_agreement(pair);
}

// ---- H47 -------------------------------------------------------------------------------------------------

class HazardCapture : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardCapture, testing::ValuesIn(every_capture()), name_of);

// A role that may work on the table but neither owns it nor sees past its policies.
class LimitedPair {
  public:
    explicit LimitedPair(const PairOptions& base, At side)
        : role_("hazard_h47_" + word(side)),
          admin_((side == At::desktop ? shared_desktop() : shared_cloud()).url("postgres")) {
        admin_.try_exec("create role " + role_ + " login nobypassrls");
        admin_.exec("alter role " + role_ + " nobypassrls");
        PairOptions options = base;
        (side == At::desktop ? options.desktop_user : options.cloud_user) = role_;
        pair_ = std::make_unique<HazardPair>("h47", options);
        pair_->open(side).exec(fmt::format("grant create on database {} to {}; grant all on job to {}",
                                           quote_identifier(pair_->on(side).name()), role_, role_));
    }
    const HazardPair& pair() const { return *pair_; }
    Db& admin() { return admin_; }
    const std::string& role() const { return role_; }

  private:
    std::string role_;
    Db admin_;
    std::unique_ptr<HazardPair> pair_;
};

const std::string kPolicy =
    "alter table job enable row level security; create policy tenth on job for all to public using (id % 10 "
    "= 0) with check (true)";

// Where the run holds no lock on the table the statement is through at once.
void wait_until_blocked_or_done(Db& session, Db& observer) {
    const std::string waits = fmt::format("select cardinality(pg_blocking_pids({}))", session.backend_pid());
    while (session.busy() && observer.number(waits) == 0) std::this_thread::sleep_for(Millis(5));
}

TEST_P(HazardCapture, H47_rows_hidden_by_a_policy_are_not_deleted_rows) {
    LimitedPair limited(options(), here());
    const HazardPair& pair = limited.pair();
    first_sync(pair, there(), 50);
    const std::string before = dump(pair.on(there()), kJobs);
    pair.open(here()).exec(kPolicy);
    for (const char* mode : {"incremental", "full"}) {
        const TidewayResult refused = pair.sync({"--mode", mode});
        EXPECT_EQ(refused.exit_code, 2) << text_of(refused);
        EXPECT_EQ(refused.json["status"], "failed");
        EXPECT_ROWS(pair.on(there()), kJobs, before);
    }
    limited.admin().exec("alter role " + limited.role() + " bypassrls");
    pair.open(there()).exec("insert into job values (60, 'after')");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(here()), "select count(*) from job", "51");
    expect_in_agreement(pair);
}

// The policy comes while a run is at work: no read and no write goes through it, and its author need not wait
// long.
TEST_P(HazardSide, H47_a_policy_that_appears_during_a_run_stops_it) {
    const At here = GetParam(), there = across(here);
    for (const char* moment : {"S3.taken", "M1.snapshot", "M2.hints", "M5a.before"}) {
        LimitedPair limited({}, here);
        const HazardPair& pair = limited.pair();
        first_sync(pair, there, 50);
        const std::string old_rows = "select * from job where id <= 50 order by id";
        const std::string before = dump(pair.on(there), old_rows);
        pair.open(there).exec("insert into job values (60, 'new'), (61, 'new')");
        pair.open(here).exec("insert into job values (70, 'new'), (71, 'new')");
        const PauseAt pause(moment);
        const auto run = start_tideway(pair.config, {"sync", "--json", "--mode", "full"}, pause.env());
        pause.wait_until_reached();
        Db owner = pair.open(here);
        owner.send(kPolicy);
        wait_until_blocked_or_done(owner, limited.admin());
        pause.release();
        EXPECT_NO_THROW(owner.wait(std::chrono::seconds(15)))
            << "a user's ALTER TABLE waits too long at " << moment;
        const auto code = run->wait(std::chrono::seconds(60));
        EXPECT_TRUE(code && *code != 4)
            << moment << ": " << run->out();  // 4: hidden rows were taken for deleted ones
        EXPECT_ROWS(pair.on(there), old_rows, before) << moment;
        EXPECT_EQ(pair.sync({"--mode", "full"}).exit_code, 2) << moment;
        EXPECT_ROWS(pair.on(there), old_rows, before) << moment;
        limited.admin().exec("alter role " + limited.role() + " bypassrls");
        EXPECT_SYNC(pair.sync(), 0);
        EXPECT_ROWS(pair.on(here), "select count(*) from job", "54");
        expect_in_agreement(pair);
    }
}

}  // namespace
}  // namespace tideway::test
