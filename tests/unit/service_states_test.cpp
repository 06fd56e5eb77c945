// What the service says of itself, and the small parts that it is made of.
#include <gtest/gtest.h>

#include <thread>

#include "daemon/connection_limits.hpp"
#include "daemon/daemon.hpp"
#include "daemon/event_log.hpp"
#include "daemon/health.hpp"
#include "daemon/job_memory.hpp"
#include "daemon/metrics.hpp"
#include "support/temp_dir.hpp"

namespace tideway::daemon {
namespace {

constexpr std::int64_t second = 1'000'000;

PairState pair(const std::string& name, PairPhase phase = PairPhase::idle) {
    PairState state;
    state.name = name;
    state.phase = phase;
    state.alive_at = 1'000 * second;
    return state;
}

RunReport report(const std::string& status) {
    RunReport report;
    report.status = status;
    TableReport table;
    table.desktop = table.cloud = "jobs";
    table.to_cloud.inserted = 3;
    table.to_desktop.deleted = 1;
    table.conflicts = 3;
    table.settled = {{{"latest", "cloud"}, 2}, {{"merge", "merged"}, 1}};
    table.parked = 4;
    table.protected_after = 7;
    report.tables.push_back(table);
    return report;
}

Moment at(std::int64_t seconds) { return {seconds * second, seconds * second}; }

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, add_up_runs_and_show_how_tables_stand) {
    PairState state = pair("main");
    add(state.totals, report("ok"), at(900), true);
    add(state.totals, report("attention"), at(950), true);
    state.totals.runs["ok"] = 1;
    const std::string text = metrics_text({state}, "0.1", 1'000 * second);
    for (const char* line :
         {"tideway_build_info{version=\"0.1\"} 1", "# TYPE tideway_rows_applied_total counter",
          "tideway_rows_applied_total{pair=\"main\",table=\"jobs\",direction=\"forward\",op=\"insert\"} 6",
          "tideway_rows_applied_total{pair=\"main\",table=\"jobs\",direction=\"reverse\",op=\"delete\"} 2",
          "tideway_conflicts_total{pair=\"main\",table=\"jobs\",policy=\"latest\",winner=\"cloud\"} 4",
          "tideway_conflicts_total{pair=\"main\",table=\"jobs\",policy=\"merge\",winner=\"merged\"} 2",
          "tideway_parked_rows{pair=\"main\",table=\"jobs\"} 4",
          "tideway_protected_rows{pair=\"main\",table=\"jobs\"} 7",
          "tideway_lag_seconds{pair=\"main\",direction=\"forward\"} 50",
          "tideway_runs_total{pair=\"main\",status=\"ok\"} 1", "tideway_phase{pair=\"main\",phase=\"idle\"} 1",
          "tideway_listens{pair=\"main\",side=\"cloud\"} 0"})
        EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
    EXPECT_EQ(text.find("last_verified"), std::string::npos);
}

TEST(Metrics, a_run_that_a_guard_stopped_brings_nothing_up_to_date) {
    Totals totals;
    add(totals, report("guard"), at(900), true);
    EXPECT_FALSE(totals.forward_at);
    EXPECT_EQ(totals.guard_stops, 1);
    RunReport forward = report("ok");
    forward.direction = Direction::forward;
    add(totals, forward, at(900), true);
    EXPECT_EQ(totals.forward_at, 900 * second);
    EXPECT_FALSE(totals.reverse_at);
}

TEST(Metrics, a_run_of_some_tables_or_with_tables_left_out_brings_the_pair_not_up_to_date) {
    Totals totals;
    add(totals, report("ok"), at(900), false);
    EXPECT_FALSE(totals.forward_at);
    EXPECT_EQ(totals.tables["jobs"].to_cloud.inserted, 3);
    RunReport left_out = report("attention");
    left_out.tables[0].not_synced = "its key is not unique";
    add(totals, left_out, at(950), true);
    EXPECT_FALSE(totals.forward_at);
}

// Who sets the clock back makes no lag.
TEST(Metrics, lag_is_a_span) {
    PairState state = pair("main");
    add(state.totals, report("ok"), {5'000 * second, 900 * second}, true);
    EXPECT_TRUE(has_line(metrics_text({state}, "1", 930 * second), "tideway_lag_seconds{pair=\"main\",direction=\"reverse\"} 30"));
}

TEST(Metrics, a_proof_counts_for_tables_that_were_equal) {
    VerifyReport proof;
    proof.tables = {{"jobs", "jobs", "equal"}, {"notes", "notes", "differs"}};
    PairState state = pair("main");
    add(state.totals, proof, at(42));
    const std::string text = metrics_text({state}, "0.1", 1'000 * second);
    EXPECT_TRUE(has_line(text, "tideway_last_verified_timestamp_seconds{pair=\"main\",table=\"jobs\"} 42")) << text;
    EXPECT_EQ(text.find("table=\"notes\"} 42"), std::string::npos);
}

TEST(Metrics, names_cannot_break_the_format) {
    PairState state = pair("main");
    state.totals.tables["a\"b\\c\nd"].parked = 1;
    EXPECT_TRUE(has_line(metrics_text({state}, "1", 0),
                         "tideway_parked_rows{pair=\"main\",table=\"a\\\"b\\\\c\\nd\"} 1"));
}

TEST(Healthy, means_alive_and_kept_in_sync) {
    const std::vector<PairState> states = {pair("a"), pair("b", PairPhase::standby)};
    EXPECT_TRUE(live(states, 1'060 * second).good);
    EXPECT_FALSE(live(states, 1'200 * second).good);
    EXPECT_TRUE(ready(states).good);
    EXPECT_FALSE(ready({pair("a"), pair("b", PairPhase::backing_off)}).good);
    EXPECT_FALSE(ready({pair("a", PairPhase::failed)}).good);
}

TEST(Events, are_numbered_and_waited_for) {
    EventLog log;
    EXPECT_TRUE(log.after(0, Millis(1)).empty());
    std::thread later([&] { log.add("main", "started", "{}"); });
    const std::vector<Event> seen = log.after(0, Millis(20'000));
    later.join();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].number, 1U);
    EXPECT_TRUE(log.after(1, Millis(1)).empty());
    for (int i = 0; i < 1'500; ++i) log.add("main", "progress", "{}");
    EXPECT_EQ(log.after(0, Millis(1)).size(), 1'000U);
    log.close();
    EXPECT_TRUE(log.after(1'501, Millis(60'000)).empty());
    EXPECT_EQ(log.after(9'999, Millis(1)).size(), 1'000U) << "a number of the process before";
}

TEST(Limits, let_runs_wait_and_watches_leave_room_for_a_run) {
    ConnectionLimits limits;
    StopFlag stop;
    limits.limit("cloud", 5);
    EXPECT_TRUE(limits.take_one("cloud"));
    EXPECT_TRUE(limits.take_one("cloud"));
    EXPECT_FALSE(limits.take_one("cloud"));
    EXPECT_TRUE(limits.take_one("another"));
    std::atomic<bool> second_runs{false};
    std::atomic<int> signs{0};
    std::thread other;
    {
        const auto first = limits.take("desktop", "cloud", stop, [] {});
        other = std::thread([&] {
            const auto permit = limits.take("elsewhere", "cloud", stop, [&] { ++signs; });
            second_runs = true;
        });
        while (signs < 2) std::this_thread::sleep_for(Millis(5));
        EXPECT_FALSE(second_runs);
    }
    other.join();
    EXPECT_TRUE(second_runs);
}

// Both sides on one server: six are wanted, where there is room for so many.
TEST(Limits, ask_for_no_more_than_there_is_room_for_when_watches_have_come_meanwhile) {
    ConnectionLimits limits;
    StopFlag stop;
    limits.limit("one", 8);
    std::atomic<bool> runs{false};
    std::atomic<int> signs{0};
    std::thread waiting;
    {
        const auto first = limits.take("one", "another", stop, [] {});
        waiting = std::thread([&] {
            const auto permit = limits.take("one", "one", stop, [&] { ++signs; });
            runs = !stop.requested();
        });
        while (signs < 1) std::this_thread::sleep_for(Millis(5));
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(limits.take_one("one"));
    }
    for (int i = 0; i < 500 && !runs; ++i) std::this_thread::sleep_for(Millis(10));
    EXPECT_TRUE(runs) << "it would wait for ever";
    stop.request();
    waiting.join();
}

// Whoever reads it anew must not take all pairs for removed.
TEST(Configurations, of_a_folder_that_is_away_or_empty_say_nothing) {
    test::TempDir folder;
    EXPECT_THROW(read_configs(folder / "nowhere"), Error);
    EXPECT_THROW(read_configs(folder.path()), Error);
    test::write_file(folder / "bad.toml", "pair = ");
    EXPECT_EQ(read_configs(folder.path()).bad.size(), 1U);
    EXPECT_THROW(read_configs(folder / "bad.toml"), Error);
}

TEST(JobMemory, is_read_back_and_may_be_missing_or_broken) {
    test::TempDir folder;
    const std::string file = folder / "main.jobs";
    EXPECT_TRUE(recall_jobs(file).empty());
    const Schedule::Times times = {{"every 5m", 1}, {"cron 0 2 * * * (2)", 1'764'150'000'000'000}};
    EXPECT_TRUE(remember_jobs(file, times));
    EXPECT_EQ(recall_jobs(file), times);
    test::write_file(file, "nonsense\n");
    EXPECT_TRUE(recall_jobs(file).empty());
    EXPECT_FALSE(remember_jobs(folder / "no/such/folder", times));
}

}  // namespace
}  // namespace tideway::daemon
