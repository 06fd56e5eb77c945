// Rows that share a key are paired so that nothing is invented, doubled or left out.
#include "reconcile/pairing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace tideway {
namespace {

RowImage row(std::int64_t content) {
    RowImage image;
    image.key = {"8533"};
    image.facts.present = true;
    image.facts.hash = {content, content};
    image.facts.canonical = std::to_string(content);
    image.cells = {"8533", std::to_string(content / 10), std::to_string(content % 10)};
    return image;
}

BaseRow entry(int ordinal, std::int64_t content, BaseState state = BaseState::live) {
    BaseRow base;
    base.ordinal = ordinal;
    base.entry.state = state;
    base.entry.desktop = base.entry.cloud = {content, content};
    return base;
}

CandidateGroup group(std::vector<BaseRow> base, std::vector<RowImage> desktop) {
    return {{"8533"}, std::move(base), std::move(desktop), {}, {}};
}

// "ordinal: desktop|cloud", sorted; - for no row.
std::vector<std::string> told(const std::vector<KeyWork>& works) {
    std::vector<std::string> lines;
    const auto text = [](const RowImage& image) { return image.facts.present ? image.facts.canonical : "-"; };
    for (const KeyWork& work : works)
        lines.push_back(work.candidate.key.back() + ": " + text(work.candidate.desktop) + "|" +
                        text(work.cloud));
    std::sort(lines.begin(), lines.end());
    return lines;
}

LinkedTable table_with(Identity identity) {
    LinkedTable table;
    table.identity = identity;
    table.columns.resize(3);
    return table;
}
const LinkedTable ordinal = table_with(Identity::business_key_ordinal);
using Lines = std::vector<std::string>;

TEST(Pairing, a_unique_key_is_one_work_without_an_ordinal) {
    const auto works = pair_rows(group({entry(1, 5)}, {row(6)}), {row(7)}, table_with(Identity::key));
    ASSERT_EQ(works.size(), 1U);
    EXPECT_EQ(works[0].candidate.key, Key{"8533"});
    EXPECT_EQ(works[0].candidate.desktop.facts.canonical, "6");
    EXPECT_EQ(works[0].cloud.facts.canonical, "7");
}

TEST(Pairing, unchanged_rows_stay_with_their_entries_in_whatever_order_they_come) {
    EXPECT_EQ(told(pair_rows(group({entry(1, 11), entry(2, 12), entry(3, 13)}, {row(13), row(11), row(12)}),
                             {row(12), row(13), row(11)}, ordinal)),
              (Lines{"1: 11|11", "2: 12|12", "3: 13|13"}));
}

TEST(Pairing, of_equal_rows_one_deleted_on_each_side_is_one_deletion) {
    EXPECT_EQ(told(pair_rows(group({entry(1, 11), entry(2, 11)}, {row(11)}), {row(11)}, ordinal)),
              (Lines{"1: 11|11", "2: -|-"}));
}

TEST(Pairing, an_edited_row_belongs_to_the_entry_whose_other_side_is_most_like_it) {
    EXPECT_EQ(
        told(pair_rows(group({entry(1, 11), entry(2, 52)}, {row(53), row(11)}), {row(11), row(52)}, ordinal)),
        (Lines{"1: 11|11", "2: 53|52"}));
    EXPECT_EQ(told(pair_rows(group({entry(1, 11), entry(2, 52)}, {row(53)}), {row(11), row(52)}, ordinal)),
              (Lines{"1: -|11", "2: 53|52"}));
}

TEST(Pairing, first_contact_meets_by_equality_then_by_likeness_and_the_rest_is_new) {
    EXPECT_EQ(told(pair_rows(group({}, {row(11), row(52), row(90)}), {row(53), row(11)}, ordinal)),
              (Lines{"1: 11|11", "2: 52|53", "3: 90|-"}));
}

TEST(Pairing, a_row_that_the_phone_made_is_no_counterpart_of_an_office_row) {
    RowImage mobile = row(52);
    mobile.facts.marked_mobile = true;
    EXPECT_EQ(told(pair_rows(group({}, {row(53)}), {mobile}, ordinal)), (Lines{"1: 53|-", "2: -|52"}));
}

TEST(Pairing, a_row_that_the_phone_made_is_no_edit_of_an_office_row_that_is_gone) {
    RowImage made = row(12);
    made.facts.marked_mobile = true;
    EXPECT_EQ(told(pair_rows(group({entry(1, 11)}, {row(11)}), {made}, ordinal)), (Lines{"1: 11|-", "2: -|12"}));
    BaseRow theirs = entry(1, 11);
    theirs.entry.origin = Origin::mobile;
    EXPECT_EQ(told(pair_rows(group({theirs}, {row(11)}), {made}, ordinal)), (Lines{"1: 11|12"}));
}

TEST(Pairing, new_rows_of_both_sides_beside_known_ones_are_two_rows) {
    EXPECT_EQ(told(pair_rows(group({entry(1, 11)}, {row(11), row(21)}), {row(11), row(22)}, ordinal)),
              (Lines{"1: 11|11", "2: 21|-", "3: -|22"}));
}

TEST(Pairing, a_row_equal_to_a_tombstone_is_its_return_and_any_other_is_new) {
    EXPECT_EQ(told(pair_rows(group({entry(1, 11, BaseState::tombstone)}, {row(11), row(12)}), {}, ordinal)),
              (Lines{"1: 11|-", "2: 12|-"}));
}

TEST(Pairing, a_row_that_left_the_filter_stays_with_its_entry_and_others_outside_are_nobodys) {
    RowImage left = row(12), theirs = row(97);
    left.facts.outside = theirs.facts.outside = true;
    EXPECT_EQ(
        told(pair_rows(group({entry(1, 11), entry(2, 52)}, {left, theirs}), {row(11), row(52)}, ordinal)),
        (Lines{"1: 12|11", "2: -|52"}));
}

TEST(Pairing, what_waited_and_is_gone_is_settled) {
    CandidateGroup waiting = group({}, {});
    waiting.waiting.push_back({4, Choice{Side::cloud, {}}, ""});
    const auto works = pair_rows(std::move(waiting), {}, ordinal);
    ASSERT_EQ(works.size(), 1U);
    EXPECT_TRUE(works[0].candidate.was_waiting);
    EXPECT_EQ(works[0].candidate.key, (Key{"8533", "4"}));
}

RC_GTEST_PROP(Pairing, every_row_and_every_living_entry_is_in_exactly_one_work, ()) {
    const auto content = rc::gen::inRange<std::int64_t>(0, 40);
    std::vector<BaseRow> base;
    int number = 0;
    for (const auto value : *rc::gen::container<std::vector<std::int64_t>>(content))
        base.push_back(entry(++number, value,
                             *rc::gen::element(BaseState::live, BaseState::tombstone, BaseState::unknown)));
    std::multiset<std::string> rows[2];
    std::vector<RowImage> images[2];
    for (int side = 0; side < 2; ++side)
        for (const auto value : *rc::gen::container<std::vector<std::int64_t>>(content)) {
            images[side].push_back(row(value));
            rows[side].insert(std::to_string(value));
        }
    const auto works =
        pair_rows(group(base, images[0]), images[1],
                  table_with(*rc::gen::element(Identity::business_key_ordinal, Identity::full_row)));
    std::multiset<std::string> seen[2];
    std::map<std::string, int> ordinals;
    for (const KeyWork& work : works) {
        if (work.candidate.desktop.facts.present) seen[0].insert(work.candidate.desktop.facts.canonical);
        if (work.cloud.facts.present) seen[1].insert(work.cloud.facts.canonical);
        ++ordinals[work.candidate.key.back()];
    }
    RC_ASSERT(seen[0] == rows[0]);
    RC_ASSERT(seen[1] == rows[1]);
    for (const auto& [name, count] : ordinals) RC_ASSERT(count == 1);
    for (const BaseRow& each : base)
        if (each.entry.state == BaseState::live) RC_ASSERT(ordinals.contains(std::to_string(each.ordinal)));
}

RC_GTEST_PROP(Pairing, a_group_that_nobody_touched_decides_nothing, ()) {
    std::vector<BaseRow> base;
    std::vector<RowImage> desktop, cloud;
    int number = 0;
    for (const auto value :
         *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 20))) {
        base.push_back(entry(++number, value));
        desktop.push_back(row(value));
        cloud.push_back(row(value));
    }
    std::reverse(cloud.begin(), cloud.end());
    for (const KeyWork& work : pair_rows(group(base, desktop), cloud, ordinal)) {
        RC_ASSERT(work.candidate.desktop.facts.hash == work.candidate.base.desktop);
        RC_ASSERT(work.cloud.facts.hash == work.candidate.base.cloud);
    }
}

}  // namespace
}  // namespace tideway
