#include "store/sqlite/schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tideway::sqlite {
namespace {

// Microseconds since 1970, as exact as the built-ins know the time.
constexpr const char* now_sql = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000";

}  // namespace

std::string common_schema_sql() {
    return R"(
CREATE TABLE IF NOT EXISTS tideway_pair (
    no INTEGER PRIMARY KEY, pair TEXT NOT NULL UNIQUE, uuid TEXT NOT NULL, side TEXT NOT NULL, system_id TEXT NOT NULL,
    seed_a INTEGER NOT NULL, seed_b INTEGER NOT NULL, state_version INTEGER NOT NULL, created INTEGER NOT NULL,
    idle_forward INTEGER, idle_reverse INTEGER);
CREATE TABLE IF NOT EXISTS tideway_lease (
    pair TEXT NOT NULL PRIMARY KEY, seq INTEGER NOT NULL DEFAULT 0, run TEXT, holder TEXT, at INTEGER,
    epoch TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS tideway_tables (
    pair TEXT NOT NULL, id INTEGER NOT NULL, desktop_schema TEXT NOT NULL, desktop_table TEXT NOT NULL,
    cloud_schema TEXT NOT NULL, cloud_table TEXT NOT NULL, capture TEXT NOT NULL, key_columns TEXT NOT NULL,
    key_types TEXT NOT NULL, definition TEXT NOT NULL, generation TEXT NOT NULL, PRIMARY KEY (pair, id));
CREATE TABLE IF NOT EXISTS tideway_counter (last INTEGER NOT NULL);
INSERT INTO tideway_counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM tideway_counter);
CREATE TABLE IF NOT EXISTS tideway_direct (tbl TEXT NOT NULL, key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tideway_conflict (
    id INTEGER PRIMARY KEY, pair TEXT NOT NULL, run TEXT NOT NULL, tbl INTEGER NOT NULL, key TEXT NOT NULL,
    kind TEXT NOT NULL, policy TEXT NOT NULL, winner TEXT NOT NULL, reason TEXT NOT NULL, desktop_row TEXT,
    cloud_row TEXT, status TEXT NOT NULL DEFAULT 'kept', at INTEGER NOT NULL, facts TEXT);
CREATE TABLE IF NOT EXISTS tideway_journal (
    id INTEGER PRIMARY KEY, pair TEXT NOT NULL, run TEXT NOT NULL, batch INTEGER NOT NULL, tbl INTEGER NOT NULL,
    key TEXT NOT NULL, op TEXT NOT NULL, rule TEXT NOT NULL, before TEXT, before_a INTEGER, before_b INTEGER,
    after_a INTEGER, after_b INTEGER, at INTEGER NOT NULL, form INTEGER, whole INTEGER, CHECK (op = 'I' OR before IS NOT NULL));
CREATE TABLE IF NOT EXISTS tideway_table_status (
    pair TEXT NOT NULL, tbl INTEGER NOT NULL, direction TEXT NOT NULL, table_name TEXT NOT NULL,
    last_sync INTEGER, records_synced INTEGER NOT NULL DEFAULT 0, records_total INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (pair, tbl, direction));
CREATE VIEW IF NOT EXISTS tideway_sync_metadata AS
    SELECT s.table_name, s.direction,
           strftime('%Y-%m-%dT%H:%M:%SZ',
                    nullif(max(coalesce(s.last_sync, 0),
                               coalesce(CASE s.direction WHEN 'forward' THEN p.idle_forward ELSE p.idle_reverse END, 0)),
                           0) / 1000000, 'unixepoch') AS last_sync_timestamp,
           s.records_synced, s.pair
    FROM tideway_table_status s JOIN tideway_pair p ON p.pair = s.pair;
)";
}

std::string desktop_schema_sql() {
    return R"(
CREATE TABLE IF NOT EXISTS tideway_peer (
    pair TEXT NOT NULL PRIMARY KEY, peer_seq INTEGER NOT NULL DEFAULT 0, ack_seq INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tideway_watermark (
    pair TEXT NOT NULL, tbl INTEGER NOT NULL, side TEXT NOT NULL, capture TEXT NOT NULL, mark TEXT NOT NULL,
    PRIMARY KEY (pair, tbl, side));
CREATE TABLE IF NOT EXISTS tideway_waiting (
    id INTEGER NOT NULL UNIQUE, pair TEXT NOT NULL, tbl INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,
    rule TEXT NOT NULL, reason TEXT NOT NULL, sqlstate TEXT, detail TEXT, constraint_name TEXT, choice TEXT,
    first_seen INTEGER NOT NULL, last_try INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 1, run TEXT NOT NULL,
    facts TEXT, PRIMARY KEY (pair, tbl, key));
CREATE TABLE IF NOT EXISTS tideway_run (
    pair TEXT NOT NULL, run TEXT NOT NULL PRIMARY KEY, status TEXT NOT NULL, mode TEXT NOT NULL,
    direction TEXT NOT NULL, duration_ms INTEGER NOT NULL, report TEXT, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS tideway_run_by_time ON tideway_run (pair, at);
)" + proof_schema_sql();
}

std::string cloud_schema_sql() {
    return R"(
CREATE TABLE IF NOT EXISTS tideway_inbox (
    pair TEXT NOT NULL, batch_seq INTEGER NOT NULL, tbl INTEGER NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL,
    origin TEXT NOT NULL, hd_a INTEGER NOT NULL, hd_b INTEGER NOT NULL, hc_a INTEGER NOT NULL, hc_b INTEGER NOT NULL,
    ts_d INTEGER, ts_c INTEGER, d_barrier INTEGER NOT NULL, PRIMARY KEY (pair, batch_seq, tbl, key));
)";
}

