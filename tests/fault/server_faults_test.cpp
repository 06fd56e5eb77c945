// Servers that die or restart under a run, and commits whose answer never arrives: the run says so or tries
// again, and the next one completes its work.
#include <thread>

#include "fault/prepared.hpp"
#include "support/pause_at.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

// Of this file alone: shared servers must not be stopped.
struct Servers {
    PgServer desktop{{.version = desktop_version()}}, cloud;
};
Servers& servers() {
    static Servers both;
    return both;
}

Prepared& everyday_sync() {
    static Prepared prepared(servers().desktop, servers().cloud, "faults", {first_rows}, {mixed_edits});
    return prepared;
}

TidewayResult finish(Process& process) {
    const auto code = process.wait(std::chrono::seconds(120));
    if (!code) throw std::runtime_error("tideway does not end:\n" + process.err());
    const std::string out = process.out();
    nlohmann::json json = nlohmann::json::parse(out, nullptr, false);
    if (json.is_discarded()) json = nullptr;
    return {*code, out, process.err(), std::move(json), Millis(0)};
}

// Of the run itself, not of the look that precedes it.
PauseAt pause_in_the_run(const std::string& step) { return PauseAt(step, everyday_sync().passed().at(step)); }

constexpr const char* steps[] = {"M1.snapshot", "M3.before",         "M5a.before", "M5a.before_commit",
                                 "M6a.before",  "M5b.before_commit", "M7.before"};

template <typename Fault>
TidewayResult run_with_fault(Office& office, const std::string& step, const Fault& fault) {
    everyday_sync().leave_servers_alone();
    const PauseAt pause = pause_in_the_run(step);
    const auto process = start_tideway(office.config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached();
    fault();
    pause.release();
    return finish(*process);
}

// One of the codes of docs/errors.md for servers that are not there, and the side that is meant.
void expect_clear_error(const TidewayResult& result, At side) {
    EXPECT_EQ(result.exit_code, 1) << told(result);
    ASSERT_TRUE(result.json.is_object() && result.json.contains("error")) << told(result);
    const std::string code = result.json["error"]["code"];
    EXPECT_TRUE(code == "TW201" || code == "TW206" || code == "TW406") << told(result);
    const std::string message = result.json["error"]["message"];
    EXPECT_NE(message.find(word(side)), std::string::npos) << message;
    EXPECT_FALSE(result.json["error"]["hint"].get<std::string>().empty()) << told(result);
}

TEST(ServerFaults, AServerThatDiesUnderARunHarmsNothing) {
    for (const char* step : steps)
        for (const At side : both_sides) {
            SCOPED_TRACE(fmt::format("the server of the {} dies at {}", word(side), step));
            Office& office = everyday_sync().next_copy();
            PgServer& server = office.server(side);
            const TidewayResult disturbed =
                run_with_fault(office, step, [&] { server.stop(StopMode::immediate); });
            expect_clear_error(disturbed, side);
            server.start();
            everyday_sync().expect_recovered(office);
        }
}

TEST(ServerFaults, AServerThatRestartsUnderARunIsReachedAgainByTheSameRun) {
    for (const char* step : steps)
        for (const At side : both_sides) {
            SCOPED_TRACE(fmt::format("the server of the {} restarts at {}", word(side), step));
            Office& office = everyday_sync().next_copy();
            const TidewayResult disturbed =
                run_with_fault(office, step, [&] { office.server(side).restart(StopMode::immediate); });
            EXPECT_EQ(disturbed.exit_code, everyday_sync().exit_code()) << told(disturbed);
            everyday_sync().expect_as_undisturbed(office);
        }
}

TEST(ServerFaults, BothServersMayRestartAtOnce) {
    for (const char* step : {"M3.before", "M5a.before_commit", "M6a.before", "M5b.before_commit"}) {
        SCOPED_TRACE(step);
        Office& office = everyday_sync().next_copy();
        const TidewayResult disturbed = run_with_fault(office, step, [&] {
            for (const At side : both_sides) office.server(side).stop(StopMode::immediate);
            for (const At side : both_sides) office.server(side).start();
        });
        EXPECT_EQ(disturbed.exit_code, everyday_sync().exit_code()) << told(disturbed);
        everyday_sync().expect_as_undisturbed(office);
    }
}

// A copy whose `side` is reached through a proxy.
void reach_through(Office& office, At side, const TcpProxy& proxy) {
    const std::string url = proxy.url(office.database(side));
    office.configure(side == At::desktop ? url : office.url(At::desktop),
                     side == At::cloud ? url : office.url(At::cloud));
}

int commits_of_a_run(At side) {
    Office& office = everyday_sync().next_copy();
    TcpProxy proxy(office.server(side).port());
    reach_through(office, side, proxy);
    proxy.count("COMMIT");
    EXPECT_EQ(office.sync().exit_code, everyday_sync().exit_code());
    return proxy.seen("COMMIT");
}

// Every COMMIT of a run, those that only end a look included.
void lose_every_commit(At side, bool reaches_the_server) {
    const int commits = commits_of_a_run(side);
    EXPECT_GE(commits, 8);  // lease, barrier, batch and end at the cloud, and what only looks
    for (int nth = 1; nth <= commits; ++nth) {
        SCOPED_TRACE(fmt::format("COMMIT {} of {} at the {} {}", nth, commits, word(side),
                                 reaches_the_server ? "loses its answer" : "does not arrive"));
        Office& office = everyday_sync().next_copy();
        TcpProxy proxy(office.server(side).port());
        reach_through(office, side, proxy);
        reaches_the_server ? proxy.cut_after_forwarding("COMMIT", nth)
                           : proxy.cut_before_forwarding("COMMIT", nth);
        const TidewayResult disturbed = office.sync();
        EXPECT_TRUE(disturbed.exit_code == 1 || disturbed.exit_code == everyday_sync().exit_code())
            << told(disturbed);
        if (disturbed.exit_code == 1) expect_clear_error(disturbed, side);
        office.configure();
        everyday_sync().expect_recovered(office);
    }
}

TEST(InDoubt, CommitsAtTheCloudThatLoseTheirAnswerAreNeitherLostNorRepeated) {
    lose_every_commit(At::cloud, true);
}
TEST(InDoubt, CommitsAtTheDesktopThatLoseTheirAnswerAreNeitherLostNorRepeated) {
    lose_every_commit(At::desktop, true);
}
TEST(InDoubt, CommitsThatNeverReachTheCloudAreMadeGood) { lose_every_commit(At::cloud, false); }
TEST(InDoubt, CommitsThatNeverReachTheDesktopAreMadeGood) { lose_every_commit(At::desktop, false); }

}  // namespace
}  // namespace tideway::test
