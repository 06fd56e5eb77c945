#include "engine/pages.hpp"

#include <algorithm>

#include "reconcile/as_agreed.hpp"

namespace tideway {
namespace {

// What a person has chosen, and references that wait for their parents, may need any cell.
std::optional<Hash> agreed_in_cloud(const CandidateGroup& group) {
    const bool plain = group.base.size() == 1 && group.base.front().entry.state == BaseState::live &&
                       std::none_of(group.waiting.begin(), group.waiting.end(),
                                    [](const WaitingRow& row) { return row.chosen || !row.emptied.empty(); });
    return plain ? std::optional(group.base.front().entry.cloud) : std::nullopt;
}

// What one page needs of the cloud: keys to read, and rows that are known without reading.
struct Asked {
    KeysOfTable wanted;
    std::vector<RowImage> rows;
};

// Where a key is in doubt (a collision), rows that refer to it are looked at.
Asked ask(const Session& session, const Gathered& gathered, const TableRun& run, const std::vector<CandidateGroup>& groups,
          Direction direction, Cloud cloud) {
    const LinkedTable& table = run.link();
    Asked asked{{&table, {}, {}}, {}};
    const bool leave_out = cloud != Cloud::whole && may_leave_cells_out(table);
    const bool take = cloud == Cloud::unless_agreed && run.cloud_compared && gathered.collisions.none();
    for (const CandidateGroup& group : groups) {
        std::optional<RowImage> row;
        if (take) row = cloud_as_agreed(group, table, direction, session.clocks);
        if (row) {
            asked.rows.push_back(std::move(*row));
            continue;
        }
        asked.wanted.keys.push_back(group.key);
        if (leave_out) asked.wanted.agreed.push_back(agreed_in_cloud(group));
    }
    return asked;
}

// Of all tables in one reading.
void read_asked(Snapshot& cloud, std::vector<Asked>& asked) {
    std::vector<KeysOfTable> wanted;
    std::vector<Asked*> asking;
    for (Asked& each : asked) {
        if (each.wanted.keys.empty()) continue;
        wanted.push_back(std::move(each.wanted));
        asking.push_back(&each);
    }
    if (wanted.empty()) return;
    std::vector<std::vector<RowImage>> found = cloud.rows_of(wanted);
    for (std::size_t i = 0; i < found.size(); ++i)
        asking[i]->rows.insert(asking[i]->rows.end(), std::make_move_iterator(found[i].begin()),
                               std::make_move_iterator(found[i].end()));
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
    std::vector<Asked> asked;
    for (TableRun* run : runs) {
        groups.push_back(run->worklist->next(part, bounds.rows, bounds.bytes));
        asked.push_back(ask(session, gathered, *run, groups.back(), direction, cloud));
    }
    read_asked(*gathered.cloud, asked);
    const Evaluate evaluate = [&](const LinkedColumn& column, const ColumnVersions& v) -> Evaluated {
        try {
            return {session.desktop->evaluate(column.policy.expression, column.desktop.base_type,
                                              {v.base_desktop, v.desktop, v.cloud})};
        } catch (const Refused& refused) {
            return {std::nullopt, refused.refusal().message};
        }
    };
    std::vector<Page> pages;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        Page& page = pages.emplace_back();
        if (groups[i].empty()) continue;
        const LinkedTable& table = runs[i]->link();
        page.keys = static_cast<std::int64_t>(groups[i].size());
        page.works = reconcile(std::move(groups[i]), std::move(asked[i].rows), table, direction, session.clocks,
                               gathered.collisions, evaluate);
        complete_rows(*gathered.cloud, table, page.works);
    }
    return pages;
}

}  // namespace tideway
