// What a merge needs to know of columns, and the columns that mark deleted rows.
#include <fmt/format.h>

#include <algorithm>

#include "engine/linker.hpp"
#include "sql/named_query.hpp"

namespace tideway {
namespace {

ValueKind kind_of(const RelationColumn& column) {
    switch (column.type_class) {
        case TypeClass::integer:
        case TypeClass::numeric:
            return ValueKind::number;
        case TypeClass::instant:
        case TypeClass::zoned_instant:
        case TypeClass::date:
            return ValueKind::moment;
        case TypeClass::boolean:
            return ValueKind::truth;
        case TypeClass::text:
        case TypeClass::padded:
            return ValueKind::text;
        default:
            return column.base_type.ends_with("[]") ? ValueKind::list : ValueKind::other;
    }
}

struct Demand {
    ColumnRule rule;
    std::vector<ValueKind> kinds;
    const char* words;
};

// The types that a policy can serve; what stands in no line can serve all.
const std::vector<Demand>& demands() {
    static const std::vector<Demand> table = {
        {ColumnRule::max,
         {ValueKind::number, ValueKind::moment, ValueKind::truth, ValueKind::text},
         "values with an order"},
        {ColumnRule::min,
         {ValueKind::number, ValueKind::moment, ValueKind::truth, ValueKind::text},
         "values with an order"},
        {ColumnRule::sum, {ValueKind::number}, "exact numbers"},
        {ColumnRule::set_union, {ValueKind::list, ValueKind::text}, "an array or a text with commas"},
        {ColumnRule::append, {ValueKind::text}, "a text"},
        {ColumnRule::advance, {ValueKind::text, ValueKind::number, ValueKind::truth}, "words"},
    };
    return table;
}

bool makes_values(ColumnRule rule) {
    return rule == ColumnRule::sum || rule == ColumnRule::set_union || rule == ColumnRule::append ||
           rule == ColumnRule::expression;
}

// Empty: the policy can serve the column.
std::string objection(const LinkedColumn& column) {
    const ColumnRule rule = column.policy.rule;
    if (!column.merges()) return "never makes a change by itself";
    for (const Demand& demand : demands())
        if (demand.rule == rule && (column.by_key || std::find(demand.kinds.begin(), demand.kinds.end(),
                                                               column.kind) == demand.kinds.end()))
            return fmt::format("is {}, and its policy needs {} on both sides", column.desktop.type, demand.words);
    const bool converted = column.by_key || column.canon == Canon::beginning ||
                           column.canon == Canon::time_of_day ||
                           (column.canon == Canon::instant && column.types_differ);
    if (makes_values(rule) && converted) return "is another on the way to the other side, so nothing can be made of it";
    return "";
}

std::string unknown_parameter(const std::string& expression) {
    for (const std::string& name : sql::parameter_names(expression))
        if (name != "base" && name != "desktop" && name != "cloud") return name;
    return "";
}

}  // namespace

void Linker::link_policies() {
    for (LinkedColumn& column : result_.table.columns) {
        const ValueKind kind = kind_of(*desktop_.column(column.desktop.name));
        column.kind = kind == kind_of(*cloud_.column(column.cloud.name)) ? kind : ValueKind::other;
        const auto setting = setting_.columns.find(column.desktop.name);
        if (setting != setting_.columns.end()) column.policy = setting->second.policy;
        if (column.policy.rule == ColumnRule::table) continue;
        const std::string at = where(Side::desktop, column.desktop.name);
        if (const std::string why = objection(column); !why.empty())
            problem(Code::column_policy, at, why,
                    fmt::format("choose another policy than \"{}\", or none", to_text(column.policy)));
        if (const std::string name = unknown_parameter(column.policy.expression); !name.empty())
            problem(Code::column_policy, at, fmt::format("has an expression with :{}", name),
                    "an expression knows :base, :desktop and :cloud");
    }
    for (const auto& [name, setting] : setting_.columns)
        if (setting.policy.rule != ColumnRule::table && desktop_.column(name) && !linked(name))
            problem(Code::column_policy, where(Side::desktop, name), "has a policy but is not synchronised",
                    "remove the policy");
}

bool Linker::mark_fits(const RelationColumn& column, Side side) {
    const std::string& value = setting_.soft->value;
    const bool truth = value == "true" || value == "false";
    const bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    const ValueKind kind = kind_of(column);
    const bool holds =
        kind == ValueKind::truth  ? truth
        : kind == ValueKind::text ? column.length < 0 || value.size() <= static_cast<std::size_t>(column.length)
                                  : kind == ValueKind::number && digits;
    if (!holds)
        problem(Code::deletion_mark, where(side, column.name),
                fmt::format("is {}, which cannot hold the mark \"{}\"", column.type, value),
                "name a boolean column (true or false), a text or a number");
    else if (kind != ValueKind::truth && column.not_null)
        problem(Code::deletion_mark, where(side, column.name),
                "must not be empty, so the mark could not be taken from a row that is brought back",
                fmt::format("ALTER COLUMN {} DROP NOT NULL, or use a boolean column",
                            sql::Identifier(column.name).quoted()));
    else
        return true;
    return false;
}

// The mark itself never crosses: it says what a side did with its row.
void Linker::link_deletion_mark() {
    if (!setting_.soft) return;
    const std::string& named = setting_.soft->column;
    const RelationColumn* sides[] = {desktop_.column(named), cloud_.column(cloud_name(named))};
    if (!sides[0] && !sides[1])
        return problem(Code::deletion_mark, where(Side::desktop, named), "is on neither side",
                       "correct the column of deletes = \"soft:column=value\"");
    if (const LinkedColumn* pair = linked(named); pair && pair->key)
        return problem(Code::deletion_mark, where(Side::desktop, named), "is part of the key",
                       "name another column in deletes = \"soft:column=value\"");
    std::erase_if(result_.table.columns, [&](const LinkedColumn& each) { return each.desktop.name == named; });
    for (const Side side : {Side::desktop, Side::cloud}) {
        const RelationColumn* column = sides[side == Side::desktop ? 0 : 1];
        if (!column || !mark_fits(*column, side)) continue;
        const std::string& value = setting_.soft->value;
        const bool truth = column->type_class == TypeClass::boolean;
        const std::string removed = !truth ? "" : value == "true" ? "false" : "true";
        (side == Side::desktop ? result_.table.mark_desktop : result_.table.mark_cloud) =
            DeletionMark{column->name, column->base_type, value, removed};
    }
}

}  // namespace tideway
