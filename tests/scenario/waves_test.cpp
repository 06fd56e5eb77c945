// A large run writes its next wave while the desktop still books the last one.
#include <signal.h>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* many_notes = "insert into note select i, 'note ' || i from generate_series(100, 12099) i";

class Waves : public testing::Test {
  public:
    void SetUp() override { twenty_notes(pair); }
    // Waits for what a run does by itself while another part of it is held.
    void wait_until(const std::string& sql, const std::string& answer) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (pair.cloud.scalar(sql) != answer) {
            if (std::chrono::steady_clock::now() > end) throw std::runtime_error("never became " + answer + ": " + sql);
            std::this_thread::sleep_for(Millis(20));
        }
    }
    void expect_everything_there() {
        pair.expect_equal(notes);
        EXPECT_EQ(pair.cloud.number("select count(*) from note"), 12'020);
        expect_quiet(pair);
    }
    LivePair pair{"waves"};
};

TEST_F(Waves, ARunKilledWithTwoWavesUnbookedIsCompletedByTheNextOne) {
    pair.desktop.exec(many_notes);
    const PauseAt booking("M6a.before_commit");
    const auto run = pair.start(booking.env());
    booking.wait_until_reached();
    wait_until("select count(distinct batch_seq) from tideway.inbox", "2");
    EXPECT_EQ(pair.cloud.number("select count(*) from note"), 20 + 5'000) << "a third wave does not begin before the first is booked";
    run->signal(SIGKILL);
    run->wait(std::chrono::seconds(10));
    const TidewayResult next = pair.sync();
    EXPECT_EXIT_CODE(0, next);
    EXPECT_EQ(next.json["receipts_booked"], 5'000);
    expect_everything_there();
}

// The run tries once more by itself.
TEST_F(Waves, ABookingWhoseConnectionBreaksIsMadeGood) {
    pair.desktop.exec(many_notes);
    const PauseAt booking("M6a.before_commit");
    const auto run = pair.start(booking.env());
    booking.wait_until_reached();
    pair.desktop.exec("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and "
                      "application_name = 'tideway'");
    booking.release();
    const TidewayResult done = finish(*run);
    EXPECT_EXIT_CODE(0, done);
    EXPECT_GE(done.json["receipts_booked"].get<int>(), 2'500);
    expect_everything_there();
}

TEST_F(Waves, ARunWhoseLastBookingFailsDoesNotSayThatItIsInSync) {
    pair.desktop.exec(many_notes);
    const TidewayResult failed = pair.sync({}, {{"TIDEWAY_FAILPOINTS", "M6a.before_commit=throw@5"}});
    EXPECT_NE(failed.exit_code, 0) << told(failed);
    EXPECT_EQ(pair.cloud.number("select count(*) from note"), 12'020);
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_everything_there();
}

// The connection that books also evaluates expressions and writes what comes from the cloud: waves of both kinds in one run.
TEST_F(Waves, WhatComesFromTheCloudIsWrittenBetweenTheBookings) {
    pair.desktop.exec(many_notes);
    pair.cloud.exec("insert into note select i, 'phone ' || i from generate_series(20100, 32099, 2) i");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    EXPECT_EQ(pair.desktop.number("select count(*) from note"), 18'020);
    expect_quiet(pair);
}

// The first wave makes the backup anew, which must not take the place of what another one has put there.
TEST_F(Waves, EveryWaveIsBackedUpWhereTheTableHasGotAnotherForm) {
    pair.configure(std::string("[guard]\nbackup = 'table'\nmax_updates = '100%'\n") + note_config);
    pair.desktop.exec(many_notes);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update note set body = 'edited' where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.scalar("select body from tideway.backup_1_1"), "note 1");
    pair.cloud.exec("alter table note add column colour text");
    pair.desktop.exec("update note set body = 'edited ' || id where id >= 100");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from tideway.backup_1_1 where body = 'note ' || id"), 12'000);
    pair.expect_equal(notes);
}

}  // namespace
}  // namespace tideway::test
