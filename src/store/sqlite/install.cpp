// The state objects of a side: read, created, listed, removed.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace tideway::sqlite {

namespace {

bool has_column(Connection& connection, const LaterColumn& later) {
    return Statement(connection, "find column", "SELECT 1 FROM pragma_table_xinfo(?1) WHERE name = ?2",
                     {std::string(later.table), std::string(later.column)})
        .step();
}

// What tables of an earlier version lack.
void complete(Connection& connection) {
    for (const LaterColumn& later : later_columns())
        if (table_exists(connection, later.table) && !has_column(connection, later))
            connection.execute("add column", fmt::format("ALTER TABLE {} ADD COLUMN {} {}", later.table,
                                                         later.column, later.type));
}

}  // namespace

std::optional<PairIdentity> SqliteStore::identity(const std::string& pair) {
    Connection& c = asker();
    if (!table_exists(c, "tideway_pair")) return std::nullopt;
    Statement found(
        c, "read pair",
        "SELECT no, uuid, side, system_id, seed_a, seed_b, state_version FROM tideway_pair WHERE pair = ?1",
        {pair});
    if (!found.step()) return std::nullopt;
    pair_number_ = static_cast<int>(found.integer(0));
    seeds_ = {found.integer(4), found.integer(5)};
    return PairIdentity{found.text(1),
                        found.text(3),
                        found.text(2) == "desktop" ? Side::desktop : Side::cloud,
                        seeds_,
                        static_cast<int>(found.integer(6))};
}

// A reader keeps a rollback journal from being written at all: only with a write-ahead log can a run read
// from one moment and write meanwhile. The mode belongs to the file and stays.
void SqliteStore::write_ahead() {
    Statement mode(writer(), "switch to write-ahead log", "PRAGMA journal_mode = WAL");
    if (mode.step() && mode.text(0) == "wal") return;
    throw Error(Code::statement_failed, fmt::format("{} cannot be switched to a write-ahead log", describe()),
                "close other programs that hold the file open, and keep it on a local disk");
}

