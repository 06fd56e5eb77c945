// Reads one side's catalogue into plain values.
#include <fmt/format.h>

#include <map>

#include "store/postgres/catalog_sign.hpp"
#include "store/postgres/pg_store.hpp"

namespace tideway::pg {
namespace {

TypeClass class_of(const std::string& type) {
    static const std::map<std::string, TypeClass> classes{
        {"smallint", TypeClass::integer},
        {"integer", TypeClass::integer},
        {"bigint", TypeClass::integer},
        {"numeric", TypeClass::numeric},
        {"real", TypeClass::floating},
        {"double precision", TypeClass::floating},
        {"boolean", TypeClass::boolean},
        {"text", TypeClass::text},
        {"character varying", TypeClass::text},
        {"character", TypeClass::padded},
        {"timestamp without time zone", TypeClass::instant},
        {"timestamp with time zone", TypeClass::zoned_instant},
        {"json", TypeClass::json},
        {"jsonb", TypeClass::jsonb},
        {"uuid", TypeClass::uuid},
        {"bytea", TypeClass::bytes},
        {"date", TypeClass::date}};
    const auto found = classes.find(type);
    return found == classes.end() ? TypeClass::other : found->second;
}

bool hashes_by_image(TypeClass type, bool deterministic) {
    switch (type) {
        case TypeClass::integer:
        case TypeClass::boolean:
        case TypeClass::uuid:
        case TypeClass::bytes:
        case TypeClass::date:
            return true;
        case TypeClass::text:
            return deterministic;
        default:
            return false;
    }
}

// By oid, as text: one statement tells for all tables what they have of something.
using Relations = std::map<std::string, Relation, std::less<>>;

Relation& at(Relations& relations, const Result& found, int row) {
    const auto relation = relations.find(found.text(row, 0));
    ensure(relation != relations.end(), "all statements on the catalogue see the same tables");
    return relation->second;
}

constexpr const char* columns_sql = R"(
WITH RECURSIVE resolved AS (
    SELECT a.attrelid, a.attnum, a.atttypid AS typ, a.atttypmod AS typmod FROM pg_attribute a
    WHERE a.attrelid = :tables AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT r.attrelid, r.attnum, y.typbasetype, CASE WHEN r.typmod = -1 THEN y.typtypmod ELSE r.typmod END
    FROM resolved r JOIN pg_type y ON y.oid = r.typ WHERE y.typtype = 'd')
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), format_type(r.typ, NULL),
       CASE WHEN r.typmod < 4 THEN -1 WHEN r.typ = 'numeric'::regtype THEN ((r.typmod - 4) >> 16) & 65535 ELSE r.typmod - 4 END,
       coalesce(l.collisdeterministic, true), a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attgenerated <> '',
       a.attidentity = 'a', coalesce(s.name, ''), coalesce(s.usable, true),
       coalesce(s.name, i.name, ''), coalesce(s.movable, i.movable, true),
       a.atttypid <> r.typ OR (y.typtype NOT IN ('b', 'e') AND y.oid >= 16384)
           OR EXISTS (SELECT FROM pg_type e WHERE e.oid = y.typelem AND e.typtype NOT IN ('b', 'e'))
FROM pg_attribute a JOIN resolved r ON r.attrelid = a.attrelid AND r.attnum = a.attnum JOIN pg_type y ON y.oid = r.typ AND y.typtype <> 'd'
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN LATERAL (
    SELECT format('%I.%I', n.nspname, q.relname) AS name, has_sequence_privilege(q.oid, 'USAGE') AS usable,
           has_sequence_privilege(q.oid, 'UPDATE') AND has_sequence_privilege(q.oid, 'SELECT') AS movable
    FROM pg_attrdef f JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = f.oid AND p.refclassid = 'pg_class'::regclass
    JOIN pg_class q ON q.oid = p.refobjid AND q.relkind = 'S' JOIN pg_namespace n ON n.oid = q.relnamespace
    WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum LIMIT 1) s ON true
LEFT JOIN LATERAL (
    SELECT format('%I.%I', n.nspname, q.relname) AS name,
           has_sequence_privilege(q.oid, 'UPDATE') AND has_sequence_privilege(q.oid, 'SELECT') AS movable
    FROM pg_depend p JOIN pg_class q ON q.oid = p.objid AND q.relkind = 'S' JOIN pg_namespace n ON n.oid = q.relnamespace
    WHERE p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass AND p.deptype = 'i'
      AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum LIMIT 1) i ON true
ORDER BY a.attrelid, a.attnum)";

