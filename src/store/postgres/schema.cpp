#include "store/postgres/schema.hpp"

#include <fmt/format.h>

#include <array>

namespace tideway::pg {
namespace {

struct Event {
    char letter;
    const char* words;
    const char* transition;
};
constexpr std::array<Event, 4> events{
    {{'i', "INSERT", "REFERENCING NEW TABLE AS tideway_new"},
     {'u', "UPDATE", "REFERENCING OLD TABLE AS tideway_old NEW TABLE AS tideway_new"},
     {'d', "DELETE", "REFERENCING OLD TABLE AS tideway_old"},
     {'t', "TRUNCATE", ""}}};

}  // namespace

std::string common_schema_sql() {
    return R"(
CREATE SCHEMA IF NOT EXISTS tideway;
REVOKE ALL ON SCHEMA tideway FROM PUBLIC;
COMMENT ON SCHEMA tideway IS 'State of the synchroniser Tideway; removed by: tideway uninstall';
CREATE SEQUENCE IF NOT EXISTS tideway.case_id;
CREATE TABLE IF NOT EXISTS tideway.pair (
    pair text PRIMARY KEY, no int NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE, uuid text NOT NULL,
    side text NOT NULL, system_id text NOT NULL, seed_a bigint NOT NULL, seed_b bigint NOT NULL,
    state_version int NOT NULL, created timestamptz NOT NULL DEFAULT now(),
    idle_forward timestamptz, idle_reverse timestamptz);
CREATE TABLE IF NOT EXISTS tideway.lease (
    pair text PRIMARY KEY REFERENCES tideway.pair ON DELETE CASCADE, seq bigint NOT NULL DEFAULT 0,
    run text, holder text, at timestamptz, epoch text NOT NULL DEFAULT '') WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS tideway.tables (
    pair text NOT NULL REFERENCES tideway.pair ON DELETE CASCADE, id int NOT NULL, key_types text NOT NULL,
    desktop_schema text NOT NULL, desktop_table text NOT NULL, cloud_schema text NOT NULL, cloud_table text NOT NULL,
    capture text NOT NULL, key_columns text NOT NULL, definition text NOT NULL,
    PRIMARY KEY (pair, id), UNIQUE (pair, desktop_schema, desktop_table));
CREATE TABLE IF NOT EXISTS tideway.conflict (
    id bigint PRIMARY KEY DEFAULT nextval('tideway.case_id'), pair text NOT NULL, run text NOT NULL, tbl int NOT NULL,
    key text[] NOT NULL, kind text NOT NULL, policy text NOT NULL, winner text NOT NULL, reason text NOT NULL,
    desktop_row jsonb, cloud_row jsonb, status text NOT NULL DEFAULT 'kept', at timestamptz NOT NULL DEFAULT now());
ALTER TABLE tideway.conflict ADD COLUMN IF NOT EXISTS facts text;
CREATE TABLE IF NOT EXISTS tideway.journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pair text NOT NULL, run text NOT NULL, batch bigint NOT NULL,
    tbl int NOT NULL, key text[] NOT NULL, op "char" NOT NULL, rule text NOT NULL, before jsonb,
    before_a bigint, before_b bigint, after_a bigint, after_b bigint, at timestamptz NOT NULL DEFAULT now(),
    CHECK (op = 'I' OR before IS NOT NULL));
ALTER TABLE tideway.journal ADD COLUMN IF NOT EXISTS form bigint;
CREATE TABLE IF NOT EXISTS tideway.table_status (
    pair text NOT NULL REFERENCES tideway.pair ON DELETE CASCADE, tbl int NOT NULL, direction text NOT NULL,
    table_name text NOT NULL, last_sync_timestamp timestamptz, records_synced bigint NOT NULL DEFAULT 0,
    records_total bigint NOT NULL DEFAULT 0, pending bigint NOT NULL DEFAULT 0, PRIMARY KEY (pair, tbl, direction));
CREATE OR REPLACE VIEW tideway.sync_metadata AS
    SELECT s.table_name, s.direction,
           greatest(s.last_sync_timestamp,
                    CASE s.direction WHEN 'forward' THEN p.idle_forward ELSE p.idle_reverse END) AS last_sync_timestamp,
           s.records_synced, s.pair
    FROM tideway.table_status s JOIN tideway.pair p ON p.pair = s.pair;
)";
}

