// A large run writes its next wave while the desktop still books the last one.
#include <signal.h>

#include "scenario/live_pair.hpp"
#include "support/pgbouncer.hpp"

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

// Several waves of updates: the next one is sent while the one before is written.
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
    // Transactions of ours that hold rows to be written: the one at its pause, and those that wait for their turn.
    static constexpr const char* with_rows =
        "from pg_stat_activity a where a.state = 'idle in transaction' and a.datname = current_database() and exists (select from "
        "pg_locks l where l.pid = a.pid and l.locktype = 'relation' and l.mode = 'AccessExclusiveLock')";
    const std::string sent = std::string("select count(*) ") + with_rows;
    void expect_all_edited() {
        pair.expect_equal(all_notes);
        EXPECT_EQ(pair.cloud.number("select count(*) from note where id >= 100 and body <> 'edited ' || id"), 0);
        expect_quiet(pair);
    }
};

TEST_F(WavesAhead, ARunKilledWhileAWaveWaitsForItsTurnIsCompletedByTheNextOne) {
    const PauseAt commit("M5a.before_commit");
    const auto run = pair.start(commit.env());
    commit.wait_until_reached();
    wait_until(sent, "2");
    run->signal(SIGKILL);
    run->wait(std::chrono::seconds(10));
    EXPECT_EQ(pair.cloud.number("select count(*) from note where body like 'edited%'"), 0);
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_all_edited();
}

