#include "reconcile/undo_plan.hpp"

#include <fmt/format.h>

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
    if (!entry.form) return "an earlier version of tideway wrote the entry and did not note the columns";
    if (entry.form != form) return "the table's columns, or those that are synchronised, have changed since";
    if (entry.kept == Kept::updated && !entry.after)
        return "the row or one that it refers to got another key; enter the values of the old row again";
    return "";
}

void extend(Chain& chain, const JournalEntry& entry) {
    if (!chain.begun) chain.step.now = entry.after;
    chain.begun = true;
    chain.step.then = entry.before;
    chain.step.restores = entry.before ? entry.id : 0;
    chain.step.run = entry.run;
}

}  // namespace

UndoPlan plan_undo(const std::vector<JournalEntry>& entries,
                   const std::function<std::optional<std::int64_t>(int)>& form_of) {
    UndoPlan plan;
    std::map<std::pair<int, Key>, Chain> chains;
    for (const JournalEntry& entry : entries) {
        Chain& chain = chains[{entry.table_id, entry.key}];
        if (chain.closed) continue;
        std::string reason = lasting_obstacle(entry, form_of(entry.table_id));
        if (reason.empty() && chain.begun && entry.after != chain.step.then)
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
        if (!chain.begun || chain.step.now == chain.step.then) continue;
        chain.step.table_id = place.first;
        chain.step.key = place.second;
        plan.steps.push_back(std::move(chain.step));
    }
    return plan;
}

}  // namespace tideway
