// What became of the rows of an undo, in words.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/undo.hpp"

namespace tideway {
namespace {

const char* action_of(Write write) {
    return write == Write::insert ? "brought back" : write == Write::update ? "put back" : "removed again";
}

// Why a row was set aside before it was written; empty: it was written, or is no longer what it was.
std::string obstacle(const RowOutcome& outcome) {
    switch (outcome.fate) {
        case Fate::applied:
        case Fate::raced:
            return "";
        case Fate::suppressed:
            return "a trigger suppressed the write";
        case Fate::orphan:
            return fmt::format("a row that it refers to by {} is not there", outcome.constraint);
        case Fate::parent:
            return fmt::format("rows that nobody undoes refer to it by {}", outcome.constraint);
        case Fate::clash:
            return fmt::format("another row has its value under the unique key {}", outcome.constraint);
        case Fate::touched:
            return "the row was edited since, in columns that are not synchronised";
        case Fate::inexact:
            return "the kept image does not give back every value exactly, or a row that it refers to is not there or "
                   "another one; tideway explain shows it";
    }
    return "";
}

bool is_among(const std::vector<RowImage>& rows, const Hash& hash, bool marked) {
    return std::any_of(rows.begin(), rows.end(), [&](const RowImage& row) {
        return row.facts.hash == hash && row.facts.marked_deleted == marked;
    });
}

// The row is as it was before the run: somebody was quicker, perhaps an undo that was broken off.
bool is_back(const UndoStep& step, const std::vector<RowImage>& rows) {
    return step.then ? is_among(rows, *step.then, step.marked_then) : rows.empty();
}

}  // namespace

std::string Undo::why_raced(const UndoStep& step, const std::vector<RowImage>& rows) const {
    if (step.now && is_among(rows, *step.now, step.marked_now)) return "somebody is writing the row at this moment";
    if (step.now) return rows.empty() ? "the row was deleted since" : "the row was edited since";
    return rows.empty() ? "a row that it refers to was not brought back"
                        : "there is a row with this key again";
}

void Undo::explain_raced(Side side, const std::vector<UndoStep>& raced) {
    std::map<int, std::vector<const UndoStep*>> by_table;
    for (const UndoStep& step : raced) by_table[step.table_id].push_back(&step);
    for (const auto& [id, steps] : by_table) {
        const LinkedTable& table = *link_of(id);
        std::vector<Key> keys;
        for (const UndoStep* step : steps) keys.push_back(step->key);
        for (Key& key : keys) key.resize(table.key_cells());
        std::map<Key, std::vector<RowImage>> rows;
        const auto snapshot = session_.store(side).snapshot({&table});
        for (RowImage& row : snapshot->rows(table, keys)) rows[row.key].push_back(std::move(row));
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (is_back(*steps[i], rows[keys[i]]))
                ++table_of(table).already;
            else
                leave(side, table, steps[i]->key, why_raced(*steps[i], rows[keys[i]]));
        }
    }
}

void Undo::count(Side side, const LinkedTable& table, const PlannedRow& row) {
    UndoneTable& undone = table_of(table);
    WriteCounts& counts = side == Side::cloud ? undone.to_cloud : undone.to_desktop;
    (row.write == Write::insert   ? counts.inserted
     : row.write == Write::update ? counts.updated
                                  : counts.deleted)++;
    if (options_.dry_run)
        report_.rows.push_back(
            {side, table.desktop.display(), display(row.key), action_of(row.write), row.rule});
}

void Undo::sort_out(Side side, const Batch& batch, const BatchOutcome& outcome, const UndoPlan& plan) {
    std::map<std::pair<int, Key>, const UndoStep*> steps;
    for (const UndoStep& step : plan.steps) steps[{step.table_id, step.key}] = &step;
    std::vector<UndoStep> raced;
    for (std::size_t s = 0; s < batch.sections.size(); ++s)
        for (std::size_t r = 0; r < batch.sections[s].rows.size(); ++r) {
            const LinkedTable& table = *batch.sections[s].table;
            const PlannedRow& row = batch.sections[s].rows[r];
            const RowOutcome& fate = outcome.outcomes[s][r];
            if (fate.fate == Fate::applied) count(side, table, row);
            if (fate.fate == Fate::raced) raced.push_back(*steps.at({table.id, row.key}));
            if (std::string reason = obstacle(fate); !reason.empty())
                leave(side, table, row.key, std::move(reason));
        }
    explain_raced(side, raced);
}

// The cloud's rows are as good as new to the desktop, and the other way round. Where the other side has kept its row with
// a mark, the tombstone is what says that a new row takes the mark away.
void Undo::forget_tombstones(Side side, const Batch& batch) {
    for (const BatchSection& section : batch.sections) {
        if (section.table->mark(other(side))) continue;
        std::vector<Key> back;
        for (const PlannedRow& row : section.rows)
            if (row.write == Write::insert || row.revives) back.push_back(row.key);
        if (!back.empty()) session_.archive().forget_tombstones(*section.table, back, desktop_fence_);
    }
}

// What a merge wrote in the cloud is taken back there and, if it has come so far, on the desktop: either side lacks then what the
// other one had brought. Beside what was agreed on this would look like edits that take it away; without an agreement the two
// rows meet as a conflict, which keeps both.
void Undo::forget_merges(const UndoPlan& plan) {
    Booking booking;
    booking.run = report_.run;
    for (const UndoStep& step : plan.steps) {
        const LinkedTable* table = step.merges ? link_of(step.table_id) : nullptr;
        if (table == nullptr) continue;
        for (const Agreed& agreed : session_.archive().agreed(*table, step.key)) {
            const BaseEntry& base = agreed.entry;
            booking.agreements.push_back({table, step.key, BaseState::unknown, base.origin, base.desktop, base.cloud,
                                          base.stamp_desktop, base.stamp_cloud});
        }
    }
    if (!booking.agreements.empty()) session_.archive().book(booking, desktop_fence_);
}

}  // namespace tideway
