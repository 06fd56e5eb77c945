#include "properties.hpp"

#include <gtest/gtest.h>

#include "environment.hpp"

namespace tideway::protocol {
namespace {

// v0 -> v1 -> v2, and v3 of no parent.
State line_and_stranger() {
    State s = initial_state({});
    add_version(s, s.history.ancestors[0], false);
    add_version(s, s.history.ancestors[1], false);
    add_version(s, 0, false);
    return s;
}

TEST(LostWrite, IsNotOneWhenTheReplacementDescendsFromIt) {
    const State s = line_and_stranger();
    EXPECT_FALSE(check_replacement(s, parent, 0, 2));
    EXPECT_FALSE(check_replacement(s, parent, 1, 2));
}

TEST(LostWrite, IsOneWhenNothingKeepsTheReplacedVersion) {
    const State s = line_and_stranger();
    EXPECT_TRUE(check_replacement(s, parent, 2, 1));
    EXPECT_TRUE(check_replacement(s, parent, 2, 3));
}

TEST(LostWrite, IsNotOneWhenTheJournalOfEitherSideKeepsIt) {
    State at_desktop = line_and_stranger(), at_cloud = at_desktop;
    at_desktop.desktop.retained[0] = only(2);
    at_cloud.cloud.retained[0] = only(2);
    EXPECT_FALSE(check_replacement(at_desktop, parent, 2, 3));
    EXPECT_FALSE(check_replacement(at_cloud, parent, 2, 3));
    EXPECT_TRUE(check_replacement(at_cloud, parent, 1, 3));
}

TEST(LostWrite, TakesAnyKeptDeleteForAReplacedDelete) {
    State s = line_and_stranger();
    s.history.deletes = static_cast<VersionSet>(only(1) | only(3));
    EXPECT_FALSE(check_replacement(s, parent, 3, 2));  // v2 descends from the delete v1
    s.history.deletes = only(3);
    EXPECT_TRUE(check_replacement(s, parent, 3, 2));
}

TEST(Convergence, HoldsWithChangesOnBothSides) {
    State s = initial_state({});
    s.desktop.row[0] = add_version(s, only(0), false);
    s.cloud.row[0] = add_version(s, only(0), false);
    ++s.desktop.changes[0];
    ++s.cloud.changes[0];
    const SoloResult result = check_convergence(s, {});
    EXPECT_EQ(result.fault, SoloFault::none);
    EXPECT_EQ(result.last.desktop.row[0], 2);
    EXPECT_EQ(result.last.cloud.row[0], 2);
}

TEST(Convergence, FailsWhenAChangeWasNeverHinted) {
    State s = initial_state({});
    s.desktop.row[0] = add_version(s, only(0), false);
    EXPECT_EQ(check_convergence(s, {}).fault, SoloFault::never_equal);
    EXPECT_EQ(check_convergence(s, {.policy = Policy::manual}).fault, SoloFault::none);
}

TEST(Convergence, FailsWhenALaterRunLosesAWrite) {
    State s = initial_state({});
    s.desktop.row[0] = add_version(s, only(0), false);
    s.cloud.row[0] = add_version(s, only(0), false);
    ++s.desktop.changes[0];
    s.desktop.base[0] = s.cloud.row[0];  // wrong: the desktop's row does not descend from it
    EXPECT_EQ(check_convergence(s, {}).fault, SoloFault::lost_write);
}

TEST(Convergence, TriesTheCommitOfATransactionInDoubt) {
    State s = initial_state({});
    s.in_doubt.place = Place::desktop;
    s.in_doubt.write[0] = s.in_doubt.agreed[0] = add_version(s, only(0), false);
    EXPECT_EQ(check_convergence(s, {}).fault, SoloFault::lost_write);  // it books what the cloud never had
}

TEST(Convergence, TriesTheAbortOfATransactionInDoubt) {
    State s = initial_state({});
    s.desktop.row[0] =
        add_version(s, only(0), false);  // not hinted: only the transaction would bring it over
    s.in_doubt.place = Place::cloud;
    s.in_doubt.write[0] = s.in_doubt.agreed[0] = s.desktop.row[0];
    EXPECT_EQ(check_convergence(s, {}).fault, SoloFault::never_equal);
}

std::vector<Transition> transitions(const State& s, const Options& options) {
    std::vector<Transition> next;
    list_transitions(s, options, next);
    return next;
}

bool may_happen(const State& s, const Options& options, EventKind kind) {
    for (const Transition& t : transitions(s, options))
        if (t.event.kind == kind) return true;
    return false;
}

State standing_at(Step step) {
    State s = initial_state({});
    s.runner.step = step;
    return s;
}

TEST(Environment, LeavesACommitInDoubtOnlyWhereOneWasSent) {
    EXPECT_TRUE(may_happen(standing_at(Step::M5a), {}, EventKind::crash_in_doubt));
    EXPECT_TRUE(may_happen(standing_at(Step::M5b), {}, EventKind::crash_in_doubt));
    EXPECT_FALSE(may_happen(standing_at(Step::M4), {}, EventKind::crash_in_doubt));
    EXPECT_FALSE(may_happen(standing_at(Step::M5a), {.in_doubt = false}, EventKind::crash_in_doubt));
    EXPECT_FALSE(may_happen(standing_at(Step::idle), {}, EventKind::crash));
}

TEST(Environment, StopsWhenItsBudgetsAreSpent) {
    State s = standing_at(Step::M5a);
    s.left = {};
    const auto next = transitions(s, {});
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next[0].event.kind, EventKind::runner_step);
}

TEST(Environment, RestoresRowArchiveAndJournalTogether) {
    State s = standing_at(Step::M7);
    s.desktop_backed_up = true;
    s.desktop_backup = s.desktop;
    s.desktop.row[0] = s.desktop.base[0] = add_version(s, only(0), false);
    s.desktop.retained[0] = only(0);
    for (const Transition& t : transitions(s, {})) {
        if (t.event.kind != EventKind::restore) continue;
        EXPECT_EQ(t.after.desktop.row[0], 0);
        EXPECT_EQ(t.after.desktop.base[0], 0);
        EXPECT_EQ(t.after.desktop.retained[0], 0);
        EXPECT_EQ(t.after.runner.step, Step::idle);
        return;
    }
    FAIL() << "no restore was possible";
}

TEST(Environment, LetsATransactionInDoubtOutliveTheOtherSidesRestoreOnlyWhenAsked) {
    State s = standing_at(Step::idle);
    s.in_doubt.place = Place::cloud;
    s.desktop_backed_up = true;
    for (const bool wide : {false, true}) {
        const auto next = transitions(s, {.wide_faults = wide});
        ASSERT_EQ(next.back().event.kind, EventKind::restore);
        EXPECT_EQ(next.back().after.in_doubt.place, wide ? Place::cloud : Place::none);
    }
}

}  // namespace
}  // namespace tideway::protocol
