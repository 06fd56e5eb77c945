// Reads a file's catalogue into plain values.
#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/md5.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/types.hpp"

namespace tideway::sqlite {
namespace {

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

bool same_name(const std::string& one, const std::string& other) { return lower(one) == lower(other); }

// A file has no identity of its own, and a copy has all that is in it: what tells it from a copy is where it
// lies.
std::string file_identity(const std::string& path) {
    std::string machine;
    std::ifstream("/etc/machine-id") >> machine;
    struct utsname host {};
    if (machine.empty() && uname(&host) == 0) machine = host.nodename;
    return md5_hex(machine + ":" + std::filesystem::weakly_canonical(path).string());
}

struct TableInfo {
    std::string name, sql;
    bool strict = false, without_rowid = false, ordinary = false;
    int primary_columns = 0;
};

std::optional<TableInfo> table_info(Connection& c, const std::string& name) {
    Statement found(
        c, "find relation",
        "SELECT l.name, l.type, l.wr, l.strict, s.sql FROM pragma_table_list l JOIN sqlite_schema s ON "
        "s.name = l.name AND s.type IN ('table', 'view') WHERE l.schema = 'main' AND l.name = ?1 COLLATE "
        "NOCASE",
        {name});
    if (!found.step()) return std::nullopt;
    return TableInfo{found.text(0),
                     found.text(4),
                     found.integer(3) != 0,
                     found.integer(2) != 0,
                     found.text(1) == "table",
                     0};
}

// A primary key of one column declared INTEGER is the row's own number: nothing but an integer can be in it.
bool is_row_number(const TableInfo& info, const std::string& declared, bool primary) {
    return primary && info.primary_columns == 1 && !info.without_rowid && lower(declared) == "integer";
}

RelationColumn column_at(Connection& c, const TableInfo& info, const Statement& found) {
    RelationColumn column;
    column.name = found.text(0);
    const std::string declared = found.text(1);
    const DeclaredType type = declared_type(declared);
    column.type = column.base_type = type.base_type;
    column.type_class = type.type_class;
    column.unsupported = type.unsupported;
    const bool row_number = is_row_number(info, declared, found.integer(4) > 0);
    const bool by_bytes = !info.ordinary || c.collation(info.name, column.name) == "BINARY";
    const bool checked_by_strict =
        info.strict && (column.type_class == TypeClass::integer || column.type_class == TypeClass::bytes ||
                        column.type_class == TypeClass::floating);
    column.native_hash = false;
    column.equal_by_text = by_bytes;
    column.not_null = found.integer(2) != 0 || row_number;
    column.has_default = !found.null(3) || row_number;
    column.generated = found.integer(5) == 2 || found.integer(5) == 3;
    column.checked = row_number || checked_by_strict;
    return column;
}

void read_columns(Connection& c, TableInfo& info, Relation& relation) {
    Statement primary(c, "count key columns", "SELECT count(*) FROM pragma_table_xinfo(?1) WHERE pk > 0",
                      {info.name});
    primary.step();
    info.primary_columns = static_cast<int>(primary.integer(0));
    Statement found(
        c, "read columns",
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) WHERE hidden "
        "<> 1 ORDER BY cid",
        {info.name});
    while (found.step()) {
        relation.columns.push_back(column_at(c, info, found));
        if (is_row_number(info, found.text(1), found.integer(4) > 0))
            relation.unique_keys.push_back({"primary key", {found.text(0)}, true, true});
    }
}

void read_unique_keys(Connection& c, const TableInfo& info, Relation& relation) {
    Statement found(
        c, "read unique keys",
        "SELECT name, origin, partial FROM pragma_index_list(?1) WHERE \"unique\" ORDER BY origin <> 'pk', "
        "name",
        {info.name});
    while (found.step()) {
        UniqueKey key{found.text(0), {}, found.text(1) == "pk", found.integer(2) == 0};
        Statement columns(
            c, "read index columns",
            "SELECT coalesce(name, ''), cid, coll FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno",
            {key.name});
        while (columns.step()) {
            key.usable = key.usable && columns.integer(1) >= 0;
            key.columns.push_back(columns.text(0));
        }
        relation.unique_keys.push_back(std::move(key));
    }
}

char action_letter(const std::string& words) {
    return words == "CASCADE"       ? 'c'
           : words == "SET NULL"    ? 'n'
           : words == "SET DEFAULT" ? 'd'
           : words == "RESTRICT"    ? 'r'
                                    : 'a';
}

std::vector<std::string> primary_key(Connection& c, const std::string& table) {
    std::vector<std::string> columns;
    Statement found(c, "read primary key", "SELECT name FROM pragma_table_xinfo(?1) WHERE pk > 0 ORDER BY pk",
                    {table});
    while (found.step()) columns.push_back(found.text(0));
    return columns;
}

// The table's own spelling: SQLite takes letters of either case for the same.
std::string own_spelling(const std::vector<std::string>& names, const std::string& name) {
    const auto found =
        std::find_if(names.begin(), names.end(), [&](const auto& each) { return same_name(each, name); });
    return found == names.end() ? name : *found;
}

std::vector<std::string> column_names(Connection& c, const std::string& table) {
    std::vector<std::string> names;
    Statement found(c, "read column names", "SELECT name FROM pragma_table_xinfo(?1)", {table});
    while (found.step()) names.push_back(found.text(0));
    return names;
}

void read_foreign_keys(Connection& c, const TableInfo& info, const std::string& schema, Relation& relation) {
    const std::vector<std::string> own = column_names(c, info.name);
    Statement found(
        c, "read foreign keys",
        "SELECT id, \"table\", \"from\", \"to\", on_delete, on_update FROM pragma_foreign_key_list(?1) ORDER "
        "BY id, seq",
        {info.name});
    std::int64_t last = -1;
    while (found.step()) {
        const auto parent = table_info(c, found.text(1));
        const std::string parent_name = parent ? parent->name : found.text(1);
        if (found.integer(0) != last) {
            ForeignKey key;
            key.parent = {schema, parent_name};
            key.on_delete = action_letter(found.text(4));
            key.on_update = action_letter(found.text(5));
            if (found.null(3)) key.parent_columns = primary_key(c, parent_name);
            relation.foreign_keys.push_back(std::move(key));
            last = found.integer(0);
        }
        ForeignKey& key = relation.foreign_keys.back();
        key.columns.push_back(own_spelling(own, found.text(2)));
        if (!found.null(3))
            key.parent_columns.push_back(own_spelling(column_names(c, parent_name), found.text(3)));
    }
    for (ForeignKey& key : relation.foreign_keys)
        key.name = fmt::format("{} ({})", info.name, display(key.columns));
}

void read_cascades(Connection& c, const TableInfo& info, const std::string& schema, Relation& relation) {
    Statement found(
        c, "read cascades",
        "SELECT DISTINCT s.name, f.on_delete, f.on_update FROM sqlite_schema s, "
        "pragma_foreign_key_list(s.name) f WHERE s.type = 'table' AND f.\"table\" = ?1 COLLATE NOCASE ORDER "
        "BY 1",
        {info.name});
    const auto writes = [](char action) { return action == 'c' || action == 'n' || action == 'd'; };
    while (found.step()) {
        const char on_delete = action_letter(found.text(1)), on_update = action_letter(found.text(2));
        if (writes(on_delete) || writes(on_update))
            relation.cascades.push_back(
                {"foreign key of " + found.text(0), {schema, found.text(0)}, on_delete, on_update});
    }
}

void read_triggers(Connection& c, const TableInfo& info, Relation& relation) {
    Statement found(
        c, "read triggers",
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE AND name NOT "
        "LIKE 'tideway\\_%' ESCAPE '\\' ORDER BY 1",
        {info.name});
    while (found.step()) relation.triggers.push_back(found.text(0));
}

bool writable(const std::string& path) {
    return ::access(path.c_str(), W_OK) == 0 &&
           ::access(std::filesystem::absolute(path).parent_path().c_str(), W_OK) == 0;
}

}  // namespace

