#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "engine/doctor.hpp"

namespace tideway::doctor {
namespace {

using Names = std::set<sql::TableName>;

Names mapped(const std::vector<TableUnderSync>& tables, Side side) {
    Names names;
    for (const TableUnderSync& table : tables) names.insert(table.link.on(side));
    return names;
}

std::string listed(const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, ", "));
}

void check_triggers(Findings& found, const std::vector<TableUnderSync>& tables, Side side) {
    std::vector<std::string> seen;
    for (const TableUnderSync& table : tables)
        if (const auto& r = relation(table, side); r && !r->triggers.empty())
            seen.push_back(fmt::format("{} ({})", r->name.display(), fmt::join(r->triggers, ", ")));
    if (seen.empty()) return;
    found.push_back(
        {Severity::info, "triggers", name(side),
         "these triggers also run when sync writes: " + listed(seen) +
             ". One that changes rows of another table stops its batch (TW408) unless that table is declared",
         "side_effects = [\"the other table\"] in the [[table]] whose trigger it is"});
}

const char* effect(const Cascade& cascade) {
    if (cascade.on_delete == 'c') return "deletes rows";
    if (cascade.on_delete == 'n' || cascade.on_delete == 'd') return "empties columns";
    return "changes keys";
}

void check_cascades(Findings& found, const TableUnderSync& table, Side side, const Names& synced) {
    const auto& seen = relation(table, side);
    if (!seen) return;
    for (const Cascade& cascade : seen->cascades) {
        const std::string child = cascade.child.display();
        const auto& declared = table.link.side_effects;
        if (std::find(declared.begin(), declared.end(), child) != declared.end()) continue;
        const bool known = synced.contains(cascade.child);
        found.push_back({known ? Severity::info : Severity::warning, "cascade", place(side, seen->name),
                         fmt::format("a delete or a new key here {} of {} ({}); where that would touch rows "
                                     "beside the plan, the row is parked",
                                     effect(cascade), child, cascade.name),
                         fmt::format("side_effects = [\"{}\"] if that is wanted", child)});
    }
}

// Rows that refer to a parent which nobody brings over can only wait for it.
void check_references(Findings& found, const std::vector<TableUnderSync>& tables, Side side,
                      const Names& synced) {
    std::vector<std::string> seen;
    std::set<std::string> parents;
    for (const TableUnderSync& table : tables) {
        if (!relation(table, side)) continue;
        for (const ForeignKey& key : relation(table, side)->foreign_keys) {
            if (synced.contains(key.parent)) continue;
            seen.push_back(fmt::format("{} ({})", table.link.on(side).display(), key.name));
            parents.insert(key.parent.display());
        }
    }
    if (seen.empty()) return;
    found.push_back({Severity::warning, "reference-outside", name(side),
                     fmt::format("{} refer to {}, which sync does not keep equal: rows whose parent is "
                                 "missing there are parked until it exists",
                                 listed(seen), fmt::join(parents, ", ")),
                     "add a [[table]] for each of them, or keep them equal by other means"});
}

}  // namespace

Findings check_effects(const std::vector<TableUnderSync>& tables) {
    Findings found;
    for (const Side side : {Side::desktop, Side::cloud}) {
        const Names synced = mapped(tables, side);
        check_triggers(found, tables, side);
        for (const TableUnderSync& table : tables) check_cascades(found, table, side, synced);
        check_references(found, tables, side, synced);
    }
    return found;
}

Findings check_unmentioned(const std::vector<TableUnderSync>& tables,
                           const std::vector<sql::TableName>& desktop,
                           const std::vector<sql::TableName>& cloud) {
    const Names on_desktop = mapped(tables, Side::desktop), on_cloud = mapped(tables, Side::cloud);
    std::vector<std::string> both;
    for (const sql::TableName& table : desktop)
        if (std::find(cloud.begin(), cloud.end(), table) != cloud.end() && !on_desktop.contains(table) &&
            !on_cloud.contains(table))
            both.push_back(table.display());
    if (both.empty()) return {};
    return {{Severity::info, "not-mentioned", "both sides",
             "these tables exist on both sides, but the configuration does not mention them: " + listed(both),
             "add [[table]] with name = \"...\" for those that should be the same"}};
}

}  // namespace tideway::doctor