void read_columns(const Result& found, Relations& relations) {
    for (int i = 0; i < found.rows(); ++i) {
        RelationColumn column;
        column.name = found.text(i, 1);
        column.type = found.text(i, 2);
        column.base_type = found.text(i, 3);
        column.type_class = class_of(column.base_type);
        column.length = static_cast<int>(found.integer(i, 4));
        column.native_hash = hashes_by_image(column.type_class, found.boolean(i, 5));
        column.equal_by_text =
            found.boolean(i, 5) && column.base_type != "interval" && !column.base_type.ends_with("citext");
        column.not_null = found.boolean(i, 6);
        column.has_default = found.boolean(i, 7);
        column.generated = found.boolean(i, 8);
        column.identity_always = found.boolean(i, 9);
        column.sequence = found.text(i, 10);
        column.may_use_sequence = found.boolean(i, 11);
        column.counter = found.text(i, 12);
        column.may_move_counter = found.boolean(i, 13);
        column.constrained_type = found.boolean(i, 14);
        if (column.base_type == "character") column.base_type = "bpchar";
        if (column.base_type == "bit") column.base_type = "bit varying";  // bit alone is one bit
        at(relations, found, i).columns.push_back(std::move(column));
    }
}

constexpr const char* unique_keys_sql = R"(
SELECT i.indrelid, i.indexrelid::regclass::text, i.indisprimary,
       i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts ORDER BY k.n)
FROM pg_index i WHERE i.indrelid = :tables AND i.indisunique ORDER BY i.indisprimary DESC, 2)";

void read_unique_keys(const Result& found, Relations& relations) {
    for (int i = 0; i < found.rows(); ++i)
        at(relations, found, i)
            .unique_keys.push_back({std::string(found.text(i, 1)), parse_text_array(found.text(i, 4)),
                                    found.boolean(i, 2), found.boolean(i, 3)});
}

constexpr const char* foreign_keys_sql = R"(
SELECT f.conrelid, f.conname, n.nspname, p.relname, f.confdeltype, f.confupdtype, f.condeferrable,
       ARRAY(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY k(attnum, n)
             JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum ORDER BY k.n),
       ARRAY(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY k(attnum, n)
             JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum ORDER BY k.n),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(p.oid, 'SELECT') AND NOT row_security_active(p.oid)
FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace n ON n.oid = p.relnamespace
WHERE f.conrelid = :tables AND f.contype = 'f' ORDER BY f.conname)";

void read_foreign_keys(const Result& found, Relations& relations) {
    for (int i = 0; i < found.rows(); ++i)
        at(relations, found, i)
            .foreign_keys.push_back({std::string(found.text(i, 1)),
                                     parse_text_array(found.text(i, 7)),
                                     parse_text_array(found.text(i, 8)),
                                     {std::string(found.text(i, 2)), std::string(found.text(i, 3))},
                                     found.text(i, 4)[0],
                                     found.text(i, 5)[0],
                                     found.boolean(i, 6),
                                     found.boolean(i, 9)});
}

constexpr const char* cascades_sql = R"(
SELECT f.confrelid, f.conname, n.nspname, t.relname, f.confdeltype, f.confupdtype
FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE f.confrelid = :tables AND f.contype = 'f'
  AND (f.confdeltype IN ('c', 'n', 'd') OR f.confupdtype IN ('c', 'n', 'd'))
ORDER BY 3, 4, 2)";

void read_cascades(const Result& found, Relations& relations) {
    for (int i = 0; i < found.rows(); ++i)
        at(relations, found, i)
            .cascades.push_back({std::string(found.text(i, 1)),
                                 {std::string(found.text(i, 2)), std::string(found.text(i, 3))},
                                 found.text(i, 4)[0],
                                 found.text(i, 5)[0]});
}

constexpr const char* triggers_sql = R"(
SELECT g.tgrelid, g.tgname FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid JOIN pg_namespace n ON n.oid = f.pronamespace
WHERE g.tgrelid = :tables AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND n.nspname <> 'tideway' ORDER BY 2)";

void read_triggers(const Result& found, Relations& relations) {
    for (int i = 0; i < found.rows(); ++i) at(relations, found, i).triggers.emplace_back(found.text(i, 1));
}

}  // namespace