const std::vector<LaterColumn>& later_columns() {
    static const std::vector<LaterColumn> columns{{"tideway_conflict", "facts", "TEXT"},
                                                  {"tideway_waiting", "facts", "TEXT"},
                                                  {"tideway_journal", "form", "INTEGER"},
                                                  {"tideway_journal", "whole", "INTEGER"}};
    return columns;
}

std::string base_name(int pair, int table) { return fmt::format("tideway_base_{}_{}", pair, table); }
std::string changes_name(int pair, int table) { return fmt::format("tideway_changes_{}_{}", pair, table); }
std::string trigger_name(int pair, int table, char event) {
    return fmt::format("tideway_{}_{}_{}", pair, table, event);
}

const char* base_definition() {
    return R"((
    key TEXT NOT NULL, ordinal INTEGER NOT NULL, state TEXT NOT NULL, origin TEXT NOT NULL,
    hd_a INTEGER NOT NULL, hd_b INTEGER NOT NULL, hc_a INTEGER NOT NULL, hc_b INTEGER NOT NULL,
    ts_d INTEGER, ts_c INTEGER, hp_a INTEGER NOT NULL DEFAULT 0, hp_b INTEGER NOT NULL DEFAULT 0,
    c_barrier INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (key, ordinal)))";
}

std::string marked_key_sql(const std::vector<std::string>& cells) {
    std::vector<std::string> parts;
    for (const std::string& cell : cells) parts.push_back(fmt::format("quote({})", cell));
    return fmt::format("{}", fmt::join(parts, " || ',' || "));
}

namespace {

std::vector<std::string> key_cells(const RowCodec& codec, const char* row) {
    std::vector<std::string> cells;
    for (const std::size_t at : codec.key_positions())
        cells.push_back(fmt::format("{}.{}", row, codec.column(at)));
    return cells;
}

std::string log_sql(const RowCodec& codec, int pair, char event, const char* row) {
    const int id = codec.table().id;
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= codec.key_positions().size(); ++i) names.push_back(fmt::format("k{}", i));
    const std::vector<std::string> cells = key_cells(codec, row);
    return fmt::format(
        "INSERT INTO {} (op, at, {}) SELECT '{}', {}, {} WHERE NOT EXISTS (SELECT 1 FROM tideway_direct "
        "WHERE tbl = "
        "'{}:{}' AND key = {});",
        changes_name(pair, id), fmt::join(names, ", "), event, now_sql, fmt::join(cells, ", "), pair, id,
        marked_key_sql(cells));
}

std::string trigger_sql(const RowCodec& codec, int pair, char event, const char* words,
                        const std::string& body) {
    return fmt::format("CREATE TRIGGER {} AFTER {} ON {} FOR EACH ROW BEGIN {} END;\n",
                       trigger_name(pair, codec.table().id, event), words,
                       sql::Identifier(codec.table().on(codec.side()).table).quoted(), body);
}

}  // namespace

// The first row only keeps the numbers going up: a purge leaves the newest one, whatever else it takes.
std::string create_capture_sql(const RowCodec& codec, int pair) {
    const std::string changes = changes_name(pair, codec.table().id);
    std::string keys, differs;
    for (std::size_t i = 0; i < codec.key_positions().size(); ++i) {
        keys += fmt::format(", k{}", i + 1);
        const std::string column = codec.column(codec.key_positions()[i]);
        differs += fmt::format("{}OLD.{} IS NOT NEW.{}", i == 0 ? "" : " OR ", column, column);
    }
    std::string moved = log_sql(codec, pair, 'U', "OLD");
    moved.replace(moved.rfind(" WHERE NOT EXISTS"), 7, fmt::format(" WHERE ({}) AND ", differs));
    return fmt::format(
               "CREATE TABLE {} (seq INTEGER PRIMARY KEY, op TEXT NOT NULL, at INTEGER NOT NULL{});\n"
               "INSERT INTO {} (seq, op, at) VALUES (1, '0', 0);\n",
               changes, keys, changes) +
           trigger_sql(codec, pair, 'i', "INSERT", log_sql(codec, pair, 'I', "NEW")) +
           trigger_sql(codec, pair, 'u', "UPDATE", moved + " " + log_sql(codec, pair, 'U', "NEW")) +
           trigger_sql(codec, pair, 'd', "DELETE", log_sql(codec, pair, 'D', "OLD"));
}

std::string drop_capture_sql(int pair, int table) {
    std::string text;
    for (const char event : {'i', 'u', 'd'})
        text += fmt::format("DROP TRIGGER IF EXISTS {};\n", trigger_name(pair, table, event));
    return text + fmt::format("DROP TABLE IF EXISTS {};\n", changes_name(pair, table));
}

}  // namespace tideway::sqlite
