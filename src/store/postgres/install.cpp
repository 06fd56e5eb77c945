// The state objects of a side: read, created, listed, removed.
#include <fmt/format.h>

#include <utility>

#include "store/postgres/pg_store.hpp"
#include "store/postgres/row_guard.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

Side side_named(std::string_view text) { return text == "desktop" ? Side::desktop : Side::cloud; }

// Base tables of all pairs: one of them may be an older version's.
constexpr const char* complete_bases = R"(
DO $$ DECLARE base regclass; BEGIN
    FOR base IN SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'tideway' AND c.relkind = 'r' AND c.relname ~ '^base_[0-9]+_[0-9]+$' LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS row_d text, ADD COLUMN IF NOT EXISTS row_c text', base);
    END LOOP;
END $$;
)";

}  // namespace

// ------------------------------------------------------------------------------

bool lacks_own_tables(const DbError& error) { return error.sqlstate() == "42P01" || error.sqlstate() == "3F000"; }

Answer ask_pair(Connection& connection, const std::string& pair) {
    return post(connection, "read pair",
                "SELECT no, uuid, side, system_id, seed_a, seed_b, state_version FROM tideway.pair WHERE pair = $1", {pair});
}

// Once from what was asked with server().
std::optional<PairIdentity> PgStore::identity(const std::string& pair) try {
    std::optional<Answer> answer = std::exchange(pair_ahead_, std::nullopt);
    if (!answer || pair != pair_) {
        Connection& c = asker();
        Transaction transaction(c, {.read_only = true});
        answer = ask_pair(c, pair);
        transaction.commit();
    }
    const Result& found = answer->get();
    if (found.rows() == 0) return std::nullopt;
    pair_number_ = static_cast<int>(found.integer(0, 0));
    seeds_ = hash_at(found, 0, 4);
    complete_ = found.integer(0, 6) >= state_version;
    return PairIdentity{std::string(found.text(0, 1)), std::string(found.text(0, 3)),
                        side_named(found.text(0, 2)), seeds_, static_cast<int>(found.integer(0, 6))};
} catch (const DbError& error) {
    if (!lacks_own_tables(error)) throw;
    return std::nullopt;
}

// Then nothing is to be created or completed: such statements would wait for the runs at work with these
// tables, of this pair or of another one, or those for them.
bool PgStore::state_is_current() {
    Connection& c = writer();
    if (!run(c, "find pairs", "SELECT to_regclass('tideway.pair') IS NOT NULL").boolean(0, 0)) return false;
    return run(c, "read state versions",
               "SELECT EXISTS (SELECT FROM tideway.pair p WHERE p.side = $1 AND p.state_version >= $2::int)",
               {name(side()), std::to_string(state_version)})
        .boolean(0, 0);
}

void PgStore::wait_for_other_installations() try {
    run(writer(), "serialize installation",
        "SELECT pg_advisory_xact_lock(hashtextextended('tideway install', 0))");
} catch (const DbError& error) {
    if (error.sqlstate() != "55P03") throw;
    throw Error(Code::lease_held,
                fmt::format("another run is creating tideway's tables on the {} side", name(side())),
                "wait until it ends, then run this again");
}

void PgStore::install(const std::string& pair, const PairIdentity& identity) {
    pair_ahead_.reset();
    Transaction transaction(writer());
    wait_for_other_installations();
    if (!state_is_current())
        writer().query(
            {"create state tables",
             common_schema_sql() +
                 (side() == Side::desktop ? desktop_schema_sql() + complete_bases : cloud_schema_sql())});
    run(writer(), "record pair",
        "INSERT INTO tideway.pair (pair, uuid, side, system_id, seed_a, seed_b, state_version) "
        "VALUES ($1, $2, $3, $4, $5::bigint, $6::bigint, $7::int) ON CONFLICT (pair) DO UPDATE SET "
        "state_version = excluded.state_version",
        {pair, identity.uuid, name(side()), identity.system_id, std::to_string(identity.seeds.a),
         std::to_string(identity.seeds.b), std::to_string(state_version)});
    run(writer(), "create lease", "INSERT INTO tideway.lease (pair) VALUES ($1) ON CONFLICT DO NOTHING",
        {pair});
    if (side() == Side::desktop)
        run(writer(), "create peer", "INSERT INTO tideway.peer (pair) VALUES ($1) ON CONFLICT DO NOTHING",
            {pair});
    transaction.commit();
    this->identity(pair);
}

