#include "explore.hpp"

#include <gtest/gtest.h>

#include "state_set.hpp"
#include "suite.hpp"

namespace tideway::protocol {
namespace {

TEST(StateSet, TellsOldStatesFromNewOnesAcrossItsGrowth) {
    StateSet set;
    State s = initial_state({});
    const auto number = [&](int n) {
        std::memcpy(&s.history.ancestors[5], &n, sizeof n);
        return s;
    };
    constexpr int many = 50'000;
    for (int n = 0; n < many; ++n) ASSERT_TRUE(set.insert(number(n), n == 0 ? StateSet::no_parent : 0));
    for (int n = 0; n < many; ++n) ASSERT_FALSE(set.insert(number(n), 1));
    EXPECT_EQ(set.size(), StateSet::Index{many});
    EXPECT_EQ(set[77], number(77));
    EXPECT_EQ(set.parent(77), 0U);
}

// The counts pin the model down: an event or a step that silently disappears changes them.
TEST(Explore, ReachesTheKnownNumberOfStates) {
    const Report plain = explore({.writes = 2, .crashes = 1, .restores = 0, .runs = 3, .failures = 1});
    EXPECT_EQ(plain.states, 13'736U);
    EXPECT_EQ(plain.transitions, 22'215U);
    EXPECT_EQ(plain.lost_writes + plain.stuck + plain.false_conflicts, 0U);
    const Report unguarded = explore(
        {.writes = 2, .crashes = 1, .restores = 0, .runs = 3, .failures = 1, .mutants = {Mutant::no_guard}});
    EXPECT_EQ(unguarded.states, 13'351U);
    EXPECT_EQ(unguarded.transitions, 21'566U);
    EXPECT_EQ(unguarded.lost_writes, 213U);
}

TEST(Explore, SaysWhenItDidNotSeeEverything) {
    EXPECT_FALSE(explore({}, 1000).complete);
    EXPECT_TRUE(explore({.writes = 1, .crashes = 0, .restores = 0, .runs = 1}).complete);
}

TEST(Explore, TellsTheWholeStoryOfALostWrite) {
    const Report r =
        explore({.writes = 1, .crashes = 0, .restores = 0, .runs = 1, .mutants = {Mutant::blind_forward}});
    const std::vector<std::string> story{
        "a user WRITES at the cloud: v1",
        "a run starts",
        "S1 lock the cloud's lease: 0",
        "S2 recover: 0 receipt(s) read, desktop fence 1",
        "S3 cloud fence 1, receipts purged",
        "M1 read desktop: v0, base v0",
        "M2 read cloud: v1",
        "M3 barriers: desktop 2, cloud 2",
        "M4 decide: v0 to the cloud",
        "M5a apply at the cloud: v1 replaced by v0",
    };
    EXPECT_EQ(r.lost_write.steps, story);
    EXPECT_EQ(r.lost_write.fault,
              "lost write: v1 was replaced by v0, which does not descend from it, and it is not kept");
}

// The lease keeps every other writer of the base away, so that reading it late is harmless behind it; and
// without the lease the same small configuration loses nothing as long as the base is read with the row.
TEST(BaseReadLate, NeedsAMissingLeaseToDoHarm) {
    for (const Mutant alone : {Mutant::base_read_late, Mutant::no_lease}) {
        const Case c{{.writes = 1, .crashes = 1, .restores = 0, .runs = 2, .mutants = {alone}},
                     Verdict::safe};
        EXPECT_EQ(objection(c, explore(c.options)), "");
    }
}

TEST(Suite, ObjectsToAReportThatIsNotWhatItExpects) {
    const Case safe{{.restores = 0}, Verdict::safe};
    Report r;
    EXPECT_EQ(objection(safe, r), "");
    r.false_conflicts = 1;
    EXPECT_NE(objection(safe, r), "");
    EXPECT_EQ(objection({{.restores = 1}, Verdict::safe}, r), "");
    EXPECT_EQ(objection({{}, Verdict::false_conflicts_only}, r), "");
    EXPECT_NE(objection({{}, Verdict::lost_write}, r), "");
    EXPECT_NE(objection({{}, Verdict::no_convergence}, r), "");
    r.stuck = 1;
    EXPECT_NE(objection(safe, r), "");
    EXPECT_EQ(objection({{}, Verdict::no_convergence}, r), "");
    r.lost_writes = 1;
    EXPECT_EQ(objection({{}, Verdict::lost_write}, r), "");
    EXPECT_NE(objection({{}, Verdict::no_convergence}, r), "");
    r.complete = false;
    EXPECT_NE(objection({{}, Verdict::lost_write}, r), "");
}

TEST(CommandLine, TakesTheMutantsOwnConfigurationAndOverridesIt) {
    const char* argv[] = {"protocol_model", "--mutant", "no-guard", "--runs", "2"};
    const Parsed parsed = parse_command_line(5, argv);
    ASSERT_TRUE(parsed.command);
    EXPECT_EQ(describe(parsed.command->options), "latest, writes 2, runs 2, mutant no-guard");
}

TEST(CommandLine, RefusesUnknownMutants) {
    const char* argv[] = {"protocol_model", "--mutant", "no-such"};
    EXPECT_EQ(parse_command_line(3, argv).exit_code, 2);
}

}  // namespace
}  // namespace tideway::protocol
