// A run may end anywhere: it is ended at every failpoint that it passes, and the next run must bring both
// sides to where an undisturbed run brings them (P9).
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "fault/prepared.hpp"

namespace tideway::test {
namespace {

// The first sync of two sides that know nothing of each other: everything is installed on the way.
Prepared& first_sync() {
    static Prepared prepared(shared_desktop(), shared_cloud(), "sweep_first", {first_rows, rows_of_both}, {});
    return prepared;
}
Prepared& everyday_sync() {
    static Prepared prepared(shared_desktop(), shared_cloud(), "sweep_everyday", {first_rows}, {mixed_edits});
    return prepared;
}
Prepared& large_sync() {
    static Prepared prepared(shared_desktop(), shared_cloud(), "sweep_large", {first_rows, many_rows},
                             {many_edits});
    return prepared;
}

struct Point {
    std::string failpoint;
    int hit;
};

std::string text_of(const Point& point) { return fmt::format("{}@{}", point.failpoint, point.hit); }

std::vector<Point> first_and_last(const std::map<std::string, int>& passed) {
    std::vector<Point> points;
    for (const auto& [name, times] : passed) {
        points.push_back({name, 1});
        if (times > 1) points.push_back({name, times});
    }
    return points;
}

std::vector<Point> last(const std::map<std::string, int>& passed) {
    std::vector<Point> points;
    for (const auto& [name, times] : passed) points.push_back({name, times});
    return points;
}

Environment fault(const Point& point, const std::string& action) {
    return {{"TIDEWAY_FAILPOINTS", fmt::format("{}={}@{}", point.failpoint, action, point.hit)}};
}

void sweep(Prepared& prepared, const std::vector<Point>& points, const std::string& action) {
    const auto begin = std::chrono::steady_clock::now();
    for (const Point& point : points) {
        SCOPED_TRACE(fmt::format("{} at {}", action, text_of(point)));
        Office& office = prepared.next_copy();
        const TidewayResult disturbed = office.sync(fault(point, action));
        EXPECT_EQ(disturbed.exit_code, action == "kill9" ? -SIGKILL : 1) << told(disturbed);
        prepared.expect_recovered(office);
    }
    const auto ms = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin).count();
    std::cout << fmt::format("{} points, {} ms each\n", points.size(),
                             points.empty() ? 0 : ms / static_cast<long>(points.size()));
}

TEST(KillSweep, EveryFailpointOfTheSourcesIsPassed) {
    std::set<std::string> passed;
    for (Prepared* prepared : {&first_sync(), &everyday_sync(), &large_sync()})
        for (const auto& [name, times] : prepared->passed()) passed.insert(name);
    for (const std::string& name : failpoints_in_the_sources())
        EXPECT_TRUE(passed.contains(name)) << "no scenario passes failpoint " << name;
}

TEST(KillSweep, FirstSyncIsCompletedAfterAKill) {
    sweep(first_sync(), first_and_last(first_sync().passed()), "kill9");
}
TEST(KillSweep, FirstSyncIsCompletedAfterAnError) {
    sweep(first_sync(), last(first_sync().passed()), "throw");
}

TEST(KillSweep, EverydaySyncIsCompletedAfterAKill) {
    sweep(everyday_sync(), first_and_last(everyday_sync().passed()), "kill9");
}
TEST(KillSweep, EverydaySyncIsCompletedAfterAnError) {
    sweep(everyday_sync(), first_and_last(everyday_sync().passed()), "throw");
}
TEST(KillSweep, EverydaySyncIsCompletedAfterAnExit) {
    sweep(everyday_sync(), last(everyday_sync().passed()), "exit");
}

// Between batches, and inside the second of them.
TEST(KillSweep, SyncOfSeveralBatchesIsCompletedAfterAKill) {
    std::vector<Point> points;
    for (const auto& [name, times] : large_sync().passed())
        if (name.starts_with("M5") || name.starts_with("M6") || name.starts_with("M7.before") ||
            name == "apply.locked")
            for (const int hit : {2, times})
                if (hit <= times && (points.empty() || text_of(points.back()) != text_of({name, hit})))
                    points.push_back({name, hit});
    EXPECT_GT(large_sync().passed().at("M5a.committed"), 2);
    sweep(large_sync(), points, "kill9");
}

unsigned seed_of_this_run() {
    const char* given = std::getenv("TIDEWAY_TEST_SEED");
    return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device()();
}

TEST(KillSweep, AKilledRecoveryIsCompletedToo) {
    const unsigned seed = seed_of_this_run();
    std::cout << "TIDEWAY_TEST_SEED=" << seed << "\n";
    std::mt19937 random(seed);
    const std::vector<Point> points = first_and_last(everyday_sync().passed());
    const auto any = [&]() -> const Point& { return points[random() % points.size()]; };
    for (int pair = 0; pair < 40; ++pair) {
        const Point first = any(), second = any();
        SCOPED_TRACE(fmt::format("killed at {}, then at {}", text_of(first), text_of(second)));
        Office& office = everyday_sync().next_copy();
        EXPECT_EQ(office.sync(fault(first, "kill9")).exit_code, -SIGKILL);
        office.sync(fault(second, "kill9"));  // may not come by that point
        everyday_sync().expect_recovered(office);
    }
}

}  // namespace
}  // namespace tideway::test
