// SIGINT and SIGTERM: a run ends soon, leaves nothing half-done and nothing locked, and the next run
// completes its work (P5, P9).
#include <signal.h>

#include <thread>

#include "fault/prepared.hpp"
#include "support/pause_at.hpp"

namespace tideway::test {
namespace {

constexpr Millis soon{2'000};  // promised time from the signal to the end

Prepared& everyday_sync() {
    static Prepared prepared(shared_desktop(), shared_cloud(), "interrupt", {first_rows}, {mixed_edits});
    return prepared;
}

struct Ended {
    int exit_code;
    Millis duration;
    std::string out, err;
};

std::ostream& operator<<(std::ostream& out, const Ended& ended) {
    return out << fmt::format("exit {} after {} ms\n{}{}", ended.exit_code, ended.duration.count(), ended.out,
                              ended.err);
}

Ended wait_for(Process& process) {
    const auto begin = std::chrono::steady_clock::now();
    const auto code = process.wait(std::chrono::seconds(60));
    if (!code) throw std::runtime_error("tideway does not end:\n" + process.err());
    return {*code, std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin),
            process.out(), process.err()};
}

void expect_stopped(const Ended& ended) {
    EXPECT_EQ(ended.exit_code, 1) << ended;
    EXPECT_LE(ended.duration.count(), soon.count()) << ended;
    EXPECT_NE(ended.out.find("TW407"), std::string::npos) << ended;
}

void expect_no_lease_is_held(const Office& office) {
    for (const At side : both_sides)
        EXPECT_ROWS(office.open(side),
                    "select run, holder from tideway.lease where run is not null or holder is not null", "")
            << "at the " << word(side);
}

std::unique_ptr<Process> start(const Office& office, const Environment& env = {}) {
    return start_tideway(office.config, {"sync", "--json"}, env);
}

void wait_until_tideway_waits_for_a_lock(Db& observer) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (observer.number("select count(*) from pg_stat_activity where datname = current_database() and "
                           "application_name = 'tideway' and wait_event_type = 'Lock'") == 0) {
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("tideway never waited for a lock");
        std::this_thread::sleep_for(Millis(5));
    }
}

TEST(Interrupt, AtAnyStepTheRunEndsSoonAndTheNextOneCompletesIt) {
    int number = 0;
    for (const char* step :
         {"S1.read", "S2.recovered", "S3.taken", "M1.snapshot", "M2.hints", "M3.before", "M3.cloud",
          "M5a.before", "apply.locked", "M5a.before_commit", "M5a.committed", "M6a.before_commit",
          "M6a.committed", "M5b.written", "M5b.committed", "M7.before", "M8.changes"}) {
        const int signal = ++number % 2 == 0 ? SIGINT : SIGTERM;
        SCOPED_TRACE(fmt::format("signal {} at {}", signal, step));
        Office& office = everyday_sync().next_copy();
        const PauseAt pause(step);
        const auto process = start(office, pause.env());
        pause.wait_until_reached();
        process->signal(signal);
        pause.release();
        expect_stopped(wait_for(*process));
        expect_no_lease_is_held(office);
        everyday_sync().expect_recovered(office);
    }
}

struct Block {
    const char* what;
    At side;
    const char* sql;
};

// The lock is still held when the run has ended.
TEST(Interrupt, AStatementThatWaitsForALockIsGivenUp) {
    for (const Block& block :
         {Block{"writing a row of the cloud", At::cloud, "select * from customer where id = 1 for update"},
          {"writing a row of the desktop", At::desktop, "select * from customer where id = 2 for update"},
          {"reading a table of the cloud", At::cloud, "lock table job in access exclusive mode"},
          {"reading a table of the desktop", At::desktop, "lock table job in access exclusive mode"},
          {"taking the lease of the cloud", At::cloud, "select * from tideway.lease for update"},
          {"taking the lease of the desktop", At::desktop, "select * from tideway.lease for update"}})
        for (const int signal : {SIGINT, SIGTERM}) {
            SCOPED_TRACE(fmt::format("signal {} while {}", signal, block.what));
            Office& office = everyday_sync().next_copy();
            Db user = office.open(block.side), observer = office.open(block.side);
            user.exec("begin");
            user.query(block.sql);
            const auto process = start(office);
            wait_until_tideway_waits_for_a_lock(observer);
            process->signal(signal);
            expect_stopped(wait_for(*process));
            EXPECT_EQ(observer.number(
                          "select count(*) from pg_stat_activity where application_name = 'tideway' and "
                          "datname = current_database() and wait_event_type = 'Lock'"),
                      0)
                << "the statement goes on without its run";
            user.exec("rollback");
            user.close();
            observer.close();
            expect_no_lease_is_held(office);
            everyday_sync().expect_recovered(office);
        }
}

TEST(Interrupt, ASecondSignalEndsTheRunAtOnce) {
    for (const char* step : {"S3.taken", "apply.locked", "M5a.committed", "M5b.before_commit"})
        for (const int signal : {SIGINT, SIGTERM}) {
            SCOPED_TRACE(fmt::format("signal {} at {}", signal, step));
            Office& office = everyday_sync().next_copy();
            const PauseAt pause(step);
            const auto process = start(office, pause.env());
            pause.wait_until_reached();
            process->signal(signal);
            std::this_thread::sleep_for(Millis(50));  // two signals at once may arrive as one
            EXPECT_TRUE(process->running());
            process->signal(signal);
            const Ended ended = wait_for(*process);
            EXPECT_EQ(ended.exit_code, 128 + signal) << ended;
            EXPECT_LE(ended.duration.count(), 500) << ended;
            everyday_sync().expect_recovered(office);
        }
}

// A COMMIT is waited for, because its outcome is worth more; what follows it is not begun.
TEST(Interrupt, ASignalDuringACommitStopsTheRunAfterIt) {
    PgServer desktop_server{{.version = desktop_version()}}, cloud_server;
    Prepared prepared(desktop_server, cloud_server, "commit", {first_rows}, {mixed_edits});
    for (const At side : both_sides) {
        SCOPED_TRACE(word(side));
        Office& office = prepared.next_copy();
        prepared.leave_servers_alone();
        const PauseAt pause(side == At::cloud ? "M5a.before_commit" : "M6a.before_commit");
        const auto process = start(office, pause.env());
        pause.wait_until_reached();
        PgServer& server = office.server(side);
        server.pause();
        pause.release();
        std::this_thread::sleep_for(Millis(300));  // the run waits for the answer to its COMMIT
        process->signal(SIGINT);
        std::this_thread::sleep_for(Millis(600));
        EXPECT_TRUE(process->running());
        server.resume();
        expect_stopped(wait_for(*process));
        expect_no_lease_is_held(office);
        prepared.expect_recovered(office);
    }
}

}  // namespace
}  // namespace tideway::test