void SqliteStore::install(const std::string& pair, const PairIdentity& identity) {
    write_ahead();
    Connection& c = writer();
    Transaction transaction(c, Access::write);
    c.execute("create state tables",
              common_schema_sql() + (side() == Side::desktop ? desktop_schema_sql() : cloud_schema_sql()));
    complete(c);
    Statement(c, "record pair",
              "INSERT OR IGNORE INTO tideway_pair (pair, uuid, side, system_id, seed_a, seed_b, "
              "state_version, created) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
        .run({pair, identity.uuid, std::string(name(side())), identity.system_id, identity.seeds.a,
              identity.seeds.b, std::int64_t{state_version}, now_micros()});
    Statement(c, "upgrade pair", "UPDATE tideway_pair SET state_version = ?2 WHERE pair = ?1")
        .run({pair, std::int64_t{state_version}});
    Statement(c, "create lease", "INSERT OR IGNORE INTO tideway_lease (pair) VALUES (?1)").run({pair});
    if (side() == Side::desktop)
        Statement(c, "create peer", "INSERT OR IGNORE INTO tideway_peer (pair) VALUES (?1)").run({pair});
    transaction.commit();
    this->identity(pair);
}

namespace {

// Tables by their names, triggers as "name on table".
std::set<std::string> all_objects(Connection& connection) {
    std::set<std::string> objects;
    Statement found(connection, "list objects",
                    "SELECT CASE type WHEN 'table' THEN name ELSE name || ' on ' || tbl_name END FROM "
                    "sqlite_schema WHERE type IN ('table', 'trigger')");
    while (found.step()) objects.insert(found.text(0));
    return objects;
}

}  // namespace

std::vector<TableUse> SqliteStore::known_tables() {
    Connection& c = asker();
    const std::set<std::string> there = all_objects(c);
    Statement found(
        c, "read known tables",
        "SELECT id, desktop_schema, desktop_table, cloud_schema, cloud_table, capture, key_columns, "
        "key_types, definition FROM tideway_tables WHERE pair = ?1 ORDER BY id",
        {pair_});
    std::vector<TableUse> tables;
    while (found.step()) {
        TableUse use{static_cast<int>(found.integer(0)),
                     {found.text(1), found.text(2)},
                     {found.text(3), found.text(4)},
                     parse_capture(found.text(5)).value_or(Capture::digest),
                     found.text(6),
                     found.text(7),
                     found.text(8),
                     true};
        std::vector<std::string> needed;
        if (side() == Side::desktop) needed.push_back(base_name(pair_number_, use.id));
        if (use.capture == Capture::changelog) {
            needed.push_back(changes_name(pair_number_, use.id));
            for (const char event : {'i', 'u', 'd'})
                needed.push_back(trigger_name(pair_number_, use.id, event) + " on " +
                                 (side() == Side::desktop ? use.desktop.table : use.cloud.table));
        }
        use.intact = std::all_of(needed.begin(), needed.end(),
                                 [&](const std::string& each) { return there.contains(each); });
        tables.push_back(std::move(use));
    }
    return tables;
}

namespace {

// What is recorded of a table; read to its end, since a table cannot be dropped while a statement is open.
std::vector<std::string> recorded_use(Connection& c, const std::string& pair, int table) {
    Statement found(
        c, "read table use",
        "SELECT key_columns, definition, cloud_schema, cloud_table FROM tideway_tables WHERE pair = ?1 "
        "AND id = ?2",
        {pair, std::int64_t{table}});
    if (!found.step()) return {};
    return {found.text(0), found.text(1), found.text(2), found.text(3)};
}

}  // namespace

// What the base knows is kept as far as it still speaks of these rows: see the other store's adapt_base().
void SqliteStore::adapt_base(Connection& c, const LinkedTable& table) {
    const std::vector<std::string> before = recorded_use(c, pair_, table.id);
    if (before.empty()) return;
    const std::string base = base_name(pair_number_, table.id);
    if (before[0] != identity_text(table, side())) {
        c.execute("drop outdated base", "DROP TABLE IF EXISTS " + base);
        Statement(c, "forget waiting keys", "DELETE FROM tideway_waiting WHERE pair = ?1 AND tbl = ?2")
            .run({pair_, std::int64_t{table.id}});
        return;
    }
    const bool same_cloud = before[2] == table.cloud.schema && before[3] == table.cloud.table;
    if ((before[1] != definition(table) || !same_cloud) && table_exists(c, base))
        c.execute(
            "forget outdated hashes",
            fmt::format("UPDATE {} SET state = 'U', hd_a = 0, hd_b = 0, hc_a = 0, hc_b = 0 WHERE state IN "
                        "('L', 'U')",
                        base));
}

void SqliteStore::record_table_use(Connection& c, const LinkedTable& table) {
    Statement(c, "record table use",
              "INSERT OR REPLACE INTO tideway_tables (pair, id, desktop_schema, desktop_table, cloud_schema, "
              "cloud_table, capture, key_columns, key_types, definition, generation) VALUES (?1, ?2, ?3, ?4, "
              "?5, ?6, "
              "?7, ?8, ?9, ?10, hex(randomblob(8)))")
        .run({pair_, std::int64_t{table.id}, table.desktop.schema, table.desktop.table, table.cloud.schema,
              table.cloud.table, std::string(to_string(table.capture(side()))), identity_text(table, side()),
              key_types_text(table, side()), definition(table)});
    for (const char* direction : {"forward", "reverse"})
        Statement(c, "create status row",
                  "INSERT OR IGNORE INTO tideway_table_status (pair, tbl, direction, table_name) VALUES (?1, "
                  "?2, ?3, "
                  "?4)")
            .run({pair_, std::int64_t{table.id}, std::string(direction), table.on(side()).display()});
}

void SqliteStore::install_table(const LinkedTable& table) {
    write_ahead();
    Connection& c = writer();
    Transaction transaction(c, Access::write);
    const std::string base = base_name(pair_number_, table.id);
    if (side() == Side::desktop) {
        adapt_base(c, table);
        if (!table_exists(c, base))
            c.execute("create base", fmt::format("CREATE TABLE {} {}", base, base_definition()));
    }
    // Replaced as a whole: a changelog that somebody half removed has gaps that cannot be seen.
    c.execute("drop capture", drop_capture_sql(pair_number_, table.id));
    if (table.capture(side()) == Capture::changelog)
        c.execute("create capture", create_capture_sql(codec(c, table), pair_number_));
    record_table_use(c, table);
    transaction.commit();
}

std::vector<std::string> SqliteStore::own_objects() {
    Statement found(
        asker(), "list own objects",
        "SELECT CASE type WHEN 'trigger' THEN 'trigger ' || name || ' on ' || tbl_name ELSE type || ' ' || "
        "name END FROM sqlite_schema WHERE name LIKE 'tideway\\_%' ESCAPE '\\' AND type <> 'index' ORDER BY "
        "type = 'table', type = 'view', 1");
    std::vector<std::string> objects;
    while (found.step()) objects.push_back(found.text(0));
    return objects;
}

namespace {

const std::vector<std::string>& state_tables() {
    static const std::vector<std::string> names{
        "pair",    "lease",     "tables",   "counter",   "direct",      "conflict",
        "journal", "peer",      "inbox",    "watermark", "waiting",     "table_status",
        "run",     "kept_plan", "kept_key", "proof",     "verification"};
    return names;
}

}  // namespace

void SqliteStore::uninstall() {
    if (!identity(pair_)) return;
    const std::vector<TableUse> tables = known_tables();
    Connection& c = writer();
    Transaction transaction(c, Access::write);
    for (const TableUse& table : tables)
        c.execute("drop table objects", drop_capture_sql(pair_number_, table.id) + "DROP TABLE IF EXISTS " +
                                            base_name(pair_number_, table.id));
    for (const char* table : {"pair", "lease", "tables", "table_status", "peer", "watermark", "waiting",
                              "inbox", "kept_plan", "kept_key", "proof", "verification"})
        if (table_exists(c, fmt::format("tideway_{}", table)))
            Statement(c, "forget pair", fmt::format("DELETE FROM tideway_{} WHERE pair = ?1", table))
                .run({pair_});
    bool last = false;
    {
        Statement left(c, "look for pairs", "SELECT 1 FROM tideway_pair");
        last = !left.step();
    }
    if (last) {
        std::string text = "DROP VIEW IF EXISTS tideway_sync_metadata;\n";
        for (const std::string& table : state_tables())
            text += fmt::format("DROP TABLE IF EXISTS tideway_{};\n", table);
        c.execute("drop state tables", text);
    }
    transaction.commit();
}

}  // namespace tideway::sqlite
