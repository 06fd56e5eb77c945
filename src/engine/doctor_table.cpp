#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "engine/doctor.hpp"

namespace tideway::doctor {
namespace {

std::string role_of(Side side, const ServerFacts& desktop, const ServerFacts& cloud) {
    return sql::Identifier(side == Side::desktop ? desktop.user : cloud.user).quoted();
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

// The problem of linking with SQL that can be run as it stands.
Finding of_problem(const Problem& problem, const TableUnderSync& table, const ServerFacts& desktop,
                   const ServerFacts& cloud) {
    Finding finding{Severity::error, std::string(info(problem.code).id), problem.where, problem.text,
                    problem.remedy};
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string role = role_of(side, desktop, cloud);
        finding.remedy = replaced(finding.remedy, fmt::format("<the role of the {} url>", name(side)), role);
        const auto& seen = relation(table, side);
        if (problem.code == Code::rows_hidden && seen && problem.where == place(side, seen->name))
            finding.remedy = fmt::format("ALTER ROLE {0} BYPASSRLS; or, as its owner: GRANT {1} TO {0};",
                                         role, sql::Identifier(seen->owner).quoted());
    }
    return finding;
}

bool filled(const LinkedTable& link, Side side, const std::string& column) {
    return std::any_of(link.columns.begin(), link.columns.end(),
                       [&](const LinkedColumn& c) { return c.on(side).name == column; }) ||
           std::any_of(link.constants.begin(), link.constants.end(),
                       [&](const ConstantColumn& c) { return c.side == side && c.name == column; });
}

// Rights beside those on the table itself.
void check_surroundings(Findings& found, const TableUnderSync& table, Side side, const std::string& role) {
    const std::string code(info(Code::no_rights).id);
    const Relation& seen = *relation(table, side);
    if (!seen.may_use_schema)
        found.push_back({Severity::error, code, place(side, seen.name),
                         fmt::format("the role may not use schema {}", seen.name.schema),
                         fmt::format("GRANT USAGE ON SCHEMA {} TO {};",
                                     sql::Identifier(seen.name.schema).quoted(), role)});
    if (!table.problems.empty()) return;
    for (const RelationColumn& column : seen.columns)
        if (!column.may_use_sequence && !filled(table.link, side, column.name))
            found.push_back({Severity::error, code, place(side, seen.name, column.name),
                             "is numbered by a sequence that the role may not use",
                             fmt::format("GRANT USAGE ON SEQUENCE {} TO {};", column.sequence, role)});
}

void check_generated(Findings& found, const TableUnderSync& table) {
    for (const LinkedColumn& column : table.link.columns)
        if (column.desktop.writable != column.cloud.writable)
            found.push_back(
                {Severity::info, "generated-column",
                 place(Side::desktop, table.link.desktop, column.desktop.name),
                 fmt::format(
                     "is generated {}, and an ordinary column on the other side: it is copied with the row, "
                     "but a difference in it alone is no change",
                     column.desktop.writable ? "in the cloud" : "on the desktop"),
                 "generate it on both sides, or leave it out with skip"});
}

}  // namespace

Findings check_linking(const TableUnderSync& table, const ServerFacts& desktop, const ServerFacts& cloud) {
    Findings found;
    for (const Problem& problem : table.problems) found.push_back(of_problem(problem, table, desktop, cloud));
    for (const Side side : {Side::desktop, Side::cloud})
        if (relation(table, side)) check_surroundings(found, table, side, role_of(side, desktop, cloud));
    check_generated(found, table);
    if (!table.remarks.empty())
        found.push_back({Severity::info, "one-side-only", table.link.desktop.display(),
                         fmt::format("{}", fmt::join(table.remarks, "\n")), ""});
    return found;
}

namespace {

void check_changelog(Findings& found, Side side, const Relation& seen, const std::string& role) {
    if (seen.subscribed)
        found.push_back({Severity::warning, "subscription", place(side, seen.name),
                         "a subscription (logical replication) writes this table, and the changelog's "
                         "triggers do not see that: "
                         "only sync --mode full finds it",
                         "capture = \"xmin\", or no capture setting at all"});
    if (seen.owned) return;
    found.push_back({Severity::warning, "not-always", place(side, seen.name),
                     "the role does not own the table, so its triggers sleep in sessions with "
                     "session_replication_role = replica (restores, logical "
                     "replication); what those write is found by sync --mode full only",
                     fmt::format("GRANT {} TO {}; or run sync --mode full every night",
                                 sql::Identifier(seen.owner).quoted(), role)});
}

void check_fallback(Findings& found, Side side, const Relation& seen, const std::string& role) {
    Relation with_right = seen;
    with_right.may_trigger = true;
    if (resolve_capture(Capture::automatic, LinkedTable{}, side, with_right, std::nullopt) == Capture::xmin)
        return;
    found.push_back({Severity::warning, "no-trigger-right", place(side, seen.name),
                     "the role may not create triggers here, so capture is xmin: exact, but every run reads "
                     "all keys to find deletes",
                     fmt::format("GRANT TRIGGER ON {} TO {};", seen.name.quoted(), role)});
}

}  // namespace

Findings check_capture(const TableUnderSync& table, const ServerFacts& desktop, const ServerFacts& cloud) {
    Findings found;
    for (const Side side : {Side::desktop, Side::cloud}) {
        const Relation& seen = *relation(table, side);
        const std::string role = role_of(side, desktop, cloud);
        const Capture capture = table.link.capture(side);
        const Capture setting =
            side == Side::desktop ? table.setting->capture_desktop : table.setting->capture_cloud;
        if (capture == Capture::changelog) check_changelog(found, side, seen, role);
        if (setting == Capture::automatic && !seen.may_trigger) check_fallback(found, side, seen, role);
        if (capture == Capture::timestamp)
            found.push_back({Severity::warning, "timestamp-capture", place(side, seen.name),
                             "capture = \"timestamp\" sees no deletes, no rows whose stamp an application "
                             "sets itself, and no transaction longer than 15 minutes",
                             "run sync --mode full every night, or use capture = \"auto\""});
    }
    return found;
}

Findings check_policy(const TableUnderSync& table) {
    const LinkedTable& link = table.link;
    if (link.policy.conflict != ConflictPolicy::latest || (link.stamp_desktop && link.stamp_cloud)) return {};
    return {{Severity::warning, "no-timestamps", link.desktop.display(),
             fmt::format("conflict = \"latest\" needs a time stamp of the last change on both sides, and {}: "
                         "rows that both sides changed wait for a person",
                         link.stamp_desktop ? "the cloud has none"
                         : link.stamp_cloud ? "the desktop has none"
                                            : "neither has one"),
             "timestamps = { updated = \"...\" }, or conflict = \"desktop\" | \"cloud\""}};
}

bool key_needs_proof(const TableUnderSync& table, Side side) {
    const auto columns = table.link.key_columns();
    return !table.link.key_index(side) ||
           std::any_of(columns.begin(), columns.end(),
                       [&](const LinkedColumn* c) { return !c->on(side).not_null || !c->on(side).checked; });
}

Findings check_key(const TableUnderSync& table, Side side, const std::vector<std::string>& duplicates) {
    const LinkedTable& link = table.link;
    const std::string keys = key_names(link, side);
    if (!duplicates.empty())
        return {{Severity::error, std::string(info(Code::key_not_unique).id), place(side, link.on(side)),
                 fmt::format("key {} does not identify a row: {}", keys, fmt::join(duplicates, ", ")),
                 "choose a key = [...] that occurs once and is never NULL, or remove the duplicates"}};
    return {};
}

Findings suggest_indexes(Side side, const std::vector<const TableUnderSync*>& tables) {
    std::vector<std::string> names, statements;
    for (const TableUnderSync* table : tables) {
        if (table->link.key_index(side)) continue;
        std::vector<std::string> columns;
        for (const LinkedColumn* column : table->link.key_columns())
            columns.push_back(sql::Identifier(column->on(side).name).quoted());
        names.push_back(table->link.on(side).display());
        statements.push_back(fmt::format("CREATE UNIQUE INDEX CONCURRENTLY ON {} ({});",
                                         table->link.on(side).quoted(), fmt::join(columns, ", ")));
    }
    if (names.empty()) return {};
    return {{Severity::info, "no-unique-index", name(side),
             fmt::format("the keys of these tables are unique today, but no index promises it, so every run "
                         "looks for duplicates "
                         "and inserts take a short lock: {}",
                         fmt::join(names, ", ")),
             fmt::format("{}", fmt::join(statements, "\n"))}};
}

}  // namespace tideway::doctor
