// The simulation itself: a seed is played alike every time, a script is cut to what matters, and the gate
// does to a run what the script says.
#include <gtest/gtest.h>

#include <algorithm>

#include "checker/history_json.hpp"
#include "simulate/selftest.hpp"
#include "simulate/shrink.hpp"

namespace tideway::simulate {
namespace {

UserWork work(int number, Side side = Side::desktop) {
    return {number, side, {"SELECT 1", "SELECT 2"}, {}, true, 0};
}

bool mentions(const Script& script, const std::string& text) {
    return text_of(script).find(text) != std::string::npos;
}

TEST(Scripts, ASeedHasOneScript) {
    EXPECT_EQ(text_of(script_of(7, 30)), text_of(script_of(7, 30)));
    EXPECT_NE(text_of(script_of(7, 30)), text_of(script_of(8, 30)));
}

TEST(Scripts, TheyHoldUsersOfBothSidesRunsAndFaults) {
    std::string all;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) all += text_of(script_of(seed, 30));
    for (const char* part :
         {"at the desktop", "at the cloud", "INSERT INTO client", "UPDATE client", "DELETE FROM client",
          "ROLLBACK", "clipboard", "same", "--mode full", "--direction forward", "--direction reverse",
          "the run is killed", "its connection is lost", "steps by", "backup 1", "restore from backup",
          "s pass", "ms:"})
        EXPECT_NE(all.find(part), std::string::npos) << part;
}

TEST(Scripts, TheTextSaysWhatMeetsARun) {
    RunWork run{Mode::full, Direction::forward, {}};
    run.interruptions.push_back({{Side::cloud, "apply", 2, true}, {{work(3)}}, Ending::killed});
    EXPECT_EQ(text_of({{run}, {ClockStep{Side::cloud, -5}}}),
              "run: sync --mode full --direction forward\n"
              "    after the 2nd apply at the cloud: the run is killed\n"
              "        user 3 at the desktop:\n"
              "            BEGIN; SELECT 1; SELECT 2; COMMIT;\n"
              "the clock of the cloud steps by -5 s\n");
}

TEST(Shrinking, KeepsWhatIsNeededAndDropsTheRest) {
    RunWork run;
    run.interruptions.push_back({{Side::cloud, "apply", 1, false}, {{work(50)}, {work(51)}}, Ending::killed});
    Script script;
    for (int i = 1; i <= 20; ++i) script.push_back({work(i)});
    script.push_back({run});
    const Script shrunk = shrink(
        script, [](const Script& each) { return mentions(each, "user 13 ") && mentions(each, "user 51 "); },
        10'000);
    EXPECT_EQ(text_of(shrunk),
              "user 13 at the desktop:\n    BEGIN; SELECT 1; COMMIT;\n"
              "run: sync --mode incremental --direction both\n"
              "    before the 1st apply at the cloud:\n"
              "        user 51 at the desktop:\n            BEGIN; SELECT 1; COMMIT;\n");
}

TEST(Shrinking, AsksNoMoreThanItMay) {
    Script script;
    for (int i = 1; i <= 50; ++i) script.push_back({work(i)});
    int asked = 0;
    const Script same = shrink(
        script, [&](const Script&) { return ++asked, false; }, 7);
    EXPECT_EQ(asked, 7);
    EXPECT_EQ(text_of(same), text_of(script));
}

TEST(Shrinking, EveryPieceCanGo) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Script script = script_of(seed, 30);
        std::set<int> all;
        for (int i = 0; i < pieces_of(script); ++i) all.insert(i);
        EXPECT_TRUE(without(script, all).empty());
        EXPECT_EQ(text_of(without(script, {})), text_of(script));
    }
}

TEST(Simulation, ASeedLivesTheSameLifeEveryTime) {
    for (const std::uint64_t seed : {3, 8, 9}) {
        const std::string once = checker::to_json(play_seed(seed, 25).history);
        EXPECT_EQ(checker::to_json(play_seed(seed, 25).history), once) << seed;
        EXPECT_NE(once.find("run in peace ends"), std::string::npos);
    }
}

TEST(Simulation, WhatWasPlayedBeforeMakesNoDifference) {
    SelftestOptions options;
    options.first = 14;
    options.seeds = 8;
    Counts alone;
    for (int i = 0; i < options.seeds; ++i)
        alone += play_seed(options.first + static_cast<std::uint64_t>(i), options.steps).counts;
    EXPECT_EQ(selftest(options, {}).counts, alone);
}

TEST(Simulation, ManyLivesHaveAllThatCanGoWrong) {
    SelftestOptions options;
    options.seeds = 40;
    const SelftestReport report = selftest(options, {});
    ASSERT_FALSE(report.failure) << report.failure->script << report.failure->verdict;
    EXPECT_EQ(report.seeds, 40);
    EXPECT_GT(report.counts.killed, 0);
    EXPECT_GT(report.counts.failed, 0);
    EXPECT_GT(report.counts.restores, 0);
    EXPECT_GT(report.counts.conflicts, 0);
    EXPECT_GT(report.counts.waiting, 0);
    EXPECT_GT(report.counts.sync_writes, 100);
}

// What a defect breaks, in the seed that shows it first.
std::string broken_by(Sabotage sabotage, std::uint64_t from, int seeds) {
    SelftestOptions options;
    options.first = from;
    options.seeds = seeds;
    options.most_tries = 0;
    options.sabotage = sabotage;
    const SelftestReport report = selftest(options, {});
    return report.failure ? report.failure->verdict : "";
}

bool breaks(const std::string& verdict, const std::string& invariant) {
    return verdict.find(invariant + ": ") != std::string::npos;
}

TEST(Sabotage, ARowThatIsReplacedWithoutACopyOfItIsSeen) {
    EXPECT_TRUE(breaks(broken_by(Sabotage::drops_the_journal, 1, 20), "I1"));
}
TEST(Sabotage, ALoserThatIsNotKeptIsSeen) {
    EXPECT_TRUE(breaks(broken_by(Sabotage::drops_conflicts, 1, 50), "I1"));
}
TEST(Sabotage, BookingBeforeTheCommitIsSeen) {
    EXPECT_TRUE(breaks(broken_by(Sabotage::books_before_commit, 1, 20), "I7"));
}
TEST(Sabotage, ARunThatWritesThoughItWasOvertakenIsSeen) {
    EXPECT_TRUE(breaks(broken_by(Sabotage::ignores_the_fence, 70, 20), "I3"));
}
TEST(Sabotage, AMarkThatPassesWhatWasNotReadIsSeen) {
    EXPECT_TRUE(breaks(broken_by(Sabotage::marks_too_late, 240, 20), "C2"));
}
TEST(Sabotage, AReceiptThatIsDroppedIsSeen) { EXPECT_NE(broken_by(Sabotage::drops_receipts, 175, 200), ""); }
TEST(Sabotage, AWriteThatDoesNotLookAtWhatItReplacesIsSeen) {
    EXPECT_TRUE(breaks(broken_by(Sabotage::overwrites_blindly, 160, 200), "I1"));
}
}  // namespace
}  // namespace tideway::simulate
