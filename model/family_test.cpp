// A parent and a child that refers to it: what one run makes of them.
#include <gtest/gtest.h>

#include "explore.hpp"
#include "properties.hpp"
#include "protocol.hpp"
#include "suite.hpp"

namespace tideway::protocol {
namespace {

constexpr Options free_desktop{.start = Start::no_family, .desktop_enforces = false};

void write(State& s, Place place, Key key, bool deletes = false) {
    Side& side = side_at(s, place);
    side.row[key] = add_version(s, s.history.ancestors[side.row[key]], deletes);
    ++side.changes[key];
}

State after_a_run(State s, const Options& options) {
    s.left.runs = 1;
    do advance(s, options);
    while (s.runner.step != Step::idle);
    return s;
}

TEST(Family, ArrivesInOneBatchWithOneReceipt) {
    State s = initial_state(free_desktop);
    write(s, Place::desktop, parent);
    write(s, Place::desktop, child);
    do advance(s, free_desktop);
    while (s.runner.step != Step::M6a);
    EXPECT_TRUE(lives(s, Place::cloud, parent) && lives(s, Place::cloud, child));
    ASSERT_EQ(s.cloud.receipts, 1);
    EXPECT_EQ(s.cloud.inbox[0].agreed[parent], s.desktop.row[parent]);
    EXPECT_EQ(s.cloud.inbox[0].agreed[child], s.desktop.row[child]);
}

TEST(Family, LeavesInOneBatch) {
    State s = initial_state({});
    write(s, Place::desktop, child, true);
    write(s, Place::desktop, parent, true);
    s = after_a_run(s, {});
    EXPECT_FALSE(lives(s, Place::cloud, parent) || lives(s, Place::cloud, child));
}

TEST(Orphan, IsListedAndFollowsItsParent) {
    State s = initial_state(free_desktop);
    write(s, Place::desktop, child);
    s = after_a_run(s, free_desktop);
    EXPECT_FALSE(lives(s, Place::cloud, child));
    EXPECT_TRUE(s.desktop.parked[child]);
    EXPECT_EQ(s.desktop.seen_desktop[child], s.desktop.changes[child]);
    EXPECT_EQ(check_convergence(s, free_desktop).fault, SoloFault::none);
    write(s, Place::desktop, parent);
    s = after_a_run(s, free_desktop);
    EXPECT_TRUE(lives(s, Place::cloud, child));
    EXPECT_FALSE(s.desktop.parked[child]);
}

TEST(Orphan, DoesNotHoldUpTheRowsBesideIt) {
    State s = initial_state(free_desktop);
    write(s, Place::desktop, child);
    write(s, Place::cloud, parent);
    s = after_a_run(s, free_desktop);
    EXPECT_TRUE(lives(s, Place::desktop, parent));
}

// A person has to say what is to become of the two; until then both are listed and nothing is written.
TEST(ParentDeletedWhileAChildCame, LeavesBothListed) {
    const Options options{.start = Start::childless};
    State s = initial_state(options);
    write(s, Place::desktop, parent, true);
    write(s, Place::cloud, child);
    s = after_a_run(s, options);
    EXPECT_TRUE(s.desktop.parked[parent] && s.desktop.parked[child]);
    EXPECT_TRUE(lives(s, Place::cloud, parent) && lives(s, Place::cloud, child));
    EXPECT_FALSE(lives(s, Place::desktop, parent) || lives(s, Place::desktop, child));
    EXPECT_EQ(check_convergence(s, options).fault, SoloFault::none);
}

TEST(List, MayHoldNothingThatCouldBeWritten) {
    State s = initial_state({});
    s.desktop.parked[child] = true;  // both sides hold the same child, and a run takes it off
    EXPECT_EQ(check_convergence(s, {}).fault, SoloFault::none);
    const Options never{.mutants = {Mutant::never_taken_off_the_list}};
    EXPECT_EQ(check_convergence(s, never).fault, SoloFault::never_equal);
}

// One of the parts is enough: an order that the server refuses is healed by taking the batch apart.
TEST(Bisection, HealsABatchInTheWrongOrder) {
    for (const Mutant wrong : {Mutant::no_orphan_check, Mutant::parents_deleted_first})
        for (const Start start : {Start::agreed, Start::no_family}) {
            const Case c{{.writes = 2,
                          .crashes = 0,
                          .restores = 0,
                          .runs = 2,
                          .start = start,
                          .desktop_enforces = false,
                          .mutants = {wrong}},
                         Verdict::safe};
            EXPECT_EQ(objection(c, explore(c.options)), "") << describe(c.options);
        }
}

}  // namespace
}  // namespace tideway::protocol