std::string desktop_schema_sql() {
    return R"(
CREATE TABLE IF NOT EXISTS tideway.peer (
    pair text PRIMARY KEY REFERENCES tideway.pair ON DELETE CASCADE, peer_seq bigint NOT NULL DEFAULT 0,
    ack_seq bigint NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tideway.watermark (
    pair text NOT NULL REFERENCES tideway.pair ON DELETE CASCADE, tbl int NOT NULL, side text NOT NULL,
    capture text NOT NULL, mark text NOT NULL, PRIMARY KEY (pair, tbl, side));
CREATE TABLE IF NOT EXISTS tideway.waiting (
    id bigint NOT NULL UNIQUE DEFAULT nextval('tideway.case_id'), pair text NOT NULL, tbl int NOT NULL,
    key text[] NOT NULL, kind text NOT NULL, rule text NOT NULL, reason text NOT NULL, sqlstate text, detail text,
    constraint_name text, choice text, first_seen timestamptz NOT NULL DEFAULT now(),
    last_try timestamptz NOT NULL DEFAULT now(), tries int NOT NULL DEFAULT 1, run text NOT NULL,
    PRIMARY KEY (pair, tbl, key));
ALTER TABLE tideway.waiting ADD COLUMN IF NOT EXISTS emptied text;
ALTER TABLE tideway.waiting ADD COLUMN IF NOT EXISTS facts jsonb;
CREATE TABLE IF NOT EXISTS tideway.run (
    pair text NOT NULL, run text PRIMARY KEY, status text NOT NULL, mode text NOT NULL, direction text NOT NULL,
    duration_ms bigint NOT NULL, report jsonb, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS run_by_time ON tideway.run (pair, at);
CREATE TABLE IF NOT EXISTS tideway.service (
    pair text PRIMARY KEY REFERENCES tideway.pair ON DELETE CASCADE, holder text NOT NULL, at timestamptz NOT NULL);
)" + proof_schema_sql();
}

std::string cloud_schema_sql() {
    return R"(
CREATE TABLE IF NOT EXISTS tideway.inbox (
    pair text NOT NULL, batch_seq bigint NOT NULL, tbl int NOT NULL,
    key text[] NOT NULL, state "char" NOT NULL, origin "char" NOT NULL, hd_a bigint NOT NULL, hd_b bigint NOT NULL,
    hc_a bigint NOT NULL, hc_b bigint NOT NULL, ts_d bigint, ts_c bigint, d_barrier bigint NOT NULL,
    PRIMARY KEY (pair, batch_seq, tbl, key));
ALTER TABLE tideway.inbox ADD COLUMN IF NOT EXISTS emptied text NOT NULL DEFAULT '';
ALTER TABLE tideway.inbox ADD COLUMN IF NOT EXISTS load text;
ALTER TABLE tideway.inbox ALTER COLUMN load SET STORAGE EXTERNAL;
ALTER TABLE tideway.inbox ADD COLUMN IF NOT EXISTS row_d text;
ALTER TABLE tideway.inbox ADD COLUMN IF NOT EXISTS row_c text;
ALTER TABLE tideway.inbox DROP CONSTRAINT IF EXISTS inbox_pair_fkey;
)";
}

std::string base_name(int pair, int table) { return fmt::format("tideway.base_{}_{}", pair, table); }
std::string changes_name(int pair, int table) { return fmt::format("tideway.changes_{}_{}", pair, table); }
std::string backup_name(int pair, int table) { return fmt::format("tideway.backup_{}_{}", pair, table); }
std::string capture_function_name(int pair, int table) {
    return fmt::format("tideway.capture_{}_{}", pair, table);
}
std::string trigger_name(int pair, int table, char event) {
    return fmt::format("tideway_{}_{}_{}", pair, table, event);
}
std::string channel_name(int pair) { return fmt::format("tideway_{}", pair); }
std::string direct_mark(int pair, int table) { return fmt::format("{}:{}", pair, table); }

namespace {

// Takes key types and collations from the table itself.
std::string typed_keys_sql(const Expressions& e, const std::string& name, const std::string& keys) {
    return fmt::format("CREATE TABLE {} AS SELECT {} FROM {} AS t WITH NO DATA;\n", name, keys, e.relation());
}

std::string numbered(const std::vector<std::string>& values) {
    std::vector<std::string> columns;
    for (const std::string& value : values)
        columns.push_back(fmt::format("{} AS k{}", value, columns.size() + 1));
    return join(columns);
}

}  // namespace

std::string create_base_sql(const Expressions& e, int pair) {
    const std::string name = base_name(pair, e.table().id);
    const std::size_t keys = e.table().identity_cells();
    const std::string ordinal = e.table().repeats() ? fmt::format(", 1 AS k{}", keys) : "";
    return typed_keys_sql(e, name, e.keys_as_work() + ordinal) +
           fmt::format(
               R"(ALTER TABLE {0} ADD state "char" NOT NULL DEFAULT 'L', ADD origin "char" NOT NULL DEFAULT 'D',
    ADD hd_a bigint NOT NULL DEFAULT 0, ADD hd_b bigint NOT NULL DEFAULT 0, ADD hc_a bigint NOT NULL DEFAULT 0,
    ADD hc_b bigint NOT NULL DEFAULT 0, ADD ts_d bigint, ADD ts_c bigint, ADD hp_a bigint NOT NULL DEFAULT 0, ADD hp_b bigint NOT NULL DEFAULT 0, ADD c_barrier bigint NOT NULL DEFAULT 0,
    ADD row_d text, ADD row_c text, ADD PRIMARY KEY ({1});
COMMENT ON TABLE {0} IS {2};
)",
               name, key_list(keys), sql::literal("base of " + e.table().desktop.display()));
}

