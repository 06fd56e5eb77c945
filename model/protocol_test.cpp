#include "protocol.hpp"

#include <gtest/gtest.h>

namespace tideway::protocol {
namespace {

// v0 at both sides, then v1 written at the desktop and v2 at the cloud.
State rivals() {
    State s = initial_state({});
    s.desktop.row[0] = add_version(s, only(0), false);
    s.cloud.row[0] = add_version(s, only(0), false);
    return s;
}

Decision decide_rivals(Policy policy, Version base) {
    State s = rivals();
    return decide(s, {.policy = policy}, base, 1, 2);
}

// Does steps until the runner stands before `step`.
State at_step(State s, Step step, const Options& options = {}) {
    for (int i = 0; i < 20 && s.runner.step != step; ++i) advance(s, options);
    EXPECT_EQ(s.runner.step, step);
    return s;
}

State desktop_write() {
    State s = initial_state({});
    s.desktop.row[0] = add_version(s, only(0), false);
    ++s.desktop.changes[0];
    return s;
}

TEST(Decide, CopiesTheOnlyChange) {
    State s = rivals();
    EXPECT_EQ(decide(s, {}, 2, 1, 2).action, Action::to_cloud);
    EXPECT_EQ(decide(s, {}, 1, 1, 2).action, Action::to_desktop);
    EXPECT_FALSE(decide(s, {}, 2, 1, 2).retain);
}

TEST(Decide, FollowsThePolicyInAConflictAndKeepsTheLoser) {
    EXPECT_EQ(decide_rivals(Policy::latest, 0).action, Action::to_desktop);
    EXPECT_EQ(decide_rivals(Policy::desktop, 0).action, Action::to_cloud);
    EXPECT_EQ(decide_rivals(Policy::cloud, 0).action, Action::to_desktop);
    EXPECT_EQ(decide_rivals(Policy::manual, 0).action, Action::hold);
    for (const Policy policy : {Policy::latest, Policy::desktop, Policy::cloud})
        EXPECT_TRUE(decide_rivals(policy, 0).retain) << name_of(policy);
}

TEST(Decide, MergesIntoADescendantOfBothAndTwiceIntoTheSame) {
    State s = rivals();
    const Decision first = decide(s, {.policy = Policy::merge}, 0, 1, 2);
    ASSERT_EQ(first.action, Action::merge);
    EXPECT_TRUE(descends(s, first.write, 1) && descends(s, first.write, 2));
    EXPECT_EQ(decide(s, {.policy = Policy::merge}, 0, 1, 2).write, first.write);
}

TEST(Decide, MergesOnlyWithABase) {
    EXPECT_EQ(decide_rivals(Policy::merge, unknown).action, Action::to_desktop);
}

TEST(Decide, LetsAnUpdateWinOverALaterDeleteAndKeepsTheDelete) {
    State s = rivals();
    s.history.deletes = only(2);
    for (const Policy policy : {Policy::latest, Policy::cloud, Policy::merge}) {
        const Decision decision = decide(s, {.policy = policy}, 0, 1, 2);
        EXPECT_EQ(decision.action, Action::to_cloud) << name_of(policy);
        EXPECT_TRUE(decision.retain) << name_of(policy);
    }
}

TEST(Decide, NeverInfersADeleteWithoutABase) {
    State s = initial_state({.start = Start::one_row});
    const Decision decision = decide(s, {}, unknown, s.desktop.row[0], s.cloud.row[0]);
    EXPECT_EQ(decision.action, Action::to_desktop);
    EXPECT_EQ(decision.write, s.cloud.row[0]);
}

TEST(Decide, TakesTwoDeletesForTheSame) {
    State s = rivals();
    s.history.deletes = static_cast<VersionSet>(only(1) | only(2));
    EXPECT_EQ(decide(s, {}, 0, 1, 2).action, Action::agree);
    EXPECT_EQ(decide(s, {}, 1, 1, 2).action, Action::none);
}

TEST(Decide, CallsAConflictFalseWhenOneVersionDescendsFromTheOther) {
    State s = rivals();
    const Version later = add_version(s, s.history.ancestors[2], false);
    EXPECT_TRUE(decide(s, {}, 0, later, 2).false_conflict);
    EXPECT_FALSE(decide(s, {}, 0, 1, 2).false_conflict);
}

TEST(Run, CarriesADesktopWriteToTheCloudAndBooksItAfterwards) {
    const State before = at_step(desktop_write(), Step::M6a);
    EXPECT_EQ(before.cloud.row[0], 1);
    EXPECT_EQ(before.desktop.base[0], 0);
    const State after = at_step(before, Step::idle);
    EXPECT_EQ(after.desktop.base[0], 1);
    EXPECT_EQ(after.desktop.acked, before.cloud.inbox[0].seq);
}

TEST(Run, BooksTheReceiptOfACrashedRunBeforeItReadsAnything) {
    State s = at_step(desktop_write(), Step::M6a);
    forget_runner(s);
    s = at_step(s, Step::S3);
    EXPECT_EQ(s.desktop.base[0], 1);
    s = at_step(s, Step::M1);
    EXPECT_EQ(s.cloud.receipts, 0);
}

TEST(Run, RejectsAReceiptThatIsNewerThanARestoredDesktop) {
    State s = desktop_write();
    const Desktop backup = initial_state({}).desktop;
    s = at_step(s, Step::M6a);
    forget_runner(s);
    s.desktop = backup;
    s = at_step(s, Step::S3);
    EXPECT_EQ(s.desktop.base[0], 0);
    EXPECT_EQ(s.desktop.acked, s.cloud.inbox[0].seq);
    EXPECT_GT(s.desktop.seq, s.cloud.inbox[0].desktop_barrier);
}

TEST(Run, ForgetsTheBaseOnlyIfTheRestoredCloudHadItLater) {
    State s = at_step(desktop_write(), Step::idle);
    while (s.desktop.base[0] != 1) advance(s, {});
    s = at_step(s, Step::idle);
    forget_runner(s);
    State restored_before = s;
    restored_before.cloud = initial_state({}).cloud;
    EXPECT_EQ(at_step(restored_before, Step::S3).desktop.base[0], unknown);
    State restored_after = s;
    restored_after.desktop.peer_seq = following(s.cloud.seq);  // it had raised its lease once more
    restored_after = at_step(restored_after, Step::S3);
    EXPECT_EQ(restored_after.desktop.base[0], 1);
    EXPECT_EQ(restored_after.desktop.seen_cloud[0], everything);
}

TEST(Run, WaitsForATransactionInDoubtThatHoldsTheLeaseRow) {
    State s = initial_state({});
    s.in_doubt.place = Place::cloud;
    s = at_step(s, Step::S1);
    EXPECT_FALSE(advance(s, {}).moved);
    s.in_doubt.place = Place::desktop;
    s = at_step(s, Step::S2);
    EXPECT_FALSE(advance(s, {}).moved);
    s.in_doubt = {};
    EXPECT_TRUE(advance(s, {}).moved);
}

TEST(Run, EndsAtTheBarriersWhenThereAreNoHints) {
    State s = at_step(initial_state({}), Step::M3);
    const Seq cloud_seq = s.cloud.seq;
    advance(s, {});
    EXPECT_EQ(s.runner.step, Step::idle);
    EXPECT_EQ(s.cloud.seq, cloud_seq);
}

TEST(Run, LeavesTheWatermarkWhereItReadNotWhereItEnded) {
    State s = at_step(desktop_write(), Step::M7);
    const Count read = s.runner.desktop_hints[0];
    ++s.desktop.changes[0];
    advance(s, {});
    EXPECT_EQ(s.desktop.seen_desktop[0], read);
}

TEST(Commit, WritesNothingWhenTheRowOrTheFenceMoved) {
    State raced = at_step(desktop_write(), Step::M5a);
    raced.cloud.row[0] = add_version(raced, only(0), false);
    State fenced = at_step(desktop_write(), Step::M5a);
    ++fenced.cloud.seq;
    for (const State& s : {raced, fenced}) {
        State after = s;
        EXPECT_FALSE(commit(after, planned_apply(s), {}).applied);
        EXPECT_EQ(after, s);
    }
}

TEST(Commit, BooksRowAndBaseTogetherAtTheDesktop) {
    State s = initial_state({});
    s.cloud.row[0] = add_version(s, only(0), false);
    ++s.cloud.changes[0];
    s = at_step(s, Step::M5b);
    EXPECT_TRUE(commit(s, planned_apply(s), {}).applied);
    EXPECT_EQ(s.desktop.row[0], 1);
    EXPECT_EQ(s.desktop.base[0], 1);
}

}  // namespace
}  // namespace tideway::protocol
