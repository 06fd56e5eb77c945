#include "reconcile/as_agreed.hpp"

#include <algorithm>

namespace tideway {
namespace {

bool only_writes_over(const Decision& decision) {
    return decision.to_cloud != Write::none && decision.to_desktop == Write::none && decision.wait == Wait::none &&
           !decision.conflict && !decision.merges && !decision.renumber;
}

}  // namespace

bool may_leave_cells_out(const LinkedTable& table) {
    return !table.repeats() && !table.policy.merges() && table.where.empty() &&
           std::none_of(table.columns.begin(), table.columns.end(), [](const LinkedColumn& column) { return column.by_key; });
}

std::optional<RowImage> cloud_as_agreed(const CandidateGroup& group, const LinkedTable& table, Direction direction,
                                        const ClockFacts& clocks) {
    // Nothing captures the mark of such a delete by itself.
    if (!may_leave_cells_out(table) || table.policy.deletes == DeletePolicy::soft) return std::nullopt;
    if (group.cloud_written || !group.waiting.empty() || group.base.size() != 1 || group.desktop.size() > 1) return std::nullopt;
    const BaseEntry& base = group.base.front().entry;
    if (base.state != BaseState::live || base.cloud == Hash{}) return std::nullopt;
    RowImage row;
    row.key = group.key;
    row.facts.present = row.as_agreed = true;
    row.facts.hash = base.cloud;
    row.facts.stamp = base.stamp_cloud;
    KeyFacts facts;
    facts.base = base;
    if (!group.desktop.empty()) facts.desktop = group.desktop.front().facts;
    facts.cloud = row.facts;
    facts.clocks = clocks;
    if (!only_writes_over(decide(facts, table.policy, direction))) return std::nullopt;
    row.cells.resize(table.columns.size());
    return row;
}

}  // namespace tideway
