// Two rows that were edited from one: what each side changed, column by column, and the row that has the
// changes of both. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/decision.hpp"
#include "reconcile/column_policies.hpp"

namespace tideway {

// A row in canonical text: one cell a linked column, empty where it does not make a change.
using Values = std::vector<Cell>;
// From what the stores keep: an object of the desktop's column names. None: it is not known, or speaks of
// other columns.
std::optional<Values> parse_values(const LinkedTable& table, const std::string& text);

// The versions of a row that a merge looks at.
struct RowVersions {
    Values base_desktop, base_cloud, desktop, cloud;
    ColumnVersions of(std::size_t column) const {
        return {base_desktop[column], base_cloud[column], desktop[column], cloud[column]};
    }
};

struct MergedColumn {
    enum class From { either, desktop, cloud, both };  // either: nothing to choose; both: a value made of the two
    From from = From::either;
    Cell value;  // both
};

struct MergedRow {
    MergeFacts facts;
    std::vector<MergedColumn> columns;  // one a linked column
    std::string why;                    // unsettled: the column, and what keeps it from being settled
};

MergedRow merge_rows(const LinkedTable& table, const RowVersions& versions, const Winners& winners,
                     const Evaluate& evaluate);

// The first column that this side's edit takes back although it may only advance.
std::optional<std::size_t> column_going_back(const LinkedTable& table, const RowVersions& versions, Side side);

}  // namespace tideway
