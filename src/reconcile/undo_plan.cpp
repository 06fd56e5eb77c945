#include "reconcile/undo_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

namespace tideway {
namespace {

struct Chain {
    UndoStep step;
    bool begun = false, closed = false;
};

// Why an entry cannot be undone whatever the row is now; empty: it can.
std::string lasting_obstacle(const JournalEntry& entry, const std::optional<std::int64_t>& form) {
    if (entry.kept == Kept::loaded)
        return "this row and others came with the first load of the table, which is not kept row by row";
    if (!form) return "the table is not synchronised any more";
    if (!entry.form) return "a renumbering, a resolved conflict or an earlier version wrote it: enter the values of the old row again";
    if (entry.form != form) return "the table's columns, or those that are synchronised, have changed since";
    if (entry.kept == Kept::updated && !entry.after)
        return "the row or one that it refers to got another key; enter the values of the old row again";
    return "";
}

bool is_merge(const std::string& id) {
    return std::any_of(rules().begin(), rules().end(),
                       [&](const Rule& rule) { return rule.id == id && rule.verdict == Verdict::merge; });
}

bool leaves_a_mark(const JournalEntry& entry) { return entry.kept == Kept::erased && entry.after; }

// It left the row as the entry after it found it.
bool joins(const JournalEntry& entry, const Chain& chain) {
    return entry.after == chain.step.then && leaves_a_mark(entry) == chain.step.marked_then;
}

void extend(Chain& chain, const JournalEntry& entry) {
    if (!chain.begun) {
        chain.step.now = entry.after;
        chain.step.newest = entry.id;
        chain.step.marked_now = leaves_a_mark(entry);
    }
    chain.step.marked_then = entry.unmarked;
    chain.step.merges = chain.step.merges || is_merge(entry.rule);
    chain.begun = true;
    chain.step.then = entry.before;
    chain.step.restores = entry.before ? entry.id : 0;
    chain.step.run = entry.run;
}

}  // namespace

std::string undo_rule(const std::string& run) { return "undo " + run.substr(0, 8); }

std::map<std::int64_t, std::int64_t> taken_back(const std::vector<JournalEntry>& entries) {
    std::map<std::int64_t, std::int64_t> taken;
    std::map<std::pair<Key, std::string>, std::int64_t> undos;  // what holds, by key and rule
    for (const JournalEntry& entry : entries) {
        const auto undo = undos.find({entry.key, undo_rule(entry.run)});
        if (undo != undos.end())
            taken[entry.id] = undo->second;
        else if (entry.rule.starts_with("undo "))
            undos[{entry.key, entry.rule}] = entry.id;
    }
    return taken;
}

std::optional<JournalEntry> written_last(const JournalEntry& desktop, const JournalEntry& cloud, std::int64_t offset,
                                         std::int64_t doubt) {
    if (desktop.run == cloud.run) return desktop;
    const std::int64_t later = cloud.moment - offset - desktop.moment;
    if (std::abs(later) <= doubt) return std::nullopt;
    return later > 0 ? cloud : desktop;
}

UndoPlan plan_undo(const std::vector<JournalEntry>& entries,
                   const std::function<std::optional<std::int64_t>(int)>& form_of) {
    UndoPlan plan;
    std::map<std::pair<int, Key>, Chain> chains;
    for (const JournalEntry& entry : entries) {
        Chain& chain = chains[{entry.table_id, entry.key}];
        if (chain.closed) continue;
        std::string reason = lasting_obstacle(entry, form_of(entry.table_id));
        if (reason.empty() && chain.begun && !joins(entry, chain))
            reason =
                fmt::format("somebody wrote the row between run {} and run {}: what it was then is put back",
                            entry.run.substr(0, 8), chain.step.run.substr(0, 8));
        chain.closed = !reason.empty();
        if (chain.closed)
            plan.obstacles.push_back({entry.table_id, entry.key, std::move(reason)});
        else
            extend(chain, entry);
    }
    for (auto& [place, chain] : chains) {
        const bool same = chain.step.now == chain.step.then && chain.step.marked_now == chain.step.marked_then;
        if (!chain.begun || same) continue;
        chain.step.table_id = place.first;
        chain.step.key = place.second;
        plan.steps.push_back(std::move(chain.step));
    }
    return plan;
}

}  // namespace tideway
