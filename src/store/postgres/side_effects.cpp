#include "store/postgres/side_effects.hpp"

#include <fmt/format.h>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {
namespace {

bool is_synchronised(Connection& connection, Side side, const sql::TableName& name) {
    const char* text =
        side == Side::desktop
            ? "SELECT EXISTS (SELECT FROM tideway.tables WHERE desktop_schema = $1 AND desktop_table = $2)"
            : "SELECT EXISTS (SELECT FROM tideway.tables WHERE cloud_schema = $1 AND cloud_table = $2)";
    return run(connection, "find synchronised table", text, {name.schema, name.table}).boolean(0, 0);
}

}  // namespace

void PlannedWrites::add(const LinkedTable& table, Side side, const Writes& writes) {
    tables_[table.on(side).quoted()] = writes;
    for (const std::string& name : table.side_effects)
        side_effects_.insert(sql::TableName::parse(name).quoted());
}

Writes PlannedWrites::of(const sql::TableName& name) const {
    const auto found = tables_.find(name.quoted());
    return found == tables_.end() ? Writes{} : found->second;
}

std::set<std::string> PlannedWrites::written() const {
    std::set<std::string> names;
    for (const auto& [name, writes] : tables_)
        if (writes.inserted + writes.updated + writes.deleted > 0) names.insert(name);
    return names;
}

// The counters of earlier transactions linger in a session. TRUNCATE: not counted, but it gives a table
// another file.
void remember_writes(Connection& connection) {
    connection.post({"remember writes", R"(
CREATE TEMP TABLE tideway_before ON COMMIT DROP AS
    SELECT c.oid AS relid, c.relfilenode AS file, coalesce(x.n_tup_ins, 0) AS ins, coalesce(x.n_tup_upd, 0) AS upd,
           coalesce(x.n_tup_del, 0) AS del
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_xact_user_tables x ON x.relid = c.oid
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'tideway') AND n.nspname !~ '^pg_t')"});
}

namespace {

// Files change under other sessions' hands, too: a row of pg_class with a transaction number of ours, or of a
// part of our transaction, is what we see of ourselves before COMMIT. Only numbers that were given since are asked
// about.
constexpr const char* writes_beside_the_plan = R"(
SELECT x.schemaname, x.relname, x.n_tup_ins - coalesce(b.ins, 0), x.n_tup_upd - coalesce(b.upd, 0), x.n_tup_del - coalesce(b.del, 0), false
FROM pg_stat_xact_user_tables x LEFT JOIN pg_temp.tideway_before b ON b.relid = x.relid
WHERE x.schemaname <> 'tideway' AND x.schemaname !~ '^pg_temp'
  AND (x.n_tup_ins, x.n_tup_upd, x.n_tup_del) IS DISTINCT FROM (coalesce(b.ins, 0), coalesce(b.upd, 0), coalesce(b.del, 0))
UNION ALL
SELECT n.nspname, c.relname, 0, 0, 0, true
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_temp.tideway_before b ON b.relid = c.oid,
     LATERAL (SELECT pg_current_xact_id()::text::bigint AS own) t,
     LATERAL (SELECT (c.xmin::text::bigint - t.own % 4294967296 + 4294967296) % 4294967296 AS ahead) a
WHERE c.relfilenode <> b.file
  AND CASE WHEN a.ahead < 2147483648 THEN pg_xact_status((t.own + a.ahead)::text::xid8) = 'in progress' ELSE false END)";

void refuse_writes(const sql::TableName& name, const Writes& beside, bool emptied) {
    const std::string what =
        emptied ? fmt::format("writing would also empty or rewrite {} (by a trigger)", name.display())
                : fmt::format("writing would also insert {}, update {} and delete {} rows of {} (a trigger or a "
                              "cascade)",
                              beside.inserted, beside.updated, beside.deleted, name.display());
    throw Refused({"TW408", what,
                   "declare it with side_effects = [\"" + name.display() + "\"] if it is wanted", ""});
}

}  // namespace

Answer ask_writes(Connection& connection) {
    return connection.post({"compare writes with plan", writes_beside_the_plan});
}

void check_side_effects(Connection& connection, Side side, const Answer& writes, const PlannedWrites& planned) {
    const Result& found = writes.get();
    std::set<std::string> unseen = planned.written();
    for (int i = 0; i < found.rows(); ++i) {
        const sql::TableName name{std::string(found.text(i, 0)), std::string(found.text(i, 1))};
        const Writes plan = planned.of(name);
        const Writes beside{found.integer(i, 2) - plan.inserted, found.integer(i, 3) - plan.updated,
                            found.integer(i, 4) - plan.deleted};
        const bool emptied = found.boolean(i, 5);
        if (!emptied) unseen.erase(name.quoted());
        // A declaration is no leave to take rows away from a synchronised table: nobody would have an image
        // of them.
        const bool takes_away =
            (emptied || beside.deleted > 0) && is_synchronised(connection, side, name);
        if (planned.declared(name) && !takes_away) continue;
        if (!emptied && beside.inserted == 0 && beside.updated == 0 && beside.deleted == 0) continue;
        refuse_writes(name, beside, emptied);
    }
    if (unseen.empty()) return;
    // Without the server's counters nothing can be compared; doctor says so.
    const bool counted =
        connection.query({"ask for counters", "SELECT current_setting('track_counts') = 'on'"}).boolean(0, 0);
    ensure(!counted, "every row that was reported as written was counted by the server");
}

}  // namespace tideway::pg
