// What an UPDATE assigns.
#include "store/postgres/expressions.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/error.hpp"
#include "store/postgres/column_text.hpp"

namespace tideway::pg {
// A wall clock passes one hour twice: it cannot tell those two instants apart, so they count as one value.
std::string Expressions::same_meaning(const LinkedColumn& column, const std::string& old,
                                      const std::string& fresh) const {
    const std::string equal = fmt::format("{} = {}", canon(column, old), canon(column, fresh));
    if (column.canon != Canon::instant || zoneless(column.on(side_))) return equal;
    const std::string zone = sql::literal(table_.desktop_zone);
    return fmt::format("{0} OR ({1} AT TIME ZONE {3}) = ({2} AT TIME ZONE {3})", equal, old, fresh, zone);
}

std::string Expressions::unless_kept(std::size_t cell, const std::string& name, const std::string& fresh) const {
    if (!table_.policy.merges() || side_ == Side::desktop) return fresh;
    return fmt::format("CASE WHEN {} = ANY (s.kept) THEN {} ELSE {} END", cell + 1, column_of("t", name), fresh);
}

std::string Expressions::exact_assignments() const {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        const LinkedColumn& column = table_.columns[i];
        if (!column.key && !column.insert_only && !column.kept_on_update && column.on(side_).writable)
            parts.push_back(
                fmt::format("{} = s.c{}", sql::Identifier(column.on(side_).name).quoted(), i + 1));
    }
    for (std::size_t i = table_.columns.size(); i < table_.cells_to(side_); ++i)
        parts.push_back(fmt::format(
            "{} = s.c{}", sql::Identifier(table_.lookups[i - table_.columns.size()].cloud.name).quoted(),
            i + 1));
    return join(parts);
}

std::string Expressions::assignments() const {
    std::vector<std::string> parts;
    const auto assign = [&](std::size_t cell, const std::string& name, const std::string& fresh) {
        parts.push_back(
            fmt::format("{} = {}", sql::Identifier(name).quoted(), unless_kept(cell, name, fresh)));
    };
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        const LinkedColumn& column = table_.columns[i];
        const ColumnSide& target = column.on(side_);
        if (column.key || column.insert_only || column.kept_on_update || !target.writable) continue;
        const std::string fresh = fmt::format("s.c{}", i + 1), old = column_of("t", target.name);
        assign(i, target.name,
               !column.types_differ ? fresh
                                    : fmt::format("CASE WHEN {} THEN {} ELSE {} END",
                                                  same_meaning(column, old, fresh), old, fresh));
    }
    for (std::size_t i = table_.columns.size(); i < table_.cells_to(side_); ++i)
        assign(i, table_.lookups[i - table_.columns.size()].cloud.name, fmt::format("s.c{}", i + 1));
    if (const auto& mark = table_.mark(side_))
        parts.push_back(fmt::format(
            "{0} = CASE WHEN {1} THEN {2} ELSE {3} END", sql::Identifier(mark->column).quoted(), marked_deleted(),
            mark->removed.empty() ? "NULL" : mark->removed, column_of("t", mark->column)));
    return join(parts);
}

std::string Expressions::differs(const LinkedColumn& column, const std::string& value) const {
    const std::string now = column_of("t", column.on(side_).name);
    if (column.by_key) return fmt::format("{} IS DISTINCT FROM {}", now, value);
    return fmt::format("{} IS DISTINCT FROM {}", canon(column, now), canon(column, value));
}

}  // namespace tideway::pg
