// A run may fail anywhere, in ways that let it clean up or do not, and the run after it may be killed as
// well: then the next one must bring both sides to where an undisturbed run brings them (P9).
#include <cstdlib>
#include <random>

#include "fault/sweep.hpp"

namespace tideway::test {
namespace {

// What only a first sync does.
TEST(ErrorSweep, FirstSyncIsCompletedAfterAnError) {
    std::vector<Point> points;
    for (const Point& point : first_and_last(first_sync().passed()))
        if (point.failpoint.starts_with("install")) points.push_back(point);
    EXPECT_FALSE(points.empty());
    sweep(first_sync(), points, "throw");
}

TEST(ErrorSweep, EverydaySyncIsCompletedAfterAnError) {
    sweep(everyday_sync(), first_and_last(everyday_sync().passed()), "throw");
}

TEST(ErrorSweep, EverydaySyncIsCompletedAfterAnExit) {
    sweep(everyday_sync(), last(everyday_sync().passed()), "exit");
}

unsigned seed_of_this_run() {
    const char* given = std::getenv("TIDEWAY_TEST_SEED");
    return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device()();
}

TEST(ErrorSweep, AKilledRecoveryIsCompletedToo) {
    const unsigned seed = seed_of_this_run();
    std::cout << "TIDEWAY_TEST_SEED=" << seed << "\n";
    std::mt19937 random(seed);
    const std::vector<Point> points = first_and_last(everyday_sync().passed());
    ASSERT_FALSE(points.empty());
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
