// decide() is total, its table is complete, and the page of the docs is the table.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "model/decision.hpp"
#include "paths.hpp"

namespace tideway {
namespace {

constexpr Hash old_hash{1, 1}, new_hash{2, 2};

RowFacts row(bool present, bool changed, bool mobile, const char* canonical) {
    RowFacts facts;
    facts.present = present;
    facts.hash = changed ? new_hash : old_hash;
    facts.canonical = canonical;
    facts.marked_mobile = mobile;
    return facts;
}

template <typename Visit>
void every_combination(const Visit& visit) {
    for (const BaseState state : {BaseState::none, BaseState::live, BaseState::tombstone, BaseState::unknown})
        for (int bits = 0; bits < 512; ++bits) {
            const auto bit = [bits](int n) { return (bits >> n & 1) != 0; };
            KeyFacts facts;
            facts.base.state = state;
            facts.base.desktop = facts.base.cloud = old_hash;
            facts.base.origin = bit(0) ? Origin::mobile : Origin::desktop;
            facts.desktop = row(bit(1), bit(2), bit(3), "x");
            facts.cloud = row(bit(4), bit(5), bit(6), bit(7) ? "x" : "y");
            facts.base.deletion_forgotten = bit(8);
            visit(facts);
        }
}

template <typename Visit>
void every_policy(const Visit& visit) {
    for (const Ownership ownership : {Ownership::shared, Ownership::strict})
        for (const ConflictPolicy conflict :
             {ConflictPolicy::latest, ConflictPolicy::desktop, ConflictPolicy::cloud, ConflictPolicy::manual,
              ConflictPolicy::merge})
            for (const DeletePolicy deletes :
                 {DeletePolicy::propagate, DeletePolicy::hold, DeletePolicy::ignore, DeletePolicy::soft})
                visit(Policy{conflict, ownership, deletes});
}

// Beside the facts of every_combination(): what a merge came to, and which rows bear the mark of a deletion.
template <typename Visit>
void every_merge_and_mark(const Visit& visit) {
    using Result = MergeFacts::Result;
    every_combination([&](const KeyFacts& plain) {
        for (const Result result : {Result::same, Result::desktop, Result::cloud, Result::third, Result::unsettled})
            for (const bool loses : {false, true}) {
                KeyFacts facts = plain;
                facts.merge = MergeFacts{result, loses};
                visit(facts);
            }
        for (const Side side : {Side::desktop, Side::cloud}) {
            KeyFacts facts = plain;
            facts.goes_back = side;
            visit(facts);
        }
        for (int marks = 1; marks < 4; ++marks) {
            KeyFacts facts = plain;
            facts.desktop.marked_deleted = (marks & 1) != 0;
            facts.cloud.marked_deleted = (marks & 2) != 0;
            visit(facts);
        }
    });
}

TEST(Decide, has_a_rule_for_every_combination_of_facts_and_policies) {
    every_combination([](const KeyFacts& facts) {
        every_policy([&](const Policy& policy) { EXPECT_NO_THROW(decide(facts, policy, Direction::both)); });
    });
    every_merge_and_mark([](const KeyFacts& facts) {
        every_policy([&](const Policy& policy) { EXPECT_NO_THROW(decide(facts, policy, Direction::both)); });
    });
}

// A merged row goes to the cloud first, never to both sides at once, and what it leaves out is kept.
TEST(Decide, a_merge_writes_one_side_and_keeps_what_it_leaves_out) {
    every_merge_and_mark([](const KeyFacts& facts) {
        every_policy([&](const Policy& policy) {
            const Decision d = decide(facts, policy, Direction::both);
            EXPECT_FALSE(d.to_cloud != Write::none && d.to_desktop != Write::none) << d.rule->id;
            if (d.rule->verdict != Verdict::merge) return;
            EXPECT_EQ(d.merges, facts.merge->result == MergeFacts::Result::third);
            EXPECT_EQ(d.conflict, facts.merge->loses);
            if (d.merges) {
                EXPECT_EQ(d.to_cloud, Write::update);
            }
            if (policy.ownership == Ownership::strict) {
                EXPECT_EQ(facts.base.origin, Origin::desktop);
            }
            EXPECT_EQ(decide(facts, policy, Direction::reverse).to_cloud, Write::none);
        });
    });
}

// P4: a row that is kept with its mark comes back only where the other side made it again after an agreed delete, or
// edited it while it was deleted.
TEST(Decide, P4_a_row_that_is_marked_as_deleted_is_no_row) {
    every_merge_and_mark([](const KeyFacts& facts) {
        every_policy([&](const Policy& policy) {
            const Decision d = decide(facts, policy, Direction::both);
            if (!facts.desktop.lives()) {
                EXPECT_TRUE(d.to_cloud == Write::none || d.to_cloud == Write::erase) << d.rule->id;
            }
            if (!facts.cloud.lives()) {
                EXPECT_TRUE(d.to_desktop == Write::none || d.to_desktop == Write::erase) << d.rule->id;
            }
            const bool never_agreed = facts.base.state == BaseState::none || facts.base.state == BaseState::unknown;
            if (never_agreed && facts.cloud.present && facts.cloud.marked_deleted) {
                EXPECT_EQ(d.to_cloud, Write::none);
            }
        });
    });
}

TEST(Decide, writes_at_most_one_side) {
    every_combination([](const KeyFacts& facts) {
        every_policy([&](const Policy& policy) {
            const Decision d = decide(facts, policy, Direction::both);
            EXPECT_FALSE(d.to_cloud != Write::none && d.to_desktop != Write::none) << d.rule->id;
        });
    });
}

TEST(Decide, P3_strict_forward_never_touches_a_row_of_mobile_origin) {
    every_combination([](const KeyFacts& facts) {
        if (facts.base.state != BaseState::live && facts.base.state != BaseState::unknown) return;
        if (facts.base.origin != Origin::mobile || !facts.cloud.present) return;
        every_policy([&](const Policy& policy) {
            if (policy.ownership == Ownership::strict) {
                EXPECT_EQ(decide(facts, policy, Direction::both).to_cloud, Write::none);
            }
        });
    });
}

TEST(Decide, P7_a_delete_has_a_live_base_and_an_unchanged_other_side) {
    every_combination([](const KeyFacts& facts) {
        every_policy([&](const Policy& policy) {
            const Decision d = decide(facts, policy, Direction::both);
            if (d.to_cloud == Write::erase) {
                EXPECT_EQ(facts.base.state, BaseState::live);
                EXPECT_EQ(facts.cloud.hash, facts.base.cloud);
            }
            if (d.to_desktop == Write::erase) {
                EXPECT_EQ(facts.base.state, BaseState::live);
                EXPECT_EQ(facts.desktop.hash, facts.base.desktop);
            }
        });
    });
}

TEST(Decide, a_replaced_version_that_is_not_the_base_is_a_conflict_whose_loser_is_kept) {
    every_combination([](const KeyFacts& facts) {
        every_policy([&](const Policy& policy) {
            const Decision d = decide(facts, policy, Direction::both);
            const bool loses_cloud = d.to_cloud == Write::update && !(facts.base.state == BaseState::live &&
                                                                      facts.cloud.hash == facts.base.cloud);
            const bool loses_desktop =
                d.to_desktop == Write::update &&
                !(facts.base.state == BaseState::live && facts.desktop.hash == facts.base.desktop);
            if (loses_cloud || loses_desktop) {
                EXPECT_TRUE(d.conflict) << d.rule->id;
            }
        });
    });
}

TEST(Decide, a_direction_that_is_not_run_is_left_pending_and_never_approximated) {
    every_combination([](const KeyFacts& facts) {
        every_policy([&](const Policy& policy) {
            const Decision whole = decide(facts, policy, Direction::both);
            const Decision forward = decide(facts, policy, Direction::forward),
                           reverse = decide(facts, policy, Direction::reverse);
            EXPECT_EQ(forward.to_desktop, Write::none);
            EXPECT_EQ(reverse.to_cloud, Write::none);
            EXPECT_EQ(forward.to_cloud, whole.to_cloud);
            EXPECT_EQ(reverse.to_desktop, whole.to_desktop);
            if (whole.to_desktop != Write::none) {
                EXPECT_EQ(forward.wait, Wait::direction);
            }
            if (whole.to_cloud != Write::none) {
                EXPECT_EQ(reverse.wait, Wait::direction);
            }
        });
    });
}

// A backup knows nothing of what was deleted or edited after it was taken.
TEST(Decide, P4_a_restored_cloud_brings_no_deleted_row_back) {
    every_combination([](const KeyFacts& facts) {
        const bool stale = facts.base.state == BaseState::tombstone && facts.base.deletion_forgotten &&
                           facts.cloud.present && facts.cloud.hash == facts.base.cloud;
        if (!stale || facts.desktop.present) return;
        every_policy([&](const Policy& policy) {
            const Decision d = decide(facts, policy, Direction::both);
            EXPECT_EQ(d.to_desktop, Write::none);
            EXPECT_EQ(d.wait, Wait::person_held);
        });
    });
}

TEST(Decide, P4_a_restored_cloud_turns_no_strict_mobile_row_back) {
    every_combination([](const KeyFacts& facts) {
        const bool restored = facts.base.state == BaseState::unknown && facts.base.origin == Origin::mobile;
        if (!restored || !facts.desktop.present || !facts.cloud.present) return;
        if (facts.desktop.canonical == facts.cloud.canonical) return;
        every_policy([&](const Policy& policy) {
            if (policy.ownership == Ownership::strict) {
                EXPECT_EQ(decide(facts, policy, Direction::both).wait, Wait::person_held);
            }
        });
    });
}

TEST(Decide, two_rows_that_were_created_under_one_key_are_both_kept) {
    every_combination([](const KeyFacts& facts) {
        if (facts.base.state != BaseState::none && facts.base.state != BaseState::tombstone) return;
        if (!facts.desktop.present || !facts.cloud.present) return;
        if (!facts.cloud.marked_mobile || facts.desktop.marked_mobile) return;
        if (facts.desktop.canonical == facts.cloud.canonical) return;
        every_policy([&](const Policy& policy) {
            const Decision d = decide(facts, policy, Direction::both);
            EXPECT_EQ(d.to_cloud, Write::none);
            EXPECT_EQ(d.to_desktop, Write::none);
            EXPECT_EQ(d.wait, Wait::person_conflict);
        });
    });
}

TEST(Decide, deletes_are_carried_out_held_or_ignored_as_configured) {
    KeyFacts facts;
    facts.base.state = BaseState::live;
    facts.base.desktop = facts.base.cloud = old_hash;
    facts.cloud = row(true, false, false, "x");
    const auto decided = [&](DeletePolicy deletes) {
        return decide(facts, {ConflictPolicy::latest, Ownership::shared, deletes}, Direction::both);
    };
    EXPECT_EQ(decided(DeletePolicy::propagate).to_cloud, Write::erase);
    for (const DeletePolicy kept : {DeletePolicy::hold, DeletePolicy::ignore})
        EXPECT_EQ(decided(kept).to_cloud, Write::none);
    EXPECT_EQ(decided(DeletePolicy::hold).wait, Wait::person_held);
    EXPECT_EQ(decided(DeletePolicy::ignore).wait, Wait::ignored);
}

// Each side hashes in its own way.
TEST(Decide, a_row_is_compared_with_the_hash_of_its_own_side) {
    KeyFacts facts;
    facts.base.state = BaseState::live;
    facts.base.desktop = old_hash;
    facts.base.cloud = new_hash;
    facts.desktop = row(true, false, false, "x");
    facts.cloud = row(true, true, false, "x");
    EXPECT_EQ(decide(facts, Policy{}, Direction::both).rule->verdict, Verdict::nothing);
    facts.cloud.hash = old_hash;
    EXPECT_EQ(decide(facts, Policy{}, Direction::both).to_desktop, Write::update);
}

KeyFacts both_edited(std::optional<std::int64_t> desktop, std::optional<std::int64_t> cloud) {
    KeyFacts facts;
    facts.base.state = BaseState::live;
    facts.base.desktop = facts.base.cloud = old_hash;
    facts.base.stamp_desktop = facts.base.stamp_cloud = 1'000'000;
    facts.desktop = row(true, true, false, "x");
    facts.cloud = row(true, true, false, "y");
    facts.desktop.stamp = desktop;
    facts.cloud.stamp = cloud;
    facts.clocks.desktop_now = facts.clocks.cloud_now = 1'000'000'000;
    return facts;
}

TEST(Latest, compares_stamps_null_is_oldest_and_a_tie_keeps_the_cloud) {
    const auto winner = [](const KeyFacts& facts) { return decide(facts, Policy{}, Direction::both).winner; };
    EXPECT_EQ(winner(both_edited(3'000'000, 2'000'000)), Side::desktop);
    EXPECT_EQ(winner(both_edited(2'000'000, 3'000'000)), Side::cloud);
    EXPECT_EQ(winner(both_edited(2'000'000, 2'000'000)), Side::cloud);
    EXPECT_EQ(winner(both_edited(2'000'000, std::nullopt)), Side::desktop);
    EXPECT_EQ(winner(both_edited(std::nullopt, 2'000'000)), Side::cloud);
}

TEST(Latest, corrects_by_the_measured_offset_of_the_clocks) {
    KeyFacts facts = both_edited(200'000'000, 250'000'000);
    facts.clocks.offset = 90'000'000;
    facts.clocks.cloud_now += 90'000'000;
    EXPECT_EQ(decide(facts, Policy{}, Direction::both).winner, Side::desktop);
}

TEST(Latest, asks_a_person_when_a_stamp_in_the_future_is_all_there_is) {
    const Decision d = decide(both_edited(2'000'000, 20'000'000'000), Policy{}, Direction::both);
    EXPECT_EQ(d.wait, Wait::person_conflict);
    EXPECT_TRUE(d.bad_clock);
    EXPECT_EQ(d.to_cloud, Write::none);
    EXPECT_EQ(d.to_desktop, Write::none);
}

TEST(Latest, takes_the_moment_of_capture_where_a_stamp_is_not_trusted) {
    KeyFacts facts = both_edited(500'000'000, 20'000'000'000);
    facts.cloud.captured = 400'000'000;
    EXPECT_EQ(decide(facts, Policy{}, Direction::both).winner, Side::desktop);
    facts.cloud.captured = 600'000'000;
    EXPECT_EQ(decide(facts, Policy{}, Direction::both).winner, Side::cloud);
}

TEST(Latest, does_not_trust_a_stamp_that_an_edit_left_alone) {
    KeyFacts facts = both_edited(500'000, 1'000'000);
    facts.base.stamp_desktop = 400'000;
    EXPECT_EQ(decide(facts, Policy{}, Direction::both).wait, Wait::person_conflict);
    facts.cloud.captured = 400'000;
    EXPECT_EQ(decide(facts, Policy{}, Direction::both).winner, Side::desktop);
}

// Hashes of zero: the base speaks of other columns than those mapped now.
TEST(NewlyMapped, a_column_that_one_side_had_filled_is_taken_from_there_whatever_the_policy_says) {
    KeyFacts facts;
    facts.base.state = BaseState::unknown;
    facts.desktop = row(true, true, false, "x");
    facts.cloud = row(true, true, false, "y");
    for (const Side fuller : {Side::desktop, Side::cloud}) {
        facts.fuller = fuller;
        every_policy([&](const Policy& policy) {
            const Decision d = decide(facts, policy, Direction::both);
            EXPECT_EQ(fuller == Side::desktop ? d.to_cloud : d.to_desktop, Write::update);
            EXPECT_TRUE(d.conflict) << "the row that is replaced is kept";
        });
    }
}

TEST(NewlyMapped, a_restore_is_left_to_the_policy_and_a_mobile_row_to_mobile) {
    KeyFacts facts;
    facts.base.state = BaseState::unknown;
    facts.desktop = row(true, true, false, "x");
    facts.cloud = row(true, true, false, "y");
    facts.fuller = Side::desktop;
    facts.base.origin = Origin::mobile;
    EXPECT_EQ(decide(facts, {ConflictPolicy::desktop, Ownership::strict}, Direction::both).to_cloud,
              Write::none);
    facts.base.origin = Origin::desktop;
    facts.base.desktop = facts.base.cloud = old_hash;
    EXPECT_EQ(decide(facts, {ConflictPolicy::cloud, Ownership::strict}, Direction::both).to_cloud,
              Write::none);
}

TEST(ConflictsPage, is_the_table_that_decides) {
    const std::string path = std::string(TIDEWAY_SOURCE_DIR) + "/docs/conflicts.md";
    if (std::getenv("TIDEWAY_WRITE_DOCS")) std::ofstream(path) << conflicts_page();
    std::ifstream file(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), conflicts_page())
        << "regenerate: TIDEWAY_WRITE_DOCS=1 build/dev/tests/unit_decide";
}

}  // namespace
}  // namespace tideway
