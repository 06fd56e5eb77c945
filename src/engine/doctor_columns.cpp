#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/doctor.hpp"

namespace tideway::doctor {
namespace {

// The numbers in a type's parentheses: "numeric(8,2)" has 8 and 2; -1 where there is none.
std::pair<int, int> modifiers(const std::string& type) {
    int first = -1, second = -1;
    const std::size_t open = type.find('(');
    if (open != std::string::npos) std::sscanf(type.c_str() + open, "(%d,%d)", &first, &second);
    return {first, second};
}

int digits_after_point(const RelationColumn& column) {
    if (column.type_class == TypeClass::integer) return 0;
    const auto [precision, scale] = modifiers(column.type);
    return precision < 0 ? std::numeric_limits<int>::max() : std::max(scale, 0);
}

int longest(const RelationColumn& column) {
    return column.length < 0 ? std::numeric_limits<int>::max() : column.length;
}

struct Pair {
    const LinkedColumn& column;
    const RelationColumn& from;
    const RelationColumn& to;
    const sql::TableName& table;  // of the target
    std::string where;
};

bool numeric(const RelationColumn& c) {
    return c.type_class == TypeClass::integer || c.type_class == TypeClass::numeric;
}
bool textual(const RelationColumn& c) {
    return c.type_class == TypeClass::text || c.type_class == TypeClass::padded;
}

void check_room(Findings& found, const Pair& pair) {
    const bool narrower = (numeric(pair.from) && greatest(pair.from) > greatest(pair.to)) ||
                          (textual(pair.from) && longest(pair.from) > longest(pair.to));
    if (!narrower || pair.column.canon == Canon::beginning) return;  // lossy: it holds the beginning
    found.push_back(
        {Severity::warning, pair.column.key ? "key-narrower" : "column-narrower", pair.where,
         fmt::format("is {} here and {} on the other side: rows that do not fit will be parked, never cut",
                     pair.to.type, pair.from.type),
         pair.column.key ? fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {};", pair.table.quoted(),
                                       sql::Identifier(pair.to.name).quoted(), pair.from.type)
                         : fmt::format("widen it to {}", pair.from.type)});
}

// PostgreSQL rounds silently where a fraction does not fit; the other side then keeps more digits.
void check_fraction(Findings& found, const Pair& pair) {
    const bool number = numeric(pair.from) && digits_after_point(pair.from) > digits_after_point(pair.to);
    const bool time = !numeric(pair.from) && !textual(pair.from) &&
                      pair.column.desktop.base_type == pair.column.cloud.base_type &&
                      modifiers(pair.to.type).first >= 0 &&
                      (modifiers(pair.from.type).first < 0 ||
                       modifiers(pair.from.type).first > modifiers(pair.to.type).first);
    if (!number && !time) return;
    found.push_back(
        {Severity::warning, "fraction-lost", pair.where,
         fmt::format(
             "is {} here and {} on the other side: digits that do not fit are rounded away by the server",
             pair.to.type, pair.from.type),
         fmt::format("widen it to {}, or leave the column out: skip = [\"{}\"]", pair.from.type,
                     pair.column.desktop.name)});
}

}  // namespace

double greatest(const RelationColumn& column) {
    if (column.base_type == "smallint") return 32767;
    if (column.base_type == "integer") return 2147483647;
    if (column.base_type == "bigint") return 9.2e18;
    const auto [precision, scale] = modifiers(column.type);
    return precision < 0 ? std::numeric_limits<double>::infinity()
                         : std::pow(10.0, precision - std::max(scale, 0)) - 1;
}

Findings check_columns(const TableUnderSync& table) {
    Findings found;
    for (const LinkedColumn& column : table.link.columns)
        for (const Side target : {Side::desktop, Side::cloud}) {
            const RelationColumn* from =
                relation(table, other(target))->column(column.on(other(target)).name);
            const RelationColumn* to = relation(table, target)->column(column.on(target).name);
            if (!from || !to) continue;
            const Pair pair{column, *from, *to, table.link.on(target),
                            place(target, table.link.on(target), to->name)};
            check_room(found, pair);
            check_fraction(found, pair);
        }
    return found;
}

}  // namespace tideway::doctor
