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

void remember_writes(Connection& connection) {
    connection.query({"remember writes", R"(
CREATE TEMP TABLE tideway_before ON COMMIT DROP AS
    SELECT relid, n_tup_ins AS ins, n_tup_upd AS upd, n_tup_del AS del FROM pg_stat_xact_user_tables
    WHERE n_tup_ins + n_tup_upd + n_tup_del > 0)"});
}

void check_side_effects(Connection& connection, Side side, const PlannedWrites& planned) {
    const Result found = connection.query({"compare writes with plan", R"(
SELECT x.schemaname, x.relname, x.n_tup_ins - coalesce(b.ins, 0), x.n_tup_upd - coalesce(b.upd, 0), x.n_tup_del - coalesce(b.del, 0)
FROM pg_stat_xact_user_tables x LEFT JOIN pg_temp.tideway_before b ON b.relid = x.relid
WHERE x.schemaname <> 'tideway' AND x.schemaname !~ '^pg_temp'
  AND (x.n_tup_ins, x.n_tup_upd, x.n_tup_del) IS DISTINCT FROM (coalesce(b.ins, 0), coalesce(b.upd, 0), coalesce(b.del, 0)))"});
    for (int i = 0; i < found.rows(); ++i) {
        const sql::TableName name{std::string(found.text(i, 0)), std::string(found.text(i, 1))};
        const Writes plan = planned.of(name);
        // A declaration is no leave to take rows away from a synchronised table: nobody would have an image
        // of them.
        const bool takes_away = found.integer(i, 4) > plan.deleted && is_synchronised(connection, side, name);
        if (planned.declared(name) && !takes_away) continue;
        if (found.integer(i, 2) == plan.inserted && found.integer(i, 3) == plan.updated &&
            found.integer(i, 4) == plan.deleted)
            continue;
        throw Refused(
            {"TW408",
             fmt::format(
                 "writing would also insert {}, update {} and delete {} rows of {} (a trigger or a cascade)",
                 found.integer(i, 2) - plan.inserted, found.integer(i, 3) - plan.updated,
                 found.integer(i, 4) - plan.deleted, name.display()),
             "declare it with side_effects = [\"" + name.display() + "\"] if it is wanted", ""});
    }
}

}  // namespace tideway::pg
