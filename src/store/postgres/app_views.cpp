// Views for the app, outside schema tideway. They show state of all pairs that share this cloud.
#include <fmt/format.h>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {
namespace {

// By this a view of ours is known: a name may be given to something else.
const char* mark_of(ViewKind kind) {
    return kind == ViewKind::status ? "Made by tideway: when each table was synchronised"
                                    : "Made by tideway: rows of the cloud that lost a conflict or a value of theirs";
}

const char* query_of(ViewKind kind) {
    if (kind == ViewKind::status)
        return "SELECT m.table_name, m.direction, m.last_sync_timestamp, m.records_synced, m.pair FROM "
               "tideway.sync_metadata m";
    // Of a merge both rows were kept, and the row that holds is in the table itself.
    return R"(SELECT 2 * c.id + 1 AS id, c.pair, t.cloud_schema AS schema_name, t.cloud_table AS table_name, c.key, c.kind,
       c.status, c.at, c.reason, c.cloud_row AS lost,
       CASE c.winner WHEN 'desktop' THEN c.desktop_row END AS holds, c.winner
FROM tideway.conflict c JOIN tideway.tables t ON t.pair = c.pair AND t.id = c.tbl WHERE c.winner IN ('desktop', 'merged'))";
}

// Hosted servers grant what is made in schema public to everybody (default privileges). Who may read is for
// the owner to say.
void take_grants_away(Connection& c, const AppView& view) {
    const Result grantees = run(c, "read grants", R"(
SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
FROM pg_class v, aclexplode(v.relacl) a WHERE v.oid = $1::regclass AND a.grantee <> v.relowner)",
                                {view.name.quoted()});
    for (int i = 0; i < grantees.rows(); ++i)
        c.query({"revoke grants",
                 fmt::format("REVOKE ALL ON {} FROM {}", view.name.quoted(), grantees.text(i, 0))});
}

}  // namespace

ViewFacts PgStore::look_at_view(const AppView& view) {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "look at view", R"(
SELECT v.oid IS NOT NULL, coalesce(v.relkind = 'v' AND obj_description(v.oid, 'pg_class') = $3, false),
       coalesce(has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE'), false)
FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = $1
LEFT JOIN pg_class v ON v.relnamespace = n.oid AND v.relname = $2)",
                             {view.name.schema, view.name.table, mark_of(view.kind)});
    ViewFacts facts;
    facts.state = !found.boolean(0, 0)  ? ViewFacts::State::absent
                  : found.boolean(0, 1) ? ViewFacts::State::ours
                                        : ViewFacts::State::foreign;
    facts.may_create = found.boolean(0, 2);
    transaction.commit();
    return facts;
}

void PgStore::create_view(const AppView& view) {
    Connection& c = writer();
    Transaction transaction(c);
    c.query({"create view for the app", fmt::format("CREATE VIEW {} WITH (security_barrier = true) AS {}",
                                                    view.name.quoted(), query_of(view.kind))});
    c.query({"mark view",
             fmt::format("COMMENT ON VIEW {} IS {}", view.name.quoted(), sql::literal(mark_of(view.kind)))});
    take_grants_away(c, view);
    transaction.commit();
}

}  // namespace tideway::pg