std::string fingerprint(Connection& connection, const std::string& table) {
    std::string text;
    Statement found(connection, "read columns",
                    "SELECT cid, name, type, hidden FROM pragma_table_xinfo(?1) ORDER BY cid", {table});
    while (found.step())
        text += fmt::format("{}:{}:{}:{},", found.integer(0), found.text(1), found.text(2), found.integer(3));
    return md5_hex(text);
}

void check_fingerprints(Connection& connection, Side side, const std::vector<const LinkedTable*>& tables) {
    for (const LinkedTable* table : tables)
        if (fingerprint(connection, table->on(side).table) != table->fingerprint(side))
            throw SchemaChanged(
                table->id, fmt::format("the columns of {} changed at the {} side while this run was at work",
                                       table->on(side).display(), name(side)));
}

ServerFacts SqliteStore::server() {
    ServerFacts facts;
    Statement found(asker(), "read file facts", "SELECT sqlite_version(), encoding FROM pragma_encoding");
    found.step();
    int major = 0, minor = 0, patch = 0;
    std::sscanf(found.text(0).c_str(), "%d.%d.%d", &major, &minor, &patch);
    facts.version = major * 1'000'000 + minor * 1000 + patch;
    facts.embedded = true;
    facts.database = std::filesystem::path(options_.path).filename().string();
    facts.endpoint = options_.path;
    facts.user = "this user";
    facts.time_zone = "UTC";
    facts.encoding = found.text(1) == "UTF-8" ? "UTF8" : found.text(1);
    facts.system_id = file_identity(options_.path);
    facts.now = now_micros();
    facts.superuser = false;
    facts.bypass_rls = facts.sees_all_sessions = true;
    facts.read_only = !writable(options_.path);
    return facts;
}

// A file has one schema of tables; it goes by the name that needs not be written.
std::vector<sql::TableName> SqliteStore::tables() {
    Statement found(
        asker(), "list tables",
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE "
        "'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'tideway\\_%' ESCAPE '\\' ORDER BY 1");
    std::vector<sql::TableName> names;
    while (found.step()) names.push_back({"public", found.text(0)});
    return names;
}

std::optional<Relation> SqliteStore::relation(const sql::TableName& name) {
    Connection& c = asker();
    if (name.schema != "public" && name.schema != "main") return std::nullopt;
    std::optional<TableInfo> info = table_info(c, name.table);
    if (!info) return std::nullopt;
    Relation relation;
    relation.name = {name.schema, info->name};
    relation.kind = info->without_rowid ? 'w' : info->ordinary ? 'r' : 'v';
    relation.owned = true;
    relation.may_select = relation.may_insert = relation.may_update = relation.may_delete =
        relation.may_trigger = true;
    relation.offers_xmin = relation.converts_zones = false;
    relation.fingerprint = fingerprint(c, info->name);
    read_columns(c, *info, relation);
    read_unique_keys(c, *info, relation);
    read_foreign_keys(c, *info, name.schema, relation);
    read_cascades(c, *info, name.schema, relation);
    read_triggers(c, *info, relation);
    if (relation.kind == 'r') {
        Statement newest(c, "estimate rows",
                         fmt::format("SELECT count(*) FROM main.{}", sql::Identifier(info->name).quoted()));
        newest.step();
        relation.estimated_rows = newest.integer(0);
    }
    return relation;
}

}  // namespace tideway::sqlite
