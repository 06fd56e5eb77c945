#include "reconcile/collisions.hpp"

#include <algorithm>

#include "reconcile/referring.hpp"

namespace tideway {
namespace {

// A row of each side has the key, and they are not the same row as far as anybody knows.
bool two_rows(const KeyWork& work) {
    const bool filtered = work.candidate.base.state != BaseState::live &&
                          work.candidate.desktop.facts.present && work.cloud.facts.present &&
                          work.candidate.desktop.facts.outside != work.cloud.facts.outside;
    return work.decision.rule->verdict == Verdict::collide || filtered;
}

}  // namespace

Collisions::Parent& Collisions::parent_of(const LinkedTable& table) {
    const auto [found, fresh] = by_name_.emplace(std::pair(Side::desktop, table.desktop), parents_.size());
    if (fresh) {
        by_name_[{Side::cloud, table.cloud}] = parents_.size();
        Parent& parent = parents_.emplace_back();
        for (const LinkedColumn* column : table.key_columns())
            for (const Side side : {Side::desktop, Side::cloud})
                parent.key_columns[side].push_back(column->on(side).name);
    }
    return parents_[found->second];
}

void Collisions::note(const LinkedTable& table, const std::vector<KeyWork>& works) {
    for (const KeyWork& work : works) {
        if (work.decision.wait == Wait::none || !two_rows(work)) continue;
        Cells desktop, cloud;
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (!table.columns[i].key) continue;
            desktop.push_back(plain(work.candidate.desktop.cells[i]));
            cloud.push_back(plain(work.cloud.cells[i]));
        }
        Parent& parent = parent_of(table);
        parent.keys[Side::desktop].insert(std::move(desktop));
        parent.keys[Side::cloud].insert(std::move(cloud));
    }
}

void Collisions::note(const LinkedTable& table, const Key& key) {
    Cells cells;
    for (const std::string& part : key) cells.push_back(plain(part));
    for (const Side side : {Side::desktop, Side::cloud}) parent_of(table).keys[side].insert(cells);
}

// A reference that one catalogue declares is true of the rows of both sides.
bool Collisions::refers(const Reference& reference, Side declared_on, const KeyWork& work) const {
    const auto found = by_name_.find({declared_on, reference.parent});
    if (found == by_name_.end()) return false;
    const Parent& parent = parents_[found->second];
    const std::vector<std::string>& key = parent.key_columns.at(declared_on);
    const auto to_such_a_key = [&](const RowImage& row, Side side) {
        return row.facts.present && parent.keys.at(side).contains(referring_cells(reference, row, key));
    };
    return to_such_a_key(work.candidate.desktop, Side::desktop) || to_such_a_key(work.cloud, Side::cloud);
}

bool Collisions::concern(const LinkedTable& child, const KeyWork& work) const {
    if (parents_.empty()) return false;
    for (const Side side : {Side::desktop, Side::cloud})
        for (const Reference& reference : child.references(side))
            if (refers(reference, side, work)) return true;
    return false;
}

}  // namespace tideway