Answer PgStore::ask_known_tables(Connection& connection) {
    return post(connection, "read known tables", R"(
SELECT u.id, u.desktop_schema, u.desktop_table, u.cloud_schema, u.cloud_table, u.capture, u.key_columns, u.key_types, u.definition,
       ($2 <> 'desktop' OR to_regclass(format('tideway.base_%s_%s', p.no, u.id)) IS NOT NULL)
       AND (u.capture <> 'changelog' OR (
            to_regclass(format('tideway.changes_%s_%s', p.no, u.id)) IS NOT NULL AND
            4 = (SELECT count(*) FROM pg_trigger g JOIN pg_class r ON r.oid = g.tgrelid
                 WHERE g.tgenabled IN ('A', CASE WHEN pg_has_role(current_user, r.relowner, 'USAGE') THEN 'A' ELSE 'O' END)
                 AND g.tgname = ANY (ARRAY[format('tideway_%s_%s_i', p.no, u.id), format('tideway_%s_%s_u', p.no, u.id),
                                           format('tideway_%s_%s_d', p.no, u.id), format('tideway_%s_%s_t', p.no, u.id)])
                 AND r.relname = CASE $2 WHEN 'desktop' THEN u.desktop_table ELSE u.cloud_table END
                 AND r.relnamespace = (SELECT n.oid FROM pg_namespace n
                     WHERE n.nspname = CASE $2 WHEN 'desktop' THEN u.desktop_schema ELSE u.cloud_schema END)))),
       2 = (SELECT count(*) FROM pg_trigger g WHERE g.tgenabled IN ('A', 'O')
            AND g.tgname IN (format('tideway_%s_%s_g', p.no, u.id), format('tideway_%s_%s_h', p.no, u.id))
            AND g.tgrelid = (SELECT r.oid FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
                 WHERE n.nspname = u.cloud_schema AND r.relname = u.cloud_table)),
       to_regclass(format('tideway.base_%s_%s_unseen', p.no, u.id)) IS NOT NULL
FROM tideway.tables u JOIN tideway.pair p USING (pair) WHERE u.pair = $1 ORDER BY u.id)",
                {pair_, name(side())});
}

// Once from what was asked with the catalogue.
std::vector<TableUse> PgStore::known_tables() {
    std::optional<Answer> answer = std::exchange(known_ahead_, std::nullopt);
    if (!answer) {
        Connection& c = asker();
        Transaction transaction(c, {.read_only = true});
        answer = ask_known_tables(c);
        transaction.commit();
    }
    const Result& found = answer->get();
    std::vector<TableUse> tables;
    for (int i = 0; i < found.rows(); ++i)
        tables.push_back({static_cast<int>(found.integer(i, 0)),
                          {std::string(found.text(i, 1)), std::string(found.text(i, 2))},
                          {std::string(found.text(i, 3)), std::string(found.text(i, 4))},
                          parse_capture(found.text(i, 5)).value_or(Capture::digest),
                          std::string(found.text(i, 6)),
                          std::string(found.text(i, 7)),
                          std::string(found.text(i, 8)),
                          found.boolean(i, 9),
                          found.boolean(i, 10),
                          found.boolean(i, 11)});
    return tables;
}

// What the base knows is kept as far as it still speaks of these rows. Other keys: nothing does. Other key
// types: all of it does. Other columns, or another table in the cloud: the hashes cannot tell an edited row
// from an unedited one, so the rows meet as if for the first time.
void PgStore::adapt_base(Connection& c, const LinkedTable& table, const Result& before) {
    const std::string base = base_name(pair_number_, table.id);
    if (before.text(0, 0) != identity_text(table, side())) {
        c.query({"drop outdated base", "DROP TABLE IF EXISTS " + base});
        run(c, "forget waiting keys",
            "DELETE FROM tideway.waiting AS g WHERE g.pair = $1 AND g.tbl = $2::int",
            {pair_, std::to_string(table.id)});
        return;
    }
    if (before.text(0, 1) != key_types_text(table, side())) {
        std::vector<std::string> changes;
        for (const std::string& type : expressions(table).work_key_types())
            changes.push_back(
                fmt::format("ALTER COLUMN k{0} TYPE {1} USING k{0}::text::{1}", changes.size() + 1, type));
        c.query(
            {"change key types of base", fmt::format("ALTER TABLE IF EXISTS {} {}", base, join(changes))});
    }
    const bool same_cloud = before.text(0, 3) == table.cloud.schema && before.text(0, 4) == table.cloud.table;
    if (before.text(0, 2) != definition(table) || !same_cloud)
        c.query({"forget outdated hashes", fmt::format("UPDATE {} AS b SET state = 'U', hd_a = 0, hd_b = 0, "
                                                       "hc_a = 0, hc_b = 0, row_d = NULL, row_c = NULL WHERE b.state IN ('L', 'U')",
                                                       base)});
}

