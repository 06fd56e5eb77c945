// Which rows of the cloud are taken for what was agreed on, without being read.
#include "reconcile/as_agreed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tideway {
namespace {

LinkedTable jobs() {
    LinkedTable table;
    table.columns.resize(3);
    table.columns[0].key = true;
    return table;
}

// Edited on the desktop since both sides agreed.
CandidateGroup edited() {
    CandidateGroup group;
    group.key = {"7"};
    group.cloud_written = false;
    BaseRow& base = group.base.emplace_back();
    base.entry.state = BaseState::live;
    base.entry.desktop = {1, 1};
    base.entry.cloud = {2, 2};
    base.entry.stamp_cloud = 40;
    RowImage& row = group.desktop.emplace_back();
    row.key = {"7"};
    row.facts.present = true;
    row.facts.hash = {3, 3};
    row.cells = {"7", "new", std::nullopt};
    return group;
}

CandidateGroup deleted() {
    CandidateGroup group = edited();
    group.desktop.clear();
    return group;
}

bool known(const CandidateGroup& group, const LinkedTable& table = jobs(), Direction direction = Direction::both) {
    return cloud_as_agreed(group, table, direction, {}).has_value();
}

TEST(AsAgreed, ARowThatIsOnlyWrittenOverIsTheOneOfTheBase) {
    const auto row = cloud_as_agreed(edited(), jobs(), Direction::forward, {});
    ASSERT_TRUE(row);
    EXPECT_EQ(row->key, Key{"7"});
    EXPECT_TRUE(row->as_agreed && row->facts.present);
    EXPECT_EQ(row->facts.hash, (Hash{2, 2}));
    EXPECT_EQ(row->facts.stamp, 40);
    EXPECT_EQ(row->cells.size(), 3U);
    EXPECT_TRUE(known(deleted()));
}

TEST(AsAgreed, WhatTheCloudWasFoundToHaveWrittenIsRead) {
    for (CandidateGroup group : {edited(), deleted()}) {
        group.cloud_written = true;
        EXPECT_FALSE(known(group));
    }
}

TEST(AsAgreed, WhatWaitsOrWasNeverAgreedOnIsRead) {
    CandidateGroup waiting = edited();
    waiting.waiting.emplace_back();
    EXPECT_FALSE(known(waiting));
    for (const BaseState state : {BaseState::none, BaseState::tombstone, BaseState::unknown}) {
        CandidateGroup group = edited();
        group.base.front().entry.state = state;
        EXPECT_FALSE(known(group)) << to_string(state);
    }
    CandidateGroup fresh = edited();
    fresh.base.clear();
    EXPECT_FALSE(known(fresh));
    CandidateGroup unseen = edited();  // merged in the cloud, and not looked at since
    unseen.base.front().entry.cloud = {};
    EXPECT_FALSE(known(unseen));
}

TEST(AsAgreed, WhatWaitsForAPersonOrAnotherDirectionIsRead) {
    EXPECT_FALSE(known(edited(), jobs(), Direction::reverse));
    LinkedTable strict = jobs();
    strict.policy.ownership = Ownership::strict;
    CandidateGroup mobile = edited();
    mobile.base.front().entry.origin = Origin::mobile;
    EXPECT_FALSE(known(mobile, strict));
    EXPECT_TRUE(known(edited(), strict));
    for (const DeletePolicy policy : {DeletePolicy::hold, DeletePolicy::ignore, DeletePolicy::soft}) {
        LinkedTable table = jobs();
        table.policy.deletes = policy;
        EXPECT_FALSE(known(deleted(), table));
    }
}

TEST(AsAgreed, ARefillThatBroughtBackWhatWeReplacedIsRead) {
    LinkedTable table = jobs();
    table.policy.refill = true;
    CandidateGroup group = edited();
    group.base.front().entry.previous = {3, 3};
    EXPECT_FALSE(known(group, table));
    group.base.front().entry.previous = {4, 4};
    EXPECT_TRUE(known(group, table));
}

TEST(AsAgreed, WhereEachCellMayMatterRowsAreRead) {
    std::vector<LinkedTable> tables(4, jobs());
    tables[0].identity = Identity::business_key_ordinal;
    tables[1].policy.conflict = ConflictPolicy::merge;
    tables[2].where = "open";
    tables[3].columns[1].by_key = std::make_shared<const ParentByKey>();
    for (const LinkedTable& table : tables) EXPECT_FALSE(known(edited(), table) || may_leave_cells_out(table));
}

// Whatever the policy: where a row is not read, the table of rules says of a row that is as agreed on that only the cloud is
// written, and of the row's other facts it asks nothing.
RC_GTEST_PROP(AsAgreed, other_facts_of_the_row_would_not_change_the_decision, ()) {
    LinkedTable table = jobs();
    table.policy.ownership = *rc::gen::element(Ownership::shared, Ownership::strict);
    table.policy.conflict = *rc::gen::element(ConflictPolicy::latest, ConflictPolicy::desktop, ConflictPolicy::cloud, ConflictPolicy::manual);
    table.policy.deletes = *rc::gen::element(DeletePolicy::propagate, DeletePolicy::hold, DeletePolicy::ignore);
    table.policy.refill = *rc::gen::arbitrary<bool>();
    CandidateGroup group = *rc::gen::arbitrary<bool>() ? edited() : deleted();
    group.base.front().entry.origin = *rc::gen::element(Origin::desktop, Origin::mobile);
    group.base.front().entry.previous = *rc::gen::element(Hash{}, Hash{3, 3});
    const auto row = cloud_as_agreed(group, table, Direction::both, {});
    RC_PRE(row.has_value());
    KeyFacts facts;
    facts.base = group.base.front().entry;
    if (!group.desktop.empty()) facts.desktop = group.desktop.front().facts;
    facts.cloud = row->facts;
    facts.cloud.stamp = *rc::gen::element(std::optional<std::int64_t>(), std::optional<std::int64_t>(90));
    facts.cloud.marked_mobile = *rc::gen::arbitrary<bool>();
    facts.cloud.canonical = *rc::gen::element(std::string(), std::string("x"));
    if (*rc::gen::arbitrary<bool>()) facts.fuller = Side::cloud;
    const Decision decision = decide(facts, table.policy, Direction::both);
    RC_ASSERT(decision.to_cloud == (group.desktop.empty() ? Write::erase : Write::update));
    RC_ASSERT(decision.to_desktop == Write::none && decision.wait == Wait::none && !decision.conflict);
}

}  // namespace
}  // namespace tideway
