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

// Waves of updates: the second is written while the first has not been committed.
class WavesAhead : public Waves {
  public:
    void SetUp() override {
        Waves::SetUp();
        pair.desktop.exec(many_notes);
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.configure(guard + note_config);
        pair.desktop.exec("update note set body = 'edited ' || id where id >= 100");
    }
    static constexpr const char* all_notes = "select count(*), md5(string_agg(id || body || n, ',' order by id)) from note";
    const std::string guard = "[guard]\nmax_updates = '100%'\n";
    // Begun, and waiting for their turn or for the pause.
    const std::string writing =
        "select count(*) from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.relation = 'note'::regclass and "
        "l.mode = 'RowExclusiveLock' and a.state = 'idle in transaction' and a.application_name = 'tideway'";
    void expect_all_edited() {
        pair.expect_equal(all_notes);
        EXPECT_EQ(pair.cloud.number("select count(*) from note where id >= 100 and body <> 'edited ' || id"), 0);
        expect_quiet(pair);
    }
};

TEST_F(WavesAhead, ARunKilledWhileTwoWavesAreWrittenIsCompletedByTheNextOne) {
    const PauseAt commit("M5a.before_commit");
    const auto run = pair.start(commit.env());
    commit.wait_until_reached();
    wait_until(writing, "2");
    run->signal(SIGKILL);
    run->wait(std::chrono::seconds(10));
    EXPECT_EQ(pair.cloud.number("select count(*) from note where body like 'edited%'"), 0);
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_all_edited();
}

TEST_F(WavesAhead, AConnectionThatBreaksBeforeItsTurnCostsNothing) {
    const PauseAt commit("M5a.before_commit");
    const auto run = pair.start(commit.env());
    commit.wait_until_reached();
    wait_until(writing, "2");
    // The one that began later.
    pair.cloud.exec("select pg_terminate_backend(pid) from (select a.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid "
                    "where l.relation = 'note'::regclass and l.mode = 'RowExclusiveLock' order by a.xact_start desc limit 1) x");
    commit.release();
    EXPECT_EXIT_CODE(0, finish(*run));
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_all_edited();
}

// What a user writes into a row that is being written comes after it, and is a user's edit like any other.
TEST_F(WavesAhead, AUsersEditOfARowThatIsWrittenAheadIsNotLost) {
    const PauseAt commit("M5a.before_commit");
    const auto run = pair.start(commit.env());
    commit.wait_until_reached();
    wait_until(writing, "2");
    Db phone(pair.cloud_url);
    phone.send("update note set n = 77 where id between 2600 and 2609");
    wait_until_blocked(pair.cloud, phone.backend_pid());
    commit.release();
    phone.wait();
    EXPECT_EXIT_CODE(0, finish(*run));
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.desktop.number("select count(*) from note where n = 77"), 10);
    expect_all_edited();
}

TEST_F(WavesAhead, ARowThatAUserHoldsKeepsOnlyItselfFromBeingWritten) {
    Db phone(pair.cloud_url);
    phone.exec("begin");
    phone.exec("update note set n = 77 where id = 2600");
    const TidewayResult run = pair.sync();
    EXPECT_EQ(pair.cloud.number("select count(*) from note where id >= 100 and body not like 'edited%'"), 1) << told(run);
    phone.exec("commit");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(all_notes);
    expect_quiet(pair);
}

TEST_F(WavesAhead, ARunThatIsOvertakenWhileAWaveWaitsForItsTurnWritesNoMore) {
    const PauseAt booking("M6a.before");
    const auto run = pair.start(booking.env());
    booking.wait_until_reached();
    pair.cloud.exec("update tideway.lease set seq = seq + 1");
    const long long written = pair.cloud.number("select count(*) from note where body like 'edited%'");
    booking.release();
    EXPECT_NE(finish(*run).exit_code, 0);
    EXPECT_EQ(pair.cloud.number("select count(*) from note where body like 'edited%'"), written);
}

// A row of the second wave is refused by the cloud: it waits alone.
TEST_F(WavesAhead, ARowThatIsRefusedAheadWaitsAlone) {
    pair.cloud.exec("alter table note add check (id <> 2600 or body not like 'edited%')");
    const TidewayResult run = pair.sync();
    EXPECT_EQ(pair.cloud.number("select count(*) from note where id >= 100 and body not like 'edited%'"), 1) << told(run);
    EXPECT_EQ(reported(run, "parked"), 1);
}

// The server checks it at the end: each wave is written once more, while the one behind it has been begun.
TEST_F(WavesAhead, RowsThatAreRefusedAtTheEndOfTheirWavesWaitAlone) {
    pair.cloud.exec(
        "create table place (id int primary key); insert into place values (0); "
        "alter table note add foreign key (n) references place deferrable initially deferred");
    pair.desktop.exec("update note set n = case when id % 600 = 0 then 7 else n end where id >= 100");
    const TidewayResult run = pair.sync();
    EXPECT_EQ(pair.cloud.number("select count(*) from note where id >= 100 and body not like 'edited%'"), 20) << told(run);
    EXPECT_EQ(reported(run, "parked"), 20);
    EXPECT_EXIT_CODE(3, run);
}

TEST_F(WavesAhead, WhereATriggerMayDoMoreEveryWaveIsWrittenInItsTurn) {
    pair.cloud.exec(
        "create table total (n bigint); insert into total values (0); "
        "create function count_up() returns trigger language plpgsql as $$ begin update public.total set n = n + 1; return new; end $$; "
        "create trigger count_up after update on note for each row execute function count_up()");
    pair.configure(guard + "[[table]]\nname = 'note'\nside_effects = ['total']\n");
    const TidewayResult run = pair.sync();
    EXPECT_EXIT_CODE(0, run);
    EXPECT_EQ(pair.cloud.number("select n from total"), 12'000);
    expect_all_edited();
}

}  // namespace
}  // namespace tideway::test
