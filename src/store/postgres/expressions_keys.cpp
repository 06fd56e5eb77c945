// Keys as SQL: their texts, types, matches and what the changelog holds of them.
#include "store/postgres/expressions.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/error.hpp"
#include "store/postgres/column_text.hpp"

namespace tideway::pg {

std::string Expressions::key_cell(const LinkedColumn& column, const std::string& value) const {
    const std::string text = canon(column, value);
    if (!table_.repeats()) return text;
    // A text that begins with a backslash gets another one, so that \N can only be a NULL.
    return fmt::format(
        R"((CASE WHEN {0} IS NULL THEN E'\\N' WHEN left({1}, 1) COLLATE "C" = E'\\' THEN E'\\' || {1} ELSE {1} END COLLATE "C"))",
        value, text);
}

std::vector<std::string> Expressions::key_cells() const {
    if (table_.identity == Identity::full_row) return {canonical()};
    std::vector<std::string> cells;
    for (const LinkedColumn* column : table_.key_columns())
        cells.push_back(key_cell(*column, value_of(*column)));
    return cells;
}

std::vector<std::string> Expressions::key_cells_of(const std::string& alias) const {
    std::vector<std::string> cells;
    if (table_.repeats()) {
        for (std::size_t i = 1; i <= table_.key_cells(); ++i)
            cells.push_back(fmt::format("{}.k{}", alias, i));
        return cells;
    }
    for (const LinkedColumn* column : table_.key_columns())
        cells.push_back(key_cell(*column, fmt::format("{}.k{}", alias, cells.size() + 1)));
    return cells;
}

namespace {

// Types whose text is the same in every session.
bool logged_as_text(const ColumnSide& column) {
    static const std::set<std::string> types{"smallint", "integer", "bigint",  "numeric", "character varying",
                                             "text",     "bpchar",  "boolean", "uuid"};
    return types.contains(column.base_type);
}

}  // namespace

std::vector<std::string> Expressions::keys_to_log() const {
    std::vector<std::string> keys;
    for (const LinkedColumn* column : table_.key_columns()) {
        const ColumnSide& here = column->on(side_);
        keys.push_back(
            fmt::format("{}::{}", column_of("t", here.name), logged_as_text(here) ? "text" : here.base_type));
    }
    return keys;
}

std::vector<std::string> Expressions::logged_keys() const {
    std::vector<std::string> keys;
    for (const LinkedColumn* column : table_.key_columns()) {
        const std::string value = fmt::format("h.k{}::{}", keys.size() + 1, column->on(side_).base_type);
        keys.push_back(table_.repeats() ? key_cell(*column, value) : value);
    }
    return keys;
}

std::string Expressions::keys_as_work() const {
    std::vector<std::string> keys;
    if (table_.repeats()) {
        for (const std::string& cell : key_cells())
            keys.push_back(fmt::format("{} AS k{}", cell, keys.size() + 1));
        return join(keys);
    }
    for (const LinkedColumn* column : table_.key_columns())
        keys.push_back(fmt::format("{}::{} AS k{}", value_of(*column), work_type(*column), keys.size() + 1));
    return join(keys);
}

std::string Expressions::key_match(const std::string& alias) const {
    std::vector<std::string> parts;
    if (table_.repeats()) {
        for (const std::string& cell : key_cells())
            parts.push_back(fmt::format("{} = {}.k{}", cell, alias, parts.size() + 1));
        return join(parts, " AND ");
    }
    for (const LinkedColumn* column : table_.key_columns())
        parts.push_back(fmt::format("{} = {}.k{}", value_of(*column), alias, parts.size() + 1));
    return join(parts, " AND ");
}

std::string Expressions::key_present() const {
    if (table_.repeats()) return "t.ctid IS NOT NULL";
    std::vector<std::string> parts;
    for (const LinkedColumn* column : table_.key_columns())
        parts.push_back(column_of("t", column->on(side_).name) + " IS NOT NULL");
    return join(parts, " AND ");
}

namespace {

std::string fits(const std::string& value, const ColumnSide& here, const ColumnSide& there) {
    static const std::map<std::string, std::string> widest{
        {"smallint", "32767"}, {"integer", "2147483647"}, {"bigint", "9223372036854775807"}};
    if (here.type == there.type) return "true";
    if (const auto most = widest.find(there.base_type); most != widest.end())
        return fmt::format("({0}::numeric = trunc({0}::numeric) AND {0}::numeric BETWEEN -{1} - 1 AND {1})",
                           value, most->second);
    const std::size_t open = there.type.find('(');
    if (open == std::string::npos) return "true";
    const std::string limit = there.type.substr(open + 1, there.type.find_first_of(",)", open) - open - 1);
    if (there.base_type == "numeric")
        return fmt::format("abs(trunc({}::numeric)) < 10::numeric ^ {}", value, limit);
    if (there.base_type == "character varying" || there.base_type == "bpchar")
        return fmt::format("char_length(rtrim({}::text)) <= {}", value, limit);
    return "true";
}

}  // namespace

std::string Expressions::distinct_keys() const {
    std::vector<std::string> parts;
    for (const LinkedColumn* column : table_.key_columns()) {
        const std::string value = column_of("t", column->on(side_).name);
        parts.push_back(column->by_key || column->desktop.type == column->cloud.type ? value
                                                                                     : canon(*column, value));
    }
    return join(parts);
}

std::string Expressions::key_fits() const {
    std::vector<std::string> parts;
    for (const LinkedColumn* column : table_.key_columns())
        parts.push_back(column->by_key ? "true"
                                       : fits(column_of("t", column->on(side_).name), column->on(side_),
                                              column->on(other(side_))));
    return join(parts, " AND ");
}

std::string Expressions::logged_key_fits() const {
    std::vector<std::string> parts;
    for (const LinkedColumn* column : table_.key_columns())
        parts.push_back(fits(fmt::format("h.k{}::{}", parts.size() + 1, column->on(side_).base_type),
                             column->on(side_), column->on(other(side_))));
    return join(parts, " AND ");
}

std::vector<std::string> Expressions::work_key_types() const {
    if (table_.repeats()) return std::vector<std::string>(table_.key_cells(), "text");
    std::vector<std::string> types;
    for (const LinkedColumn* column : table_.key_columns()) types.push_back(work_type(*column));
    return types;
}

std::string Expressions::key_names() const { return tideway::key_names(table_, side_); }

}  // namespace tideway::pg
