#include "reconcile/withheld.hpp"

#include <algorithm>

#include "reconcile/referring.hpp"

namespace tideway {
namespace {

Write write_to(const KeyWork& work, Side target) {
    return target == Side::cloud ? work.decision.to_cloud : work.decision.to_desktop;
}

const RowImage& row_of(const KeyWork& work, Side side) {
    return side == Side::cloud ? work.cloud : work.candidate.desktop;
}

std::vector<std::string> key_of(const LinkedTable& table, Side side) {
    std::vector<std::string> names;
    for (const LinkedColumn* column : table.key_columns()) names.push_back(column->on(side).name);
    return names;
}

Cells key_cells(const LinkedTable& table, const RowImage& row) {
    Cells cells;
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].key) cells.push_back(plain(row.cells[i]));
    return cells;
}

bool names_anything(const Reference& reference, const RowImage& row) {
    return std::all_of(reference.columns.begin(), reference.columns.end(),
                       [&](std::size_t at) { return row.cells[at].has_value(); });
}

}  // namespace

const LinkedTable* WithheldRows::parent_of(const Reference& reference, Side declared_on) const {
    const auto found = std::find_if(tables_.begin(), tables_.end(), [&](const LinkedTable* table) {
        return table->on(declared_on) == reference.parent;
    });
    return found == tables_.end() ? nullptr : *found;
}

void WithheldRows::note(const LinkedTable& table, const KeyWork& work) {
    for (const Side target : {Side::cloud, Side::desktop}) {
        const Write write = write_to(work, target);
        if (write == Write::insert) {
            Rows& rows = not_inserted_[{target, &table}];
            rows.because_of = table.desktop.display();
            rows.keys.insert(key_cells(table, row_of(work, other(target))));
        }
        if (write != Write::update && write != Write::erase) continue;
        for (const Side declared_on : {Side::desktop, Side::cloud})
            for (const Reference& reference : table.references(declared_on)) {
                const LinkedTable* parent = parent_of(reference, declared_on);
                if (!parent) continue;
                Rows& rows = still_named_[{target, parent}];
                rows.because_of = table.desktop.display();
                rows.keys.insert(
                    referring_cells(reference, row_of(work, target), key_of(*parent, declared_on)));
            }
    }
}

// A reference that names its parent by other columns than the key cannot be compared: then any will do.
std::string WithheldRows::missing_parent(const LinkedTable& table, const KeyWork& work, Side target) const {
    const RowImage& row = row_of(work, other(target));
    for (const Side declared_on : {Side::desktop, Side::cloud})
        for (const Reference& reference : table.references(declared_on)) {
            const auto rows = not_inserted_.find({target, parent_of(reference, declared_on)});
            if (rows == not_inserted_.end() || !names_anything(reference, row)) continue;
            const Cells cells = referring_cells(reference, row, key_of(*rows->first.second, declared_on));
            if (cells.empty() || rows->second.keys.contains(cells)) return rows->second.because_of;
        }
    return "";
}

std::string WithheldRows::needed_by(const LinkedTable& table, const KeyWork& work) const {
    for (const Side target : {Side::cloud, Side::desktop}) {
        const Write write = write_to(work, target);
        if (write == Write::none) continue;
        if (write != Write::erase) {
            const std::string parent = missing_parent(table, work, target);
            if (!parent.empty()) return parent;
            continue;
        }
        const auto rows = still_named_.find({target, &table});
        if (rows == still_named_.end()) continue;
        const std::set<Cells>& named = rows->second.keys;
        if (named.contains(Cells{}) || named.contains(key_cells(table, row_of(work, target))))
            return rows->second.because_of;
    }
    return "";
}

bool WithheldRows::may_concern(const LinkedTable& table) const {
    for (const Side target : {Side::cloud, Side::desktop}) {
        if (still_named_.contains({target, &table})) return true;
        for (const Side declared_on : {Side::desktop, Side::cloud})
            for (const Reference& reference : table.references(declared_on))
                if (not_inserted_.contains({target, parent_of(reference, declared_on)})) return true;
    }
    return false;
}

}  // namespace tideway
