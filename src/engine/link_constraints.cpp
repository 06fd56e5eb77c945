// References, other unique keys and sequences of a side: what a row may run into when it is written there.
#include <fmt/format.h>

#include <set>

#include "engine/linker.hpp"

namespace tideway {

// Positions of a side's columns; fewer than names where some are not linked.
std::vector<std::size_t> Linker::positions(const std::vector<std::string>& names, Side side) const {
    std::vector<std::size_t> found;
    for (const std::string& column : names)
        for (std::size_t i = 0; i < result_.table.columns.size(); ++i)
            if (result_.table.columns[i].on(side).name == column) found.push_back(i);
    return found;
}

// References and keys that can be looked up before a row is written; the server judges the others.
std::vector<Reference> Linker::references(const Relation& relation, Side side) const {
    std::vector<Reference> found;
    for (const ForeignKey& key : relation.foreign_keys) {
        Reference reference{key.name, positions(key.columns, side), key.parent, key.parent_columns};
        if (key.may_look && !key.deferrable && reference.columns.size() == key.columns.size())
            found.push_back(std::move(reference));
    }
    return found;
}

std::vector<OtherKey> Linker::other_keys(const Relation& relation, Side side) const {
    std::set<std::string> own;
    for (const LinkedColumn* column : result_.table.key_columns()) own.insert(column->on(side).name);
    std::vector<OtherKey> found;
    for (const UniqueKey& key : relation.unique_keys) {
        OtherKey other{key.name, positions(key.columns, side)};
        const bool same =
            !result_.table.repeats() && std::set<std::string>(key.columns.begin(), key.columns.end()) == own;
        if (key.usable && !same && other.columns.size() == key.columns.size())
            found.push_back(std::move(other));
    }
    return found;
}

// A sequence that stays behind the numbers we bring makes the other program's next insert fail.
void Linker::check_counters(const Relation& relation, Side side) {
    for (const LinkedColumn& linked : result_.table.columns) {
        const RelationColumn* column = relation.column(linked.on(side).name);
        if (linked.on(side).counter.empty() || column->may_move_counter) continue;
        problem(Code::no_rights, where(side, column->name),
                "is numbered by a sequence that the role may not move past the numbers it brings",
                fmt::format("GRANT SELECT, UPDATE ON SEQUENCE {} TO <the role of the {} url>;",
                            column->counter, name(side)));
    }
}

}  // namespace tideway