std::string fingerprint_sql(const std::string& oid) {
    return fmt::format(
        "(SELECT md5(string_agg(concat_ws(':', a.attnum, a.attname, a.atttypid, a.atttypmod, "
        "a.attgenerated), ',' "
        "ORDER BY a.attnum)) FROM pg_attribute a WHERE a.attrelid = {} AND a.attnum > 0 AND NOT "
        "a.attisdropped)",
        oid);
}

Answer ask_fingerprints(Connection& connection, Side side, const std::vector<const LinkedTable*>& tables) {
    std::vector<std::string> parts{"SELECT NULL WHERE false"};
    for (const LinkedTable* table : tables)
        parts.push_back(
            fmt::format("SELECT {}", fingerprint_sql(sql::literal(table->on(side).quoted()) + "::regclass")));
    return connection.post({"compare columns", join(parts, " UNION ALL ")});
}

void check_fingerprints(const Answer& answer, Side side, const std::vector<const LinkedTable*>& tables) {
    const Result& found = answer.get();
    for (int i = 0; i < found.rows(); ++i) {
        const LinkedTable& table = *tables[static_cast<std::size_t>(i)];
        if (found.text(i, 0) == table.fingerprint(side)) continue;
        throw SchemaChanged(table.id,
                            fmt::format("the columns of {} changed at the {} side while this run was at work",
                                        table.on(side).display(), name(side)));
    }
}

namespace {

const char* const server_facts_sql = R"(
SELECT current_database(), current_user, current_setting('server_encoding'),
       (SELECT system_identifier FROM pg_control_system()) || '.' || (SELECT oid FROM pg_database WHERE datname = current_database()), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
       r.rolsuper, r.rolbypassrls, pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on',
       current_setting('track_counts') = 'on', r.rolsuper OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'),
       (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'),
       r.rolsuper OR has_database_privilege(current_database(), 'CREATE'), pg_backend_pid(),
       has_database_privilege(current_database(), 'TEMPORARY')
FROM pg_roles r WHERE r.rolname = current_user)";

}  // namespace

// With what identity() is asked for next, where there is such a table already.
Result PgStore::read_server_facts() try {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Answer facts = c.post({"read server facts", server_facts_sql});
    const Answer pair = ask_pair(c, pair_);
    transaction.commit();
    pair_ahead_ = pair;
    return facts.get();
} catch (const DbError& error) {
    if (!lacks_own_tables(error)) throw;
    return read_once(asker(), "read server facts", server_facts_sql);
}

ServerFacts PgStore::server() {
    const Result found = read_server_facts();
    ServerFacts facts;
    facts.version = reader().server_version();
    facts.database = found.text(0, 0);
    facts.user = found.text(0, 1);
    facts.encoding = found.text(0, 2);
    facts.system_id = found.text(0, 3);
    facts.now = found.integer(0, 4);
    facts.superuser = found.boolean(0, 5);
    facts.bypass_rls = found.boolean(0, 6);
    facts.in_recovery = found.boolean(0, 7);
    facts.read_only = found.boolean(0, 8);
    facts.track_counts = found.boolean(0, 9);
    facts.sees_all_sessions = found.boolean(0, 10);
    facts.time_zone = found.text(0, 11);
    facts.may_create_schema = found.boolean(0, 12);
    facts.may_create_temporary = found.boolean(0, 14);
    facts.transaction_pooled = found.integer(0, 13) != reader().announced_pid();
    facts.endpoint = reader().describe();
    return facts;
}

std::vector<sql::TableName> PgStore::tables() {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "list tables", R"(
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'tideway')
  AND n.nspname !~ '^pg_(toast|temp)' AND has_schema_privilege(n.oid, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2)");
    std::vector<sql::TableName> names;
    for (int i = 0; i < found.rows(); ++i)
        names.push_back({std::string(found.text(i, 0)), std::string(found.text(i, 1))});
    transaction.commit();
    return names;
}

namespace {

// What pg_class alone says of those tables that exist.
constexpr const char* relations_sql = R"(
SELECT c.oid, c.relkind, row_security_active(c.oid), pg_has_role(current_user, c.relowner, 'USAGE'),
       has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT'), has_table_privilege(c.oid, 'UPDATE'),
       has_table_privilege(c.oid, 'DELETE'), has_table_privilege(c.oid, 'TRIGGER'),
       CASE WHEN c.reltuples < 0 THEN 0 ELSE c.reltuples::bigint END, :fingerprint,
       pg_get_userbyid(c.relowner), has_schema_privilege(n.oid, 'USAGE'),
       EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid OR h.inhparent = c.oid),
       EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = c.oid), n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = :tables)";

