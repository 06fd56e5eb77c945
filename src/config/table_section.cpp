#include "config/table_section.hpp"

#include <fmt/format.h>

#include "config/guard_keys.hpp"
#include "sql/identifier.hpp"

namespace tideway::config {
namespace {

const std::vector<std::string> identity_words = {"key", "business_key", "business_key+ordinal", "full_row"};

std::string table_name(Section& section, std::string_view key) {
    const std::string name = section.text(key).value_or("");
    try {
        sql::TableName::parse(name);
    } catch (const Error&) {
        section.refuse(Code::config_value, key, fmt::format("cannot be \"{}\"", name),
                       "write \"table\" or \"schema.table\"; a name with a dot in it needs quotes inside");
    }
    return name;
}

void read_names(Section& section, TableSetting& table) {
    if (section.has("name")) {
        for (const char* side : {"desktop", "cloud"})
            if (section.has(side))
                section.refuse(Code::config_value, side, "stands beside name: only one of the two can hold",
                               "write name = \"...\" where both sides use one name, else desktop and cloud");
        table.desktop = table.cloud = table_name(section, "name");
        return;
    }
    for (const char* side : {"desktop", "cloud"})
        if (!section.has(side))
            section.refuse(Code::config_value, side, "is missing: this table has no name on that side",
                           "write name = \"...\" where both sides use one name, else desktop and cloud");
    table.desktop = table_name(section, "desktop");
    table.cloud = table_name(section, "cloud");
}

template <typename Container>
void refuse_repeats(Section& section, std::string_view key, const Container& values) {
    std::set<std::string> seen;
    for (const std::string& value : values)
        if (!seen.insert(value).second)
            section.refuse(Code::config_value, key, fmt::format("names \"{}\" twice", value));
}

void read_key(Section& section, TableSetting& table) {
    if (const auto key = section.texts("key")) {
        if (key->empty())
            section.refuse(Code::config_value, "key", "is an empty list",
                           "name the columns, or leave key out to use the table's primary key");
        refuse_repeats(section, "key", *key);
        table.key = *key;
    }
    if (const auto identity = section.word<Identity>("identity", parse_identity, identity_words))
        table.identity = *identity;
    const bool by_columns =
        table.identity == Identity::business_key || table.identity == Identity::business_key_ordinal;
    if (by_columns && table.key.empty())
        section.refuse(Code::config_value, "identity", "needs the columns that identify a row",
                       "add key = [\"...\"]");
    table.local_id = section.text("local_id");
    if (table.local_id && table.identity != Identity::business_key)
        section.refuse(Code::config_value, "local_id", "needs other columns that identify a row",
                       "add identity = \"business_key\" and key = [\"...\"]");
    if (table.identity == Identity::full_row && !table.key.empty())
        section.refuse(Code::config_value, "key", "has no effect with identity = \"full_row\"",
                       "remove key: with full_row the whole row is the key");
}

void read_columns(Section& section, TableSetting& table) {
    table.rename = section.pairs("rename").value_or(table.rename);
    table.constant = section.constants("constant").value_or(table.constant);
    table.lookup = section.pairs("lookup").value_or(table.lookup);
    const auto skip = section.texts("skip").value_or(std::vector<std::string>{});
    refuse_repeats(section, "skip", skip);
    table.skip.insert(skip.begin(), skip.end());

    std::vector<std::string> targets;
    for (const auto& [desktop, cloud] : table.rename) targets.push_back(cloud);
    refuse_repeats(section, "rename", targets);
}

void check_columns(Section& section, const TableSetting& table) {
    for (const std::string& column : table.key) {
        const auto renamed = table.rename.find(column);
        if (table.skip.contains(column) ||
            (renamed != table.rename.end() && table.skip.contains(renamed->second)))
            section.refuse(Code::config_value, "skip",
                           fmt::format("names \"{}\", which is part of the key", column),
                           "a key column cannot be left out");
        for (const char* source : {"constant", "lookup"}) {
            const auto& values = source == std::string_view("constant") ? table.constant : table.lookup;
            if (values.contains(column))
                section.refuse(Code::config_value, source,
                               fmt::format("names \"{}\", which is part of the key", column),
                               "a key column holds its own value");
        }
    }
    for (const auto& [column, query] : table.lookup)
        if (table.constant.contains(column))
            section.refuse(Code::config_value, "lookup",
                           fmt::format("and constant both fill \"{}\"", column));
}

void read_origin(Section& section, TableSetting& table) {
    std::optional<Section> given = section.section("origin");
    if (!given) return;
    OriginSetting origin;
    const auto column = given->text("column");
    if (!column)
        section.refuse(Code::config_value, "origin", "needs the column that says where a row was created",
                       "origin = { column = \"source\", desktop = \"D\", cloud = \"M\" }");
    origin.column = *column;
    origin.desktop = given->text("desktop").value_or(origin.desktop);
    origin.cloud = given->text("cloud").value_or(origin.cloud);
    if (origin.desktop == origin.cloud)
        section.refuse(Code::config_value, "origin",
                       fmt::format("marks rows of both sides with \"{}\"", origin.desktop),
                       "the two marks must differ");
    given->finish();
    table.origin = origin;
}

void read_timestamps(Section& section, TableSetting& table) {
    std::optional<Section> given = section.section("timestamps");
    if (!given) return;
    table.timestamps = {given->text("updated"), given->text("created"), given->text("desktop_zone")};
    given->finish();
}

void apply_sync_keys(Section& section, const SyncKeys& defaults, TableSetting& table) {
    const SyncKeys own = read_sync_keys(section);
    const auto choose = [](const auto& mine, const auto& common, auto fallback) {
        return mine ? *mine : common.value_or(fallback);
    };
    table.capture_desktop = choose(own.capture_desktop, defaults.capture_desktop, Capture::automatic);
    table.capture_cloud = choose(own.capture_cloud, defaults.capture_cloud, Capture::automatic);
    table.policy.conflict = choose(own.conflict, defaults.conflict, ConflictPolicy::latest);
    table.policy.collision = choose(own.collision, defaults.collision, Collision::protect);
    table.policy.fallback = own.conflict ? own.fallback.value_or(ConflictPolicy::latest)
                                         : defaults.fallback.value_or(ConflictPolicy::latest);
    table.soft = own.deletes ? own.soft : defaults.soft;
    table.policy.deletes = choose(own.deletes, defaults.deletes, DeletePolicy::propagate);
    // An origin column protects its table unless that table itself says otherwise; [sync] does not count
    // there.
    table.ownership_given = own.ownership || (defaults.ownership && !table.origin);
    table.policy.ownership = table.ownership_given
                                 ? choose(own.ownership, defaults.ownership, Ownership::shared)
                                 : (table.origin ? Ownership::strict : Ownership::shared);
}

void read_column(Section& column, TableSetting& table) {
    const auto name = column.text("name");
    if (!name)
        column.refuse(Code::config_value, "name", "is missing", "name the column as the desktop calls it");
    ColumnSetting setting;
    if (const auto policy = column.text("policy")) {
        const std::optional<ColumnPolicy> parsed = parse_column_policy(*policy);
        if (!parsed)
            column.refuse(Code::merge_setting, "policy", fmt::format("cannot be \"{}\"", *policy),
                          "one of desktop, cloud, latest, max, min, sum, union, append, "
                          "\"advance:FIRST>...>LAST\", \"sql:EXPRESSION\"");
        setting.policy = *parsed;
    }
    setting.lossy = column.flag("lossy").value_or(false);
    setting.date = column.text("date");
    setting.refers_to = column.text("refers_to");
    setting.orphans = column.word<Orphans>("orphans", parse_orphans, {"park", "null", "allow"});
    column.finish();
    if (!table.columns.emplace(*name, setting).second)
        column.refuse(Code::config_value, "name", fmt::format("names \"{}\" twice", *name));
}

// Where a row has no columns that could be told apart, or nobody edited what changed, nothing can be merged.
void check_merging(Section& section, const TableSetting& table) {
    if (table.soft && repeats(table.identity))
        section.refuse(Code::merge_setting, "identity",
                       "leaves open which row was deleted: deletes = \"soft:...\" needs a unique key",
                       "use propagate, hold or ignore");
    if (!table.policy.merges()) {
        for (const auto& [column, setting] : table.columns)
            if (setting.policy.rule != ColumnRule::table)
                section.refuse(Code::merge_setting, "column",
                               fmt::format("\"{}\" has a policy, which means nothing here", column),
                               "add conflict = \"merge\" to the table, or remove the policy");
        return;
    }
    const char* hint = "use latest, desktop, cloud or manual: the losing row is kept whole either way";
    if (repeats(table.identity))
        section.refuse(Code::merge_setting, "identity",
                       "leaves open which rows are versions of one: conflict = \"merge\" needs a unique key", hint);
    if (table.refill)
        section.refuse(Code::merge_setting, "refill",
                       "changes columns that nobody edited, so conflict = \"merge\" has nothing to go by", hint);
}

}  // namespace

TableSetting read_table(Section& section, const SyncKeys& defaults, const GuardSetting& guard) {
    TableSetting table;
    table.line = section.place().line;
    read_names(section, table);
    for (Section& column : section.sections("column")) read_column(column, table);
    table.refill = section.flag("refill").value_or(false);
    read_key(section, table);
    read_columns(section, table);
    check_columns(section, table);
    read_origin(section, table);
    read_timestamps(section, table);
    table.where = section.text("where");
    table.side_effects = section.texts("side_effects").value_or(table.side_effects);
    apply_sync_keys(section, defaults, table);
    check_merging(section, table);
    table.guard = guard;
    if (std::optional<Section> own = section.section("guard")) {
        table.guard = read_guard_keys(*own, guard);
        own->finish();
    }
    section.finish();
    return table;
}

void refuse_shared_tables(const std::vector<TableSetting>& tables, const std::vector<Section>& sections) {
    std::map<sql::TableName, int> desktop, cloud;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        const auto claim = [&](std::map<sql::TableName, int>& claimed, const std::string& name,
                               const char* side) {
            const auto [earlier, fresh] = claimed.emplace(sql::TableName::parse(name), tables[i].line);
            if (fresh) return;
            sections[i].refuse(
                Code::duplicate_mapping, sections[i].has("name") ? "name" : side,
                fmt::format("is \"{}\", which the [[table]] of line {} already maps", name, earlier->second),
                "each table may stand in one [[table]] only");
        };
        claim(desktop, tables[i].desktop, "desktop");
        claim(cloud, tables[i].cloud, "cloud");
    }
}

}  // namespace tideway::config
