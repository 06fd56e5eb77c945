#include "store/postgres/catalog_sign.hpp"

#include "sql/text_array.hpp"

namespace tideway::pg {
namespace {

constexpr std::string_view tables_asked_for = R"(ANY (ARRAY(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest($1::name[], $2::name[])) AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))))";

// A row of the catalogue is another one, with another xmin, after each change that a transaction makes to it.
constexpr const char* sign_sql = R"(
WITH asked AS MATERIALIZED (SELECT c.oid FROM pg_class c WHERE c.oid = :tables)
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT concat_ws(' ', 'u', current_user, count(*), max(m.xmin::text::bigint)) AS part FROM pg_auth_members m
    UNION ALL SELECT concat_ws(' ', 'c', c.oid, c.xmin, n.oid, n.xmin) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY (ARRAY(SELECT oid FROM asked))
    UNION ALL SELECT concat_ws(' ', 'a', a.attrelid, a.attnum, a.xmin) FROM pg_attribute a
        WHERE a.attrelid = ANY (ARRAY(SELECT oid FROM asked)) AND a.attnum > 0
    UNION ALL SELECT concat_ws(' ', 'd', d.oid, d.xmin) FROM pg_attrdef d WHERE d.adrelid = ANY (ARRAY(SELECT oid FROM asked))
    UNION ALL SELECT concat_ws(' ', 'i', i.indexrelid, i.xmin) FROM pg_index i WHERE i.indrelid = ANY (ARRAY(SELECT oid FROM asked))
    UNION ALL SELECT concat_ws(' ', 'g', g.oid, g.xmin) FROM pg_trigger g WHERE g.tgrelid = ANY (ARRAY(SELECT oid FROM asked))
    UNION ALL SELECT concat_ws(' ', 'f', f.oid, f.xmin, p.oid, p.xmin, n.xmin) FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid
        JOIN pg_namespace n ON n.oid = p.relnamespace WHERE f.contype = 'f' AND f.conrelid = ANY (ARRAY(SELECT oid FROM asked))
    UNION ALL SELECT concat_ws(' ', 'r', f.oid, f.xmin) FROM pg_constraint f
        WHERE f.contype = 'f' AND f.confrelid = ANY (ARRAY(SELECT oid FROM asked))
    UNION ALL SELECT concat_ws(' ', 's', q.oid, q.xmin) FROM pg_depend p JOIN pg_class q ON q.oid = p.objid AND q.relkind = 'S'
        WHERE p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass AND p.refobjid = ANY (ARRAY(SELECT oid FROM asked))
    UNION ALL SELECT concat_ws(' ', 'h', h.inhrelid, h.inhparent) FROM pg_inherits h
        WHERE h.inhrelid = ANY (ARRAY(SELECT oid FROM asked)) OR h.inhparent = ANY (ARRAY(SELECT oid FROM asked))
    UNION ALL SELECT concat_ws(' ', 'b', s.srrelid) FROM pg_subscription_rel s WHERE s.srrelid = ANY (ARRAY(SELECT oid FROM asked))) parts)";

}  // namespace

std::string about_tables(std::string text) {
    const std::string_view mark = ":tables";
    return text.replace(text.find(mark), mark.size(), tables_asked_for);
}

std::vector<Cell> catalog_parameters(const std::vector<sql::TableName>& names) {
    std::vector<std::string> schemas, tables;
    for (const sql::TableName& name : names) {
        schemas.push_back(name.schema);
        tables.push_back(name.table);
    }
    return {sql::text_array(schemas), sql::text_array(tables)};
}

Answer ask_catalog_sign(Connection& connection, const std::vector<Cell>& parameters) {
    return connection.post({"look at the catalogue", about_tables(sign_sql)}, parameters);
}

}  // namespace tideway::pg