std::string relations_text() {
    std::string text = relations_sql;
    const std::string_view mark = ":fingerprint";
    return about_tables(text.replace(text.find(mark), mark.size(), fingerprint_sql("c.oid")));
}

Relations read_relations(const Result& found) {
    Relations relations;
    for (int i = 0; i < found.rows(); ++i) {
        Relation& relation = relations[std::string(found.text(i, 0))];
        relation.kind = found.text(i, 1)[0];
        relation.rls = found.boolean(i, 2);
        relation.owned = found.boolean(i, 3);
        relation.may_select = found.boolean(i, 4);
        relation.may_insert = found.boolean(i, 5);
        relation.may_update = found.boolean(i, 6);
        relation.may_delete = found.boolean(i, 7);
        relation.may_trigger = found.boolean(i, 8);
        relation.estimated_rows = found.integer(i, 9);
        relation.fingerprint = found.text(i, 10);
        relation.owner = found.text(i, 11);
        relation.may_use_schema = found.boolean(i, 12);
        relation.inherits = found.boolean(i, 13);
        relation.subscribed = found.boolean(i, 14);
        relation.name = {std::string(found.text(i, 15)), std::string(found.text(i, 16))};
    }
    return relations;
}

}  // namespace

// All statements in one flight and of one moment.
KeptCatalog::Reading PgStore::read_catalog(const std::vector<sql::TableName>& names) {
    const std::vector<Cell> asked_for = catalog_parameters(names);
    Connection& c = asker();
    Transaction transaction(c, {.isolation = Isolation::repeatable_read, .read_only = true});
    const auto ask = [&](const char* statement, const std::string& text) { return post(c, statement, text, asked_for); };
    const Answer of_classes = ask("read relations", relations_text());
    const Answer columns = ask("read columns", about_tables(columns_sql));
    const Answer unique_keys = ask("read unique keys", about_tables(unique_keys_sql));
    const Answer foreign_keys = ask("read foreign keys", about_tables(foreign_keys_sql));
    const Answer cascades = ask("read cascades", about_tables(cascades_sql));
    const Answer triggers = ask("read triggers", about_tables(triggers_sql));
    std::optional<Answer> sign;
    if (kept_) sign = ask_catalog_sign(c, asked_for);
    if (pair_number_ > 0) known_ahead_ = ask_known_tables(c);
    transaction.commit();
    Relations found = read_relations(of_classes.get());
    read_columns(columns.get(), found);
    read_unique_keys(unique_keys.get(), found);
    read_foreign_keys(foreign_keys.get(), found);
    read_cascades(cascades.get(), found);
    read_triggers(triggers.get(), found);
    std::map<sql::TableName, Relation> by_name;
    for (auto& [oid, relation] : found) by_name.emplace(relation.name, std::move(relation));
    KeptCatalog::Reading reading{names, sign ? std::string(sign->get().text(0, 0)) : "", {}};
    for (const sql::TableName& name : names) {
        const auto named = by_name.find(name);
        reading.relations.push_back(named == by_name.end() ? std::nullopt : std::optional(named->second));
    }
    return reading;
}

// What was read before holds while its sign does.
std::vector<std::optional<Relation>> PgStore::relations(const std::vector<sql::TableName>& names) {
    if (!kept_) return read_catalog(names).relations;
    if (const auto before = kept_->catalog.of(names)) {
        Connection& c = asker();
        Transaction transaction(c, {.isolation = Isolation::repeatable_read, .read_only = true});
        const Answer sign = ask_catalog_sign(c, catalog_parameters(names));
        if (pair_number_ > 0) known_ahead_ = ask_known_tables(c);
        transaction.commit();
        if (sign.get().text(0, 0) == before->sign) return before->relations;
    }
    KeptCatalog::Reading reading = read_catalog(names);
    std::vector<std::optional<Relation>> relations = reading.relations;
    kept_->catalog.keep(std::move(reading));
    return relations;
}

std::optional<Relation> PgStore::relation(const sql::TableName& name) {
    std::optional<Relation> found = read_catalog({name}).relations.front();
    known_ahead_.reset();
    return found;
}

}  // namespace tideway::pg
