// The page docs/conflicts.md, made from the table that decides.
#include <fmt/format.h>

#include "model/decision.hpp"

namespace tideway {

std::string_view to_string(BaseState state) {
    switch (state) {
        case BaseState::none:
            return "none";
        case BaseState::live:
            return "known";
        case BaseState::tombstone:
            return "deleted";
        case BaseState::unknown:
            return "unknown";
    }
    return "?";
}

std::string_view to_string(Change change) {
    switch (change) {
        case Change::absent:
            return "no row";
        case Change::row:
            return "row";
        case Change::equal:
            return "unchanged";
        case Change::updated:
            return "edited";
        case Change::outside:
            return "row outside the filter";
        case Change::any:
            return "any";
        case Change::reverted:
            return "as before our write";
        case Change::deleted:
            return "deleted";
    }
    return "?";
}

std::string_view to_string(Condition condition) {
    switch (condition) {
        case Condition::always:
            return "";
        case Condition::rows_equal:
            return "the rows are equal";
        case Condition::rows_differ:
            return "the rows differ";
        case Condition::collision:
            return "the cloud's row is marked mobile, the desktop's is not";
        case Condition::both_mobile:
            return "both rows are marked mobile";
        case Condition::desktop_may_write:
            return "made on the desktop, or the table is shared";
        case Condition::owned_by_mobile:
            return "made on mobile, and the table is strict";
        case Condition::cloud_may_delete:
            return "made on mobile, or the table is shared";
        case Condition::owned_by_desktop:
            return "made on the desktop, and the table is strict";
        case Condition::brought_back:
            return "the table is refilled, and the row is as it was before its deletion";
        case Condition::mobile_after_restore:
            return "made on mobile, the table is strict, and the cloud was restored";
        case Condition::stale_after_restore:
            return "the cloud was restored and shows the row as it was before its deletion";
        case Condition::parent_collides:
            return "it refers to a key under which two rows were created";
        case Condition::emptied_in_cloud:
            return "a reference is empty in the cloud until its parent comes";
        case Condition::emptied_on_desktop:
            return "a reference is empty on the desktop until its parent comes";
        case Condition::one_side_fuller:
            return "other columns are mapped than before, and one row has values where the other has none";
        case Condition::columns_merge:
            return "`conflict = \"merge\"`, the agreed row is known, made on the desktop or the table is shared";
        case Condition::columns_unsettled:
            return "the same, but a column cannot be settled";
        case Condition::desktop_goes_back:
            return "a column with `advance` goes back on the desktop";
        case Condition::cloud_goes_back:
            return "a column with `advance` goes back in the cloud";
        case Condition::marked_in_cloud:
            return "the cloud has the row, marked as deleted";
        case Condition::marked_on_desktop:
            return "the desktop has the row, marked as deleted";
    }
    return "?";
}

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::nothing:
            return "nothing to do";
        case Verdict::insert_cloud:
            return "insert into the cloud";
        case Verdict::insert_desktop:
            return "insert into the desktop";
        case Verdict::update_cloud:
            return "update the cloud";
        case Verdict::update_desktop:
            return "update the desktop";
        case Verdict::delete_cloud:
            return "delete from the cloud (`deletes`)";
        case Verdict::delete_desktop:
            return "delete from the desktop (`deletes`)";
        case Verdict::adopt:
            return "link, nothing is written";
        case Verdict::bury:
            return "remember that it is gone";
        case Verdict::conflict:
            return "conflict: `conflict` names the winner, the loser is kept";
        case Verdict::merge:
            return "one row is made of both ([merging](merging.md)); what it leaves out is kept";
        case Verdict::cloud_wins:
            return "the cloud's version stays, the desktop's is kept as the loser";
        case Verdict::fuller_wins:
            return "the fuller version goes to the other side, the row that it replaces is kept";
        case Verdict::desktop_over_delete:
            return "insert into the cloud again, the delete is recorded";
        case Verdict::cloud_over_delete:
            return "insert into the desktop again, the delete is recorded";
        case Verdict::hold:
            return "held: listed, waits for a person";
        case Verdict::ask:
            return "open conflict: listed, waits for a person";
        case Verdict::collide:
            return "open conflict: listed, waits for a person";
    }
    return "?";
}

std::string conflicts_page() {
    std::string page = R"(# What happens to a row

For every key whose row differs from what both sides last agreed on (the *base*), the first line of this table that
fits decides. `plan --rows` names the line; the page is generated from the table in the program.

| rule | base | desktop | cloud | if | what happens | because |
|---|---|---|---|---|---|---|
)";
    for (const Rule& rule : rules())
        page += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", rule.id, to_string(rule.base),
                            to_string(rule.desktop), to_string(rule.cloud), to_string(rule.when),
                            to_string(rule.verdict), rule.reason);
    page += R"(
- **base**: *known*: both sides once agreed on a row; *none*: never; *deleted*: both agreed that it is gone; *unknown*: the
  agreement was lost because a side was restored from a backup, or speaks of other columns than those mapped now.
- **strict, shared**: `ownership`. Strict is the default of a table with an `origin` column: what was made on one side is
  deleted only there, and the desktop never changes a row that was made on mobile. Such changes are *held*.
- **Direction**: with `--direction forward` only the cloud is written, with `reverse` only the desktop. What needs the other
  direction is counted as *pending* and left exactly as it is.
- **Who wins** (`conflict`): `latest` compares the `timestamps` columns, corrected by the measured offset of the two clocks;
  no time stamp is oldest, equal ones keep the cloud's row. A stamp in the future, or one that did not move although the row
  changed, is not trusted: the moment when the changelog saw the edit decides instead, and where there is none a person does.
  `desktop` and `cloud` name the winner; `manual` leaves both rows alone and lists them. `merge` decides column by column
  ([merging](merging.md)); where a whole row must win, it goes by its fallback, `latest` unless `"merge:..."` names another.
- **The loser** is kept whole in `tideway.conflict` of the side where it was replaced, in the same transaction:
  `tideway conflicts list`. Every row that a run replaces or deletes is in `tideway.journal` as well.
- **Deletes** (`deletes`): `propagate` carries them over, `hold` lists them, `ignore` leaves the other side's row alone.
  With `soft:column=value` a side that has the column keeps its row: it gets the mark instead of being deleted, and a row
  that bears the mark counts as deleted on its side, whoever set it.
- Held rows and open conflicts are decided with `tideway conflicts resolve ID --take desktop|cloud`; the next sync carries
  the decision out, a delete included.
)";
    return page;
}

}  // namespace tideway