TEST_F(WavesAhead, ARunKilledRightAfterTheCommitOfAWaveThatWasSentIsCompletedByTheNextOne) {
    const PauseAt committed("M5a.committed", 2);
    const auto run = pair.start(committed.env());
    committed.wait_until_reached();
    run->signal(SIGKILL);
    run->wait(std::chrono::seconds(10));
    EXPECT_EQ(pair.cloud.number("select count(*) from note where body like 'edited%'"), 5'000);
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from tideway.journal where before ->> 'body' like 'note%'"), 12'000)
        << "each row was replaced once";
    expect_all_edited();
}

TEST_F(WavesAhead, AConnectionThatBreaksBeforeItsTurnCostsNothing) {
    const PauseAt commit("M5a.before_commit");
    const auto run = pair.start(commit.env());
    commit.wait_until_reached();
    wait_until(sent, "2");
    // The one that was begun later.
    pair.cloud.exec(std::string("select pg_terminate_backend(pid) from (select a.pid ") + with_rows +
                    " order by a.xact_start desc limit 1) x");
    commit.release();
    EXPECT_EXIT_CODE(0, finish(*run));
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_all_edited();
}

// Nothing of the wave that waits is in anybody's way: not a row, and not the table.
TEST_F(WavesAhead, ARowOfAWaveThatWaitsForItsTurnIsStillTheUsers) {
    const PauseAt commit("M5a.before_commit");
    const auto run = pair.start(commit.env());
    commit.wait_until_reached();
    wait_until(sent, "2");
    const std::string waiting = pair.cloud.scalar("select min(id) from note where id >= 100 and body not like 'edited%' and id in "
                                                "(select id from note for update skip locked)");
    pair.cloud.exec("set lock_timeout = '200ms'; update note set n = 77 where id = " + waiting);
    commit.release();
    EXPECT_EXIT_CODE(0, finish(*run));
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.desktop.number("select n from note where id = " + waiting), 77);
    pair.expect_equal(all_notes);
    expect_quiet(pair);
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
TEST_F(WavesAhead, ARowThatIsRefusedInAWaveThatWasSentAheadWaitsAlone) {
    pair.cloud.exec("alter table note add check (id <> 2600 or body not like 'edited%')");
    const TidewayResult run = pair.sync();
    EXPECT_EQ(pair.cloud.number("select count(*) from note where id >= 100 and body not like 'edited%'"), 1) << told(run);
    EXPECT_EQ(reported(run, "parked"), 1);
}

// The server checks it at the end: each wave is written once more, while the one behind it has been sent.
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

TEST_F(WavesAhead, WhatTriggersDoIsDoneOnceForEachRow) {
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

// The third wave cannot be sent ahead, and its rows find no room while the fourth one holds the last connection.
TEST_F(WavesAhead, BehindAPoolerOfTwoConnectionsAWaveThatWasNotSentDoesNotWaitForTheOneBehindIt) {
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("alter table note add price numeric");
    pair.cloud.exec("alter table note add price numeric(10,2)");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update note set body = 'new', price = case when id = 6000 then 1.001 else 1 end where id >= 100");
    const Pgbouncer pooler(pair.cloud_database.server(), {.pool_size = 2});
    pair.cloud_url = pooler.url(pair.cloud_database.name());
    pair.configure(guard + note_config);
    const PauseAt third("M5a.before", 3);
    const auto going = pair.start(third.env());
    third.wait_until_reached();
    wait_until(sent, "1");
    const auto started = std::chrono::steady_clock::now();
    third.release();
    const TidewayResult run = finish(*going);
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(30));
    EXPECT_EXIT_CODE(3, run);
    EXPECT_EQ(pair.cloud.number("select count(*) from note where id >= 100 and body <> 'new'"), 1) << told(run);
    EXPECT_EQ(reported(run, "parked"), 1);
}

// Whoever alters a table waits for the run's snapshot, and everybody else behind him.
TEST_F(WavesAhead, WhoeverAltersATableWaitsForOneWaveAndNotForTheRun) {
    const PauseAt second("M5a.before", 2);
    const auto going = pair.start(second.env());
    second.wait_until_reached();
    Db developer(pair.cloud_url);
    developer.send("alter table note add column colour text");
    wait_until_blocked(pair.cloud, developer.backend_pid());
    const auto started = std::chrono::steady_clock::now();
    second.release();
    developer.wait();
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
    const TidewayResult run = finish(*going);
    EXPECT_EXIT_CODE(4, run);
    const long long written = pair.cloud.number("select count(*) from note where body like 'edited%'");
    EXPECT_LT(written, 12'000);
    EXPECT_EQ(writes_reported(run), written) << "also of a table that is left out in the end";
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_all_edited();
}

// The wave that was sent would have gone past him, and waited for his row.
TEST_F(WavesAhead, WhoeverAltersATableWithARowOfTheNextWaveInHandsIsNotTheOneToGiveUp) {
    const PauseAt commit("M5a.before_commit");
    const auto going = pair.start(commit.env());
    commit.wait_until_reached();
    wait_until(sent, "2");
    Db developer(pair.cloud_url);
    developer.exec("begin; update note set n = 77 where id = 2700");
    developer.send("alter table note add column colour text");
    wait_until_blocked(pair.cloud, developer.backend_pid());
    commit.release();
    developer.wait();
    developer.exec("commit");
    finish(*going);
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.desktop.number("select n from note where id = 2700"), 77);
    pair.expect_equal(all_notes);
    expect_quiet(pair);
}

// A check that came to the type of a column in between holds for the wave that was on its way.
TEST_F(WavesAhead, ACheckThatATypeGetsMeanwhileHoldsForTheNextWave) {
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("create domain word as text; alter table note alter column body type word");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update note set body = case when id = 2700 then 'bad' else 'good' end where id >= 100");
    const PauseAt third("M5a.before", 2);
    const auto going = pair.start(third.env());
    third.wait_until_reached();
    std::this_thread::sleep_for(Millis(700));  // in which the wave could be sent
    pair.cloud.exec("alter domain word add check (value <> 'bad') not valid");
    third.release();
    EXPECT_EXIT_CODE(3, finish(*going));
    EXPECT_EQ(pair.cloud.number("select count(*) from note where body = 'bad'"), 0);
    EXPECT_EQ(pair.cloud.number("select count(*) from note where body = 'good'"), 11'999);
}

}  // namespace
}  // namespace tideway::test
