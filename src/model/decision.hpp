// The decision for one key: a pure function driven by one table of rules (correctness.md 2.6,
// DESIGN.md 10.1-10.3).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/policy.hpp"
#include "model/value.hpp"

namespace tideway {

enum class BaseState { none, live, tombstone, unknown };
enum class Origin { desktop, mobile };

// What the base says about a key.
struct BaseEntry {
    BaseState state = BaseState::none;
    Hash desktop,
        cloud;  // at the agreement; a tombstone keeps those of the last live row; zero: of other columns
    // Refilled tables only: the desktop's row that our last write replaced. A refill brings it back
    // (DESIGN.md 10.1).
    Hash previous;
    bool deletion_forgotten = false;  // tombstone: the cloud was restored to before the deletion
    Origin origin = Origin::desktop;
    std::optional<std::int64_t> stamp_desktop, stamp_cloud;  // UTC microseconds
    // Merged tables only: the columns of the row as each side had it; empty: not known.
    std::string row_desktop = {}, row_cloud = {};
};

// What one side shows for a key in this run's snapshot.
struct RowFacts {
    bool present = false;
    Hash hash;                             // of the mapped columns, as this side's server computes it
    std::string canonical;                 // digest of the canonical values; comparable across the sides
    std::optional<std::int64_t> stamp;     // the user's time stamp column, UTC microseconds
    std::optional<std::int64_t> captured;  // when a trigger saw the change, by this server's clock
    bool marked_mobile = false;            // the origin column says so
    bool outside = false;                  // the table's filter (`where`) leaves it out
    bool marked_deleted = false;           // it bears the mark of deletes = "soft:..."

    // There is a row that counts.
    bool lives() const { return present && !marked_deleted; }
};

// What is needed to trust or distrust time stamps.
struct ClockFacts {
    std::int64_t desktop_now = 0, cloud_now = 0;  // server clocks at the snapshots, UTC microseconds
    std::int64_t offset = 0;                      // cloud minus desktop
    std::int64_t uncertainty = 0;                 // of the offset
};

// What becomes of two edited rows when their columns are merged (reconcile/merge.hpp).
struct MergeFacts {
    enum class Result {
        same,      // both sides made the same changes
        desktop,   // the desktop's row has all that the merged row has
        cloud,     // the cloud's has
        third,     // the merged row is neither of the two
        unsettled  // a column that nobody can settle
    };
    Result result = Result::same;
    bool loses = false;  // a value that somebody wrote is not in the merged row
};

struct KeyFacts {
    BaseEntry base;
    RowFacts desktop, cloud;
    ClockFacts clocks;
    std::optional<Side> fuller;  // its row has every value of the other's, and values where that one is NULL
    std::optional<Side> chosen;  // a person resolved this key: this side's version wins
    bool parent_collides = false;  // the row refers to a key under which two rows were created
    std::optional<Side>
        emptied;  // there the row lacks a reference that the other side's row has: its parent was missing
    // conflict = merge, and the columns of the agreed row are known; none: whole rows must be chosen between.
    std::optional<MergeFacts> merge = {};
    std::optional<Side> goes_back = {};  // that side's edit takes a column back that may only advance
};

// How a row relates to the base. `absent`/`row` where there is no live base to compare with.
// `reverted`: a refill brought back what our last write had replaced. `outside`: a row that the filter leaves
// out. `any` stands in rules only.
enum class Change { absent, row, equal, updated, deleted, reverted, outside, any };

enum class Condition {
    always,
    rows_equal,
    rows_differ,
    collision,             // cloud row marked mobile, desktop row not
    both_mobile,           // both rows marked mobile
    desktop_may_write,     // origin desktop, or the table is shared
    owned_by_mobile,       // origin mobile and the table is strict
    cloud_may_delete,      // origin mobile, or the table is shared
    owned_by_desktop,      // origin desktop and the table is strict
    stale_after_restore,   // the cloud was restored and shows the tombstone's last row
    mobile_after_restore,  // owned_by_mobile, and the cloud was restored
    brought_back,          // a refill made the tombstone's row again
    parent_collides,       // the row refers to a key under which two rows were created
    emptied_in_cloud,      // a reference was left empty there, because its parent was missing
    emptied_on_desktop,
    one_side_fuller,  // other columns are mapped now, and one row has values where the other has none
    columns_merge,    // desktop_may_write, and the columns of both rows make one row
    columns_unsettled,   // desktop_may_write, and a column's policy cannot settle its values
    desktop_goes_back,   // the desktop's edit takes a column back that may only advance
    cloud_goes_back,
    marked_in_cloud,     // the cloud keeps a row that is marked as deleted
    marked_on_desktop,
};

enum class Verdict {
    nothing,
    insert_cloud,
    insert_desktop,
    update_cloud,
    update_desktop,
    delete_cloud,
    delete_desktop,
    adopt,
    bury,        // agree on equal rows / on absence: only the base is written
    conflict,    // the policy decides, the loser is kept
    merge,       // the columns of both rows make one row
    cloud_wins,  // conflict whose winner is fixed
    fuller_wins,
    desktop_over_delete,
    cloud_over_delete,  // an update wins over a delete, which is recorded
    hold,
    ask,      // an open conflict, whatever the policy
    collide,  // waits for a person; collide: two creations with one key
};

struct Rule {
    std::string_view id;  // "R7"
    BaseState base;
    Change desktop, cloud;
    Condition when;
    Verdict verdict;
    std::string_view reason;  // one sentence for plan --rows, explain and docs/conflicts.md
};

// In order; the first row that matches decides. Complete: every combination of facts matches one (tested).
const std::vector<Rule>& rules();

enum class Write { none, insert, update, erase };
enum class Book { none, agree, tombstone };
// What a key that stays different waits for.
enum class Wait { none, person_held, person_conflict, direction, ignored };

struct Decision {
    const Rule* rule = nullptr;
    Write to_cloud = Write::none, to_desktop = Write::none;  // at most one is not none
    Book book = Book::none;                                  // when nothing is written: what the base learns
    Wait wait = Wait::none;
    bool conflict = false;      // a losing version is replaced: it goes to the conflict record
    Side winner = Side::cloud;  // only where conflict
    std::string_view kind;      // "update_update", ... only where conflict, merges or wait == person_*
    bool renumber = false;      // the desktop's row is to get another key; it waits where that cannot be
    bool bad_clock = false;     // a time stamp could not be trusted
    // The merged row, which is neither side's, is written to the cloud; the desktop's follows as an ordinary edit.
    bool merges = false;
    std::string reason;
};

// Pure and total. `direction` limits what may be written; a write that is not allowed turns into wait =
// direction.
Decision decide(const KeyFacts& facts, const Policy& policy, Direction direction);

// Which side's row is the winner by that policy; none: nobody can say, a person must. Not for merge.
std::optional<Side> winner_by(ConflictPolicy policy, const KeyFacts& facts, const Policy& table);

// The relation of a row to its base, as the rules name it.
Change relate(const BaseEntry& base, const RowFacts& row, Side side);

// The page docs/conflicts.md, generated from rules().
std::string conflicts_page();

std::string_view to_string(Condition);
std::string_view to_string(Verdict);
std::string_view to_string(BaseState);
std::string_view to_string(Change);

}  // namespace tideway
