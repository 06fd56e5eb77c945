// Linking: one [[table]] of the configuration compared with both catalogues. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/config.hpp"
#include "model/catalog.hpp"
#include "model/table.hpp"

namespace tideway {

struct Problem {
    Code code;
    std::string where;  // "cloud.climaster.client_id"
    std::string text, remedy;
};

struct LinkResult {
    LinkedTable table;
    std::vector<Problem> problems;     // empty: the table can be synchronised
    std::vector<std::string> remarks;  // columns that stay on one side, and the like
};

// relations: none = the table does not exist on that side (or is not visible to the role).
LinkResult link(const TableSetting& setting, const std::optional<Relation>& desktop,
                const std::optional<Relation>& cloud);

// How equality is decided for a pair of columns; none: the pair cannot be synchronised without loss.
std::optional<Canon> canon_of(const RelationColumn& desktop, const RelationColumn& cloud);

// What `auto` means for a table (DESIGN.md section 4), given what was used before. Without a key there is
// nothing that could be captured, and a key that names its parent by key changes with the parent: there
// everything is compared.
Capture resolve_capture(Capture setting, const LinkedTable& table, Side side, const Relation& relation,
                        std::optional<Capture> used_before);

// One table to put in order: its relations, and the desktop tables that the configuration says it refers to.
struct Ordered {
    const Relation *desktop, *cloud;
    std::vector<sql::TableName> refers_to = {};
};
// Parents before children; tables of a cycle in any order.
std::vector<std::size_t> parents_first(const std::vector<Ordered>& tables);
// The desktop tables that a setting says its table refers to.
std::vector<sql::TableName> declared_parents(const TableSetting& setting);

// References between tables: those that the configuration declares are added, what becomes of orphans is
// written into all of them, and columns that hold ids of a parent with a local_id cross as the parent's key.
// tables: parents first.
struct TableToRefer {
    const TableSetting* setting;
    const Relation *desktop, *cloud;
    LinkedTable* link;
    std::vector<Problem>* problems;
};
void link_references(const std::vector<TableToRefer>& tables);

}  // namespace tideway
