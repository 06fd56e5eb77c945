#include "engine/conflicts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/iso_time.hpp"
#include "reconcile/reconcile.hpp"

namespace tideway {
namespace {

using Json = nlohmann::json;

// Numbers of both sides in one list: the desktop's are even, the cloud's odd.
std::int64_t public_id(std::int64_t id, Side side) { return 2 * id + (side == Side::cloud ? 1 : 0); }

std::optional<std::string> moment(const Json& facts, const char* name) {
    if (!facts.is_object() || !facts.contains(name)) return std::nullopt;
    return iso_time(facts[name].get<std::int64_t>());
}

void add_facts(ConflictEntry& entry, const std::string& text) {
    const Json facts = Json::parse(text, nullptr, false);
    if (!facts.is_object()) return;
    entry.rule = facts.value("rule", "");
    entry.origin = facts.value("origin", "");
    entry.desktop = {moment(facts, "desktop_stamp"), moment(facts, "desktop_captured")};
    entry.cloud = {moment(facts, "cloud_stamp"), moment(facts, "cloud_captured")};
}

Versions versions_in(const std::string& text) {
    const Json facts = Json::parse(text, nullptr, false);
    return facts.is_object() ? Versions::parse(facts.value("versions", "")) : Versions{};
}

ConflictCase case_of(const Session& session, const WaitingEntry& waiting) {
    ConflictCase found;
    ConflictEntry& entry = found.entry;
    found.number = waiting.id;
    found.table_id = waiting.table_id;
    found.key = waiting.key;
    entry.id = public_id(waiting.id, Side::desktop);
    entry.table = session.table_name(waiting.table_id);
    entry.key = display(waiting.key);
    entry.kind = waiting.kind;
    if (!waiting.choice.empty()) {
        const Choice choice = Choice::parse(waiting.choice);
        entry.winner = name(choice.side);
        found.seen = choice.versions;
    }
    if (!found.seen.known()) found.seen = versions_in(waiting.facts);
    entry.policy = waiting.rule;
    entry.status = waiting.choice.empty() ? "open" : "resolved, waits for the next sync";
    entry.at = waiting.first_seen;
    entry.reason = waiting.reason;
    entry.run = waiting.run;
    add_facts(entry, waiting.facts);
    return found;
}

ConflictCase case_of(const Session& session, const KeptConflict& kept, Side side) {
    ConflictCase found;
    ConflictEntry& entry = found.entry;
    found.number = kept.id;
    found.table_id = kept.table_id;
    found.key = kept.key;
    found.side = side;
    found.settled = true;
    entry.id = public_id(kept.id, side);
    entry.table = session.table_name(kept.table_id);
    entry.key = display(kept.key);
    entry.kind = kept.kind;
    entry.winner = kept.winner;
    entry.policy = kept.policy;
    entry.status = kept.status;
    entry.at = kept.at;
    entry.reason = kept.reason;
    entry.desktop_row = kept.desktop_row;
    entry.cloud_row = kept.cloud_row;
    entry.run = kept.run;
    add_facts(entry, kept.facts);
    return found;
}

void show_live_row(ConflictEntry& entry, const LinkedTable& table, const RowImage& row, Side side) {
    (side == Side::desktop ? entry.desktop_row : entry.cloud_row) = row_as_json(table, row, side);
    if (row.facts.stamp)
        (side == Side::desktop ? entry.desktop : entry.cloud).stamp = iso_time(*row.facts.stamp);
}

// The live rows of a key that waits, as JSON objects of the linked columns.
void show_live_rows(Session& session, ConflictCase& found) {
    for (TableUnderSync* table : session.active()) {
        if (table->link.id != found.table_id) continue;
        for (const Side side : {Side::desktop, Side::cloud}) {
            const auto snapshot = session.store(side).snapshot({&table->link});
            const auto rows = snapshot->rows(table->link, {found.key});
            if (!rows.empty()) show_live_row(found.entry, table->link, rows.front(), side);
        }
    }
}

bool lets_through(const ConflictFilter& filter, const ConflictEntry& entry) {
    const auto& tables = filter.tables;
    if (!tables.empty() && std::find(tables.begin(), tables.end(), entry.table) == tables.end()) return false;
    if (!filter.kind.empty() && filter.kind != entry.kind) return false;
    if (!filter.since.empty() && entry.at < filter.since) return false;
    return !filter.open || entry.status == "open";
}

// A misspelt kind must not look like an empty list.
void require_known_kind(const ConflictFilter& filter, const std::vector<ConflictCase>& cases) {
    std::set<std::string> known{"conflict",      "held",          "update_update", "update_delete",
                                "delete_update", "insert_insert", "collision"};
    for (const ConflictCase& each : cases) known.insert(each.entry.kind);
    if (!filter.kind.empty() && !known.contains(filter.kind))
        throw Error(Code::usage, fmt::format("no conflict is of the kind \"{}\"", filter.kind),
                    fmt::format("kinds are {}", fmt::join(known, ", ")));
}

}  // namespace

std::vector<ConflictCase> all_cases(Session& session) {
    std::vector<ConflictCase> cases;
    if (!session.installed()) return cases;
    for (const WaitingEntry& waiting : session.archive().waiting())
        if (waiting.kind == "conflict" || waiting.kind == "held") cases.push_back(case_of(session, waiting));
    for (const Side side : {Side::desktop, Side::cloud})
        for (const KeptConflict& kept : session.store(side).conflicts())
            cases.push_back(case_of(session, kept, side));
    std::stable_sort(cases.begin(), cases.end(),
                     [](const ConflictCase& a, const ConflictCase& b) { return a.entry.at < b.entry.at; });
    return cases;
}

ConflictCase case_of(const std::vector<ConflictCase>& cases, std::int64_t id) {
    for (const ConflictCase& each : cases)
        if (each.entry.id == id) return each;
    throw Error(Code::conflict_unknown, fmt::format("there is no conflict {}", id),
                "tideway conflicts list shows all of them");
}

std::vector<ConflictEntry> Engine::conflicts(const ConflictFilter& filter) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    const std::vector<ConflictCase> cases = all_cases(session);
    require_known_kind(filter, cases);
    std::vector<ConflictEntry> entries;
    for (const ConflictCase& each : cases)
        if (lets_through(filter, each.entry)) entries.push_back(each.entry);
    return entries;
}

ConflictEntry Engine::conflict(std::int64_t id) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    ConflictCase found = case_of(all_cases(session), id);
    if (!found.settled) show_live_rows(session, found);
    return found.entry;
}

}  // namespace tideway
