#include "engine/conflicts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/iso_time.hpp"
#include "engine/case_list.hpp"
#include "engine/case_number.hpp"
#include "reconcile/reconcile.hpp"

namespace tideway {
namespace {

using Json = nlohmann::json;

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

// A misspelt kind must not look like an empty list.
void require_known_kind(const std::string& kind) {
    static const std::vector<std::string> known{"conflict",      "held",          "update_update", "update_delete",
                                                "delete_update", "insert_insert", "collision"};
    if (!kind.empty() && std::find(known.begin(), known.end(), kind) == known.end())
        throw Error(Code::usage, fmt::format("no conflict is of the kind \"{}\"", kind),
                    fmt::format("kinds are {}", fmt::join(known, ", ")));
}

// Of tables that are not in the configuration any more as well.
std::vector<int> numbers_of(Session& session, const std::vector<std::string>& names) {
    std::vector<int> numbers;
    for (const TableUse& table : session.desktop->known_tables())
        if (std::find(names.begin(), names.end(), session.table_name(table.id)) != names.end())
            numbers.push_back(table.id);
    return numbers;
}

bool waits(const std::string& kind) { return kind.empty() || kind == "conflict" || kind == "held"; }

std::vector<ConflictCase> waiting_cases(Session& session, const CaseQuery& asked) {
    std::vector<ConflictCase> cases;
    for (const WaitingEntry& each : session.archive().waiting(asked).cases) cases.push_back(case_of(session, each));
    return cases;
}

std::vector<ConflictCase> kept_cases(Session& session, Side side, const CaseQuery& asked) {
    std::vector<ConflictCase> cases;
    for (const KeptConflict& each : session.store(side).conflicts(asked).cases)
        cases.push_back(case_of(session, each, side));
    return cases;
}

const std::vector<std::string> kinds_that_wait{"conflict", "held"};

}  // namespace

ConflictCase case_of(Session& session, std::int64_t id) {
    std::vector<ConflictCase> found;
    CaseQuery asked;
    asked.id = own_id(id);
    if (session.installed() && id >= 0) found = kept_cases(session, side_of(id), asked);
    asked.kinds = kinds_that_wait;
    if (session.installed() && found.empty() && side_of(id) == Side::desktop) found = waiting_cases(session, asked);
    if (found.empty())
        throw Error(Code::conflict_unknown, fmt::format("there is no conflict {}", id),
                    "tideway conflicts list shows all of them");
    return found.front();
}

ConflictPage Engine::conflicts(const ConflictFilter& filter, const PageRequest& page) {
    require_known_kind(filter.kind);
    CaseList<ConflictEntry> list(page);
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    if (!session.installed()) return {};
    CaseQuery asked;
    asked.tables = numbers_of(session, filter.tables);
    if (asked.tables.empty() && !filter.tables.empty()) return {};
    asked.since = filter.since;
    asked.undecided = filter.open;
    asked.kinds = filter.kind.empty() ? kinds_that_wait : std::vector{filter.kind};
    if (waits(filter.kind))
        list.add(session.archive().waiting(list.part_of(asked, Side::desktop)), Side::desktop,
                 [&](const WaitingEntry& each) { return case_of(session, each).entry; });
    if (filter.kind.empty()) asked.kinds.clear();
    for (const Side side : {Side::desktop, Side::cloud})
        if (!filter.open)
            list.add(session.store(side).conflicts(list.part_of(asked, side)), side,
                     [&](const KeptConflict& each) { return case_of(session, each, side).entry; });
    ConflictPage found;
    found.next = list.take(found.entries);
    return found;
}

ConflictEntry Engine::conflict(std::int64_t id) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    ConflictCase found = case_of(session, id);
    if (!found.settled) show_live_rows(session, found);
    return found.entry;
}

}  // namespace tideway
