// A run may be killed anywhere: it is killed at every failpoint that it passes, and the next run must bring
// both sides to where an undisturbed run brings them (P9).
#include "fault/sweep.hpp"

namespace tideway::test {
namespace {

// The list that is swept is the list of the sources.
// Runs are killed there by tests of their own, which make what these runs never meet: tables that start at
// once (scenario/first_load_test.cpp), keys that collide (collision_test.cpp), proofs (verify_test.cpp),
// undos (undo_test.cpp, journal_test.cpp), merges (merge_faults_test.cpp), conflicts (conflict_choices_test.cpp).
const std::set<std::string> swept_elsewhere{
    "M3.renumber", "M3.renumbered",  "adopt.booked", "load.written", "load.committed", "load.before_booking",
    "load.booked", "verify.portion", "verify.slice", "undo.between", "retention.step", "remember.booked",
    "resolve.written"};

TEST(KillSweep, EveryFailpointOfTheSourcesIsPassed) {
    std::set<std::string> passed = swept_elsewhere;
    for (Prepared* prepared : {&first_sync(), &everyday_sync(), &large_sync()})
        for (const auto& [name, times] : prepared->passed()) passed.insert(name);
    for (const std::string& name : failpoints_in_the_sources())
        EXPECT_TRUE(passed.contains(name)) << "no scenario passes failpoint " << name;
    EXPECT_EQ(passed, failpoints_in_the_sources());
    std::cout << passed.size() << " failpoints\n";
}

TEST(KillSweep, FirstSyncIsCompletedAfterAKill) {
    sweep(first_sync(), first_and_last(first_sync().passed()), "kill9");
}

TEST(KillSweep, EverydaySyncIsCompletedAfterAKill) {
    sweep(everyday_sync(), first_and_last(everyday_sync().passed()), "kill9");
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

}  // namespace
}  // namespace tideway::test
