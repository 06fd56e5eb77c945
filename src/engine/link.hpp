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
// nothing that could be captured: full_row compares everything.
Capture resolve_capture(Capture setting, Identity identity, Side side, const Relation& relation,
                        std::optional<Capture> used_before);

// Parents before children; tables of a cycle in any order.
std::vector<std::size_t> parents_first(
    const std::vector<std::pair<const Relation*, const Relation*>>& relations);

}  // namespace tideway