void PgStore::install_table(const LinkedTable& table) {
    known_ahead_.reset();
    const Expressions e = expressions(table);
    Transaction transaction(writer());
    Connection& c = writer();
    const auto exists = [&](const std::string& object) {
        return run(c, "find object", "SELECT to_regclass($1) IS NOT NULL", {object}).boolean(0, 0);
    };
    const Result before = run(c, "read table use",
                              "SELECT key_columns, key_types, definition, cloud_schema, cloud_table FROM "
                              "tideway.tables WHERE pair = $1 AND id "
                              "= $2::int",
                              {pair_, std::to_string(table.id)});
    const std::string base = base_name(pair_number_, table.id);
    if (side() == Side::desktop && before.rows() > 0) adapt_base(c, table, before);
    if (side() == Side::desktop && !exists(base)) c.query({"create base", create_base_sql(e, pair_number_)});
    if (side() == Side::desktop) c.query({"prepare base", prepare_base_sql(table, pair_number_)});
    // Replaced as a whole: a changelog that somebody half removed has gaps that cannot be seen.
    c.query({"drop capture", drop_capture_sql(e, pair_number_)});
    if (table.capture(side()) == Capture::changelog) {
        const Result owner =
            run(c, "ask owner",
                "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = $1::regclass",
                {e.relation()});
        c.query({"create capture", create_changes_sql(e, pair_number_) +
                                       create_capture_function_sql(e, pair_number_) +
                                       create_triggers_sql(e, pair_number_, owner.boolean(0, 0))});
    }
    run(c, "record table use", R"(INSERT INTO tideway.tables
    (pair, id, desktop_schema, desktop_table, cloud_schema, cloud_table, capture, key_columns, key_types, definition)
    VALUES ($1, $2::int, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (pair, id) DO UPDATE SET capture = excluded.capture, key_columns = excluded.key_columns,
        key_types = excluded.key_types, definition = excluded.definition,
        cloud_schema = excluded.cloud_schema, cloud_table = excluded.cloud_table)",
        {pair_, std::to_string(table.id), table.desktop.schema, table.desktop.table, table.cloud.schema,
         table.cloud.table, std::string(to_string(table.capture(side()))), identity_text(table, side()),
         key_types_text(table, side()), definition(table)});
    for (const char* direction : {"forward", "reverse"})
        run(c, "create status row",
            "INSERT INTO tideway.table_status (pair, tbl, direction, table_name) VALUES ($1, $2::int, $3, "
            "$4) ON CONFLICT DO NOTHING",
            {pair_, std::to_string(table.id), direction, table.on(side()).display()});
    transaction.commit();
}

std::vector<std::string> PgStore::own_objects() {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "list own objects", R"(
SELECT format('trigger %s on %s', g.tgname, g.tgrelid::regclass) FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid
    JOIN pg_namespace n ON n.oid = f.pronamespace WHERE n.nspname = 'tideway'
UNION ALL SELECT format('function tideway.%s', f.proname) FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
    WHERE n.nspname = 'tideway'
UNION ALL SELECT format('%s tideway.%s', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' ELSE 'view' END, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'tideway' AND c.relkind IN ('r', 'S', 'v')
UNION ALL SELECT format('view %s', v.oid::regclass) FROM pg_class v WHERE v.relkind = 'v'
    AND obj_description(v.oid, 'pg_class') LIKE 'Made by tideway: %'
UNION ALL SELECT 'schema tideway' FROM pg_namespace WHERE nspname = 'tideway' ORDER BY 1)");
    std::vector<std::string> objects;
    for (int i = 0; i < found.rows(); ++i) objects.emplace_back(found.text(i, 0));
    transaction.commit();
    return objects;
}

void PgStore::uninstall() {
    pair_ahead_.reset();
    known_ahead_.reset();
    if (!identity(pair_)) return;
    const std::vector<TableUse> tables = known_tables();
    Transaction transaction(writer());
    std::string text;
    for (const TableUse& table : tables)
        text += fmt::format(
            "DROP FUNCTION IF EXISTS {}() CASCADE; DROP FUNCTION IF EXISTS {}() CASCADE; DROP TABLE IF EXISTS {}, {}, "
            "{};\n",
            capture_function_name(pair_number_, table.id), guard_function_name(pair_number_, table.id),
            changes_name(pair_number_, table.id), base_name(pair_number_, table.id),
            backup_name(pair_number_, table.id));
    if (!text.empty()) writer().query({"drop table objects", text});
    // Receipts name their pair without a foreign key: each row of a batch would be checked.
    if (side() == Side::cloud) run(writer(), "drop receipts", "DELETE FROM tideway.inbox AS i WHERE i.pair = $1", {pair_});
    run(writer(), "drop pair", "DELETE FROM tideway.pair AS p WHERE p.pair = $1", {pair_});
    const Result left = run(writer(), "count pairs", "SELECT count(*) FROM tideway.pair");
    if (left.integer(0, 0) == 0) writer().query({"drop schema", "DROP SCHEMA tideway CASCADE"});
    transaction.commit();
}

}  // namespace tideway::pg
