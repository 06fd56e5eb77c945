// What people decide about conflicts: a choice that the next run carries out, or a row that is written as an
// edit of theirs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "config/nearest.hpp"
#include "engine/conflicts.hpp"

namespace tideway {
namespace {

using Json = nlohmann::json;

Resolution outcome_of(const ConflictCase& each, const char* outcome, const std::string& reason = {}) {
    return {each.entry.id, each.entry.table, each.entry.key, outcome, reason};
}

constexpr const char* edited_since =
    "a row was edited after the last run had looked at it; run tideway sync, look at both rows, and choose again";

// The open and the reversible ones' rows as they are now, by the case's id. Not of tables whose rows share their key: which of them is meant is
// for the next run to tell.
std::map<std::int64_t, Versions> versions_now(Session& session, const std::vector<ConflictCase>& cases) {
    std::map<std::int64_t, Versions> now;
    for (const TableUnderSync* table : session.active()) {
        std::vector<Key> keys;
        for (const ConflictCase& each : cases)
            if (each.table_id == table->link.id) keys.push_back(each.key);
        if (keys.empty() || table->link.repeats()) continue;
        std::map<Key, RowFacts> rows[2];
        for (const Side side : {Side::desktop, Side::cloud}) {
            const auto snapshot = session.store(side).snapshot({&table->link});
            for (RowImage& row : snapshot->rows(table->link, keys))
                rows[side == Side::cloud ? 1 : 0][row.key] = std::move(row.facts);
        }
        for (const ConflictCase& each : cases)
            if (each.table_id == table->link.id)
                now[each.entry.id] = Versions::of(rows[0][each.key], rows[1][each.key]);
    }
    return now;
}

// A choice holds for the rows that were there to be seen, and for no later ones.
Resolution choose(Session& session, const ConflictCase& each, const std::map<std::int64_t, Versions>& now, Side take) {
    const auto found = now.find(each.entry.id);
    if (found != now.end() && each.seen.known() && found->second != each.seen)
        return outcome_of(each, "changed_since", edited_since);
    session.archive().choose(each.number, {take, each.seen});
    return outcome_of(each, "chosen");
}

TableUnderSync* table_of(Session& session, const ConflictCase& each) {
    for (TableUnderSync* table : session.active())
        if (table->link.id == each.table_id) return table;
    return nullptr;
}

// Why the loser of a settled conflict cannot come back; empty: it can.
std::string obstacle(Session& session, const ConflictCase& each) {
    if (each.entry.status != "kept") return "it was reversed already";
    if (each.entry.policy == "remap")
        return "no row lost: the desktop's row got another key and both are there";
    if (each.entry.winner == "merged")
        return "the row was merged from both, and no row lost; enter the values that are to hold on either side";
    if (table_of(session, each) == nullptr) return "its table is not synchronised at present";
    const ServerFacts& server = each.side == Side::desktop ? session.desktop_server : session.cloud_server;
    if (server.embedded)
        return fmt::format("not offered where the {} is an SQLite file; enter the row's values there",
                           name(each.side));
    return "";
}

// A row that was there is updated in the columns that cross; one that was deleted comes back whole.
std::vector<std::string> columns_to_write(const TableUnderSync& table, Side side, bool is_there) {
    std::vector<std::string> columns;
    if (is_there) {
        for (const LinkedColumn& column : table.link.columns)
            if (column.on(side).writable) columns.push_back(column.on(side).name);
        return columns;
    }
    for (const RelationColumn& column : (side == Side::desktop ? table.desktop : table.cloud)->columns)
        if (!column.generated) columns.push_back(column.name);
    return columns;
}

// True: the row that won is not the agreed one on its own side any more. Nobody who looks at the settled conflict has
// seen that edit.
bool edited_on_the_other_side(Session& session, const TableUnderSync& table, const ConflictCase& each, const Versions& now) {
    const Side others = other(each.side);
    for (const Agreed& agreed : session.archive().agreed(table.link, each.key)) {
        if (agreed.entry.state != BaseState::live) continue;
        const bool desktop = others == Side::desktop;
        return (desktop ? now.desktop : now.cloud) != version_text(desktop ? agreed.entry.desktop : agreed.entry.cloud);
    }
    return false;
}

// What stands there after the row was written back: the choice holds for these rows and for no later ones.
Choice choice_of(const ConflictCase& each, const std::optional<Versions>& before, const std::string& written) {
    Choice choice{each.side, {}};
    if (!before) return choice;
    choice.versions = *before;
    (each.side == Side::desktop ? choice.versions.desktop : choice.versions.cloud) = written;
    return choice;
}

RowEdit reversal_of(const TableUnderSync& table, const ConflictCase& each, const std::string& run) {
    const bool desktop = each.side == Side::desktop;
    RowEdit edit;
    edit.table = &table.link;
    edit.key = each.key;
    edit.image = desktop ? each.entry.desktop_row : each.entry.cloud_row;
    edit.expected = desktop ? each.entry.cloud_row : each.entry.desktop_row;
    edit.columns = columns_to_write(table, each.side, edit.expected.has_value());
    edit.run = run;
    edit.conflict = each.number;
    return edit;
}

Resolution take_back(Session& session, const ConflictCase& each, const std::map<std::int64_t, Versions>& versions, Side take,
                     const std::string& run) {
    if (each.entry.winner == name(take) && each.entry.status == "kept")
        return outcome_of(each, "holds_already");
    if (const std::string why = obstacle(session, each); !why.empty())
        return outcome_of(each, "refused", why);
    const TableUnderSync& table = *table_of(session, each);
    const auto found = versions.find(each.entry.id);
    const std::optional<Versions> now = found == versions.end() ? std::nullopt : std::optional(found->second);
    if (now && edited_on_the_other_side(session, table, each, *now)) return outcome_of(each, "changed_since", edited_since);
    std::optional<WrittenByUser> written;
    try {
        written = session.store(each.side).write_as_user(reversal_of(table, each, run));
        if (!written)
            return outcome_of(each, "changed_since",
                              fmt::format("the {}'s row is not the one that won any more", name(each.side)));
    } catch (const Refused& refused) {
        return outcome_of(each, "refused", refused.what());
    }
    session.archive().choose_key(table.link, each.key, choice_of(each, now, written->version), run);
    return outcome_of(each, "written_back");
}

[[noreturn]] void unfit(const std::string& what, const std::string& hint = {}) {
    throw Error(Code::row_unfit, what, hint);
}

const LinkedColumn& column_named(const LinkedTable& table, const std::string& wanted) {
    std::vector<std::string> names;
    for (const LinkedColumn& column : table.columns) {
        if (column.desktop.name == wanted) return column;
        names.push_back(column.desktop.name);
    }
    const std::string meant = config::nearest(wanted, names);
    unfit(fmt::format("table {} has no synchronised column \"{}\" on the desktop", table.desktop.display(),
                      wanted),
          meant.empty() ? fmt::format("its columns are {}", fmt::join(names, ", "))
                        : fmt::format("did you mean \"{}\"?", meant));
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// The row's columns, checked; key columns are added where they were left out.
Json checked_row(const LinkedTable& table, const Key& key, const std::string& text) {
    Json row = Json::parse(text, nullptr, false);
    if (!row.is_object() || row.empty()) unfit("the file does not hold a JSON object with a row's columns");
    for (const auto& [column, value] : row.items())
        if (!column_named(table, column).desktop.writable)
            unfit(fmt::format("column \"{}\" is computed by the database", column), "leave it out");
    const std::vector<const LinkedColumn*> keys = table.key_columns();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::string& column = keys[i]->desktop.name;
        if (row.contains(column) && text_of(row[column]) != key[i])
            unfit(fmt::format("key column \"{}\" must be {}", column, key[i]), "leave it out");
        row[column] = key[i];
    }
    return row;
}

void require_open(Session& session, const ConflictCase& each) {
    if (each.settled)
        throw Error(Code::usage, fmt::format("conflict {} was settled already", each.entry.id),
                    "--take desktop or --take cloud reverses it; or enter the row's values as an edit");
    const TableUnderSync* table = table_of(session, each);
    if (table == nullptr) unfit("the conflict's table is not synchronised at present");
    if (session.desktop_server.embedded || table->link.repeats())
        throw Error(
            Code::not_in_this_version,
            "a row of your own is not offered where the desktop is an SQLite file or rows share their key",
            "use --take desktop or --take cloud, then correct the row where your people work");
}

}  // namespace

std::vector<Resolution> Engine::resolve(const std::vector<std::int64_t>& ids, Side take) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    std::vector<ConflictCase> wanted;
    for (const std::int64_t id : ids) wanted.push_back(case_of(session, id));
    const std::string run = random_uuid(world_.random);
    const std::map<std::int64_t, Versions> now = versions_now(session, wanted);
    std::vector<Resolution> resolutions;
    for (const ConflictCase& each : wanted)
        resolutions.push_back(each.settled ? take_back(session, each, now, take, run)
                                           : choose(session, each, now, take));
    return resolutions;
}

Resolution Engine::resolve_with_row(std::int64_t id, const std::string& row) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    const ConflictCase found = case_of(session, id);
    require_open(session, found);
    const TableUnderSync& table = *table_of(session, found);
    const Json checked = checked_row(table.link, found.key, row);
    RowEdit edit;
    edit.table = &table.link;
    edit.key = found.key;
    edit.image = checked.dump();
    for (const auto& [column, value] : checked.items()) edit.columns.push_back(column);
    const Versions now = versions_now(session, {found}).at(found.entry.id);
    if (found.seen.known() && now != found.seen) return outcome_of(found, "changed_since", edited_since);
    edit.expected_version = now.desktop;
    edit.run = random_uuid(world_.random);
    std::optional<WrittenByUser> written;
    try {
        written = session.desktop->write_as_user(edit);
    } catch (const Refused& refused) {
        unfit(fmt::format("the desktop refuses the row: {}", refused.what()));
    }
    if (!written) return outcome_of(found, "changed_since", edited_since);
    session.archive().choose(found.number, {Side::desktop, {written->version, now.cloud}});
    return outcome_of(found, "written_back");
}

}  // namespace tideway
