#include "engine/pages.hpp"

#include <algorithm>

namespace tideway {
namespace {

// Where rows share a key, are merged, filtered or name others by their keys, each cell may matter to which row is which.
bool may_leave_cells_out(const LinkedTable& table) {
    return !table.repeats() && !table.policy.merges() && table.where.empty() &&
           std::none_of(table.columns.begin(), table.columns.end(), [](const LinkedColumn& column) { return column.by_key; });
}

// What a person has chosen, and references that wait for their parents, may need any cell.
std::optional<Hash> agreed_in_cloud(const CandidateGroup& group) {
    const bool plain = group.base.size() == 1 && group.base.front().entry.state == BaseState::live &&
                       std::none_of(group.waiting.begin(), group.waiting.end(),
                                    [](const WaitingRow& row) { return row.chosen || !row.emptied.empty(); });
    return plain ? std::optional(group.base.front().entry.cloud) : std::nullopt;
}

KeysOfTable keys_of(const LinkedTable& table, const std::vector<CandidateGroup>& groups, Cloud cloud) {
    KeysOfTable wanted{&table, {}, {}};
    const bool leave_out = cloud == Cloud::as_needed && may_leave_cells_out(table);
    for (const CandidateGroup& group : groups) {
        wanted.keys.push_back(group.key);
        if (leave_out) wanted.agreed.push_back(agreed_in_cloud(group));
    }
    return wanted;
}

// What changes the cloud's row, leaves both as they are or waits can do without the rest of it.
bool needs_whole_row(const Decision& decision) {
    return decision.to_desktop != Write::none || decision.conflict || decision.merges || decision.renumber;
}

// What was left out of rows that are written to the desktop is read after all.
void complete_rows(Snapshot& cloud, const LinkedTable& table, std::vector<KeyWork>& works) {
    std::map<Key, KeyWork*> incomplete;
    for (KeyWork& work : works)
        if (work.cloud.as_agreed && needs_whole_row(work.decision)) incomplete[work.cloud.key] = &work;
    if (incomplete.empty()) return;
    std::vector<Key> keys;
    for (const auto& [key, work] : incomplete) keys.push_back(key);
    for (RowImage& row : cloud.rows(table, keys)) {
        KeyWork& work = *incomplete.at(row.key);
        row.facts.captured = work.cloud.facts.captured;
        work.cloud = std::move(row);
    }
}

}  // namespace

Page next_page(Session& session, Gathered& gathered, TableRun& run, Part part, Direction direction, PageBounds bounds,
               Cloud cloud) {
    return std::move(next_pages(session, gathered, {&run}, part, direction, bounds, cloud).front());
}

std::vector<Page> next_pages(Session& session, Gathered& gathered, const std::vector<TableRun*>& runs, Part part,
                             Direction direction, PageBounds bounds, Cloud cloud) {
    std::vector<std::vector<CandidateGroup>> groups;
    std::vector<KeysOfTable> wanted;
    for (TableRun* run : runs) {
        groups.push_back(run->worklist->next(part, bounds.rows, bounds.bytes));
        if (!groups.back().empty()) wanted.push_back(keys_of(run->link(), groups.back(), cloud));
    }
    std::vector<std::vector<RowImage>> rows;
    if (!wanted.empty()) rows = gathered.cloud->rows_of(wanted);
    const Evaluate evaluate = [&](const LinkedColumn& column, const ColumnVersions& v) -> Evaluated {
        try {
            return {session.desktop->evaluate(column.policy.expression, column.desktop.base_type,
                                              {v.base_desktop, v.desktop, v.cloud})};
        } catch (const Refused& refused) {
            return {std::nullopt, refused.refusal().message};
        }
    };
    std::vector<Page> pages;
    for (std::size_t i = 0, at = 0; i < runs.size(); ++i) {
        Page& page = pages.emplace_back();
        if (groups[i].empty()) continue;
        const LinkedTable& table = runs[i]->link();
        page.keys = static_cast<std::int64_t>(groups[i].size());
        page.works = reconcile(std::move(groups[i]), std::move(rows[at++]), table, direction, session.clocks,
                               gathered.collisions, evaluate);
        complete_rows(*gathered.cloud, table, page.works);
    }
    return pages;
}

}  // namespace tideway