std::string unseen_index_name(int pair, int table) { return base_name(pair, table) + "_unseen"; }

std::string prepare_base_sql(const LinkedTable& table, int pair) {
    const std::string base = base_name(pair, table.id), index = unseen_index_name(pair, table.id);
    if (!table.policy.merges()) return fmt::format("DROP INDEX IF EXISTS {};\n", index);
    return fmt::format(
        "CREATE INDEX IF NOT EXISTS {} ON {} (state) WHERE state = 'L' AND (row_d IS NULL OR row_c IS NULL);\n",
        index.substr(index.find('.') + 1), base);
}

// It has no key; without an identity a publication for all tables would refuse that it is ever purged.
std::string create_changes_sql(const Expressions& e, int pair) {
    const std::string name = changes_name(pair, e.table().id);
    return typed_keys_sql(e, name, numbered(e.keys_to_log())) +
           fmt::format(
               R"(ALTER TABLE {0} ADD xid xid8 NOT NULL DEFAULT pg_current_xact_id(), ADD op "char" NOT NULL,
    ADD at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE {0} REPLICA IDENTITY FULL;
COMMENT ON TABLE {0} IS {1};
)",
               name, sql::literal("changelog of " + e.table().on(e.side()).display()));
}

namespace {

// A transaction that notifies commits alone, one after the other in the whole server, which costs writers most of their
// speed where many write at once. So only the first change since the last run tells of itself: whoever is told finds the
// others. It must not make a user's write fail either: a transaction that notified cannot be prepared, and the
// queue may be full.
std::string tell_service_sql(int pair) {
    return fmt::format(R"(IF current_setting('max_prepared_transactions') = '0' AND pg_notification_queue_usage() < 0.5
           AND has_function_privilege('pg_catalog.pg_notify(text, text)', 'EXECUTE') THEN
            PERFORM pg_notify('{}', '');
        END IF;)",
                       channel_name(pair));
}

}  // namespace

std::string create_capture_function_sql(const Expressions& e, int pair) {
    const std::size_t count = e.table().key_columns().size();
    const std::string into =
        fmt::format("INSERT INTO {} ({}, op)", changes_name(pair, e.table().id), key_list(count));
    // A literal, not dollar quotes: a column may be named like any of those. A key column that was renamed or dropped must not
    // make the users' writes fail: then everything is compared.
    std::string whole;
    for (const LinkedColumn* column : e.table().key_columns())
        whole += fmt::format("{}EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = TG_RELID AND a.attname = {} AND NOT "
                             "a.attisdropped)",
                             whole.empty() ? "" : " AND ", sql::literal(column->on(e.side()).name));
    // Users' statements wait for this one, and each question costs as much as a row: so all is asked at once, and what is most
    // frequent comes first.
    const std::string body = fmt::format(R"(
DECLARE first boolean; whole boolean; direct boolean;
BEGIN
    SELECT NOT EXISTS (SELECT FROM {0}), {4}, coalesce(current_setting('tideway.direct', true) = '{1}', false)
        INTO first, whole, direct;
    IF first AND NOT direct THEN
        {5}
    END IF;
    IF NOT whole OR TG_OP = 'TRUNCATE' THEN
        INSERT INTO {0} (op) VALUES ('T');
    ELSIF direct AND pg_trigger_depth() = 1 THEN
        NULL;
    ELSIF TG_OP = 'UPDATE' THEN
        {2} SELECT {3}, 'U' FROM tideway_new AS t UNION SELECT {3}, 'U' FROM tideway_old AS t;
    ELSIF TG_OP = 'INSERT' THEN
        {2} SELECT {3}, 'I' FROM tideway_new AS t;
    ELSE
        {2} SELECT {3}, 'D' FROM tideway_old AS t;
    END IF;
    RETURN NULL;
END )",
                                         changes_name(pair, e.table().id), direct_mark(pair, e.table().id), into,
                                         join(e.keys_to_log()), whole, tell_service_sql(pair));
    return fmt::format(R"(CREATE OR REPLACE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS {1};
REVOKE ALL ON FUNCTION {0}() FROM PUBLIC;
)",
                       capture_function_name(pair, e.table().id), sql::literal(body));
}

std::string create_triggers_sql(const Expressions& e, int pair, bool enable_always) {
    std::string text;
    for (const Event& event : events) {
        const std::string name = trigger_name(pair, e.table().id, event.letter);
        text += fmt::format("CREATE TRIGGER {} AFTER {} ON {} {} FOR EACH STATEMENT EXECUTE FUNCTION {}();\n",
                            name, event.words, e.relation(), event.transition,
                            capture_function_name(pair, e.table().id));
        if (enable_always)
            text += fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {};\n", e.relation(), name);
    }
    return text;
}

std::string drop_capture_sql(const Expressions& e, int pair) {
    return fmt::format("DROP FUNCTION IF EXISTS {}() CASCADE;\nDROP TABLE IF EXISTS {};\n",
                       capture_function_name(pair, e.table().id), changes_name(pair, e.table().id));
}

}  // namespace tideway::pg
