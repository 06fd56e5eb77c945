// guard.backup = "table": a plain copy of every row that the latest run replaced or removed, in the user's
// own columns, for people who look with SQL.
#include <fmt/format.h>

#include "store/postgres/apply.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

// Columns that have changed since make a new table: its rows would be of another form.
void make_backup(Connection& connection, const std::string& backup, const std::string& relation,
                 const std::string& form) {
    const Result comment = run(connection, "look for backup",
                               "SELECT coalesce(obj_description(to_regclass($1), 'pg_class'), '')", {backup});
    if (comment.text(0, 0) == form) return;
    connection.query(
        {"create backup", fmt::format("DROP TABLE IF EXISTS {0}; CREATE TABLE {0} AS SELECT ''::text AS "
                                      "tideway_run, t.* FROM {1} t WITH NO DATA; COMMENT ON TABLE {0} IS {2}",
                                      backup, relation, sql::literal(form))});
}

}  // namespace

void SectionApply::back_up(const std::string& run_id) {
    if (!has(Write::update) && !has(Write::erase)) return;
    const LinkedTable& table = *section_.table;
    const std::string backup = backup_name(store_.pair_number(), table.id);
    make_backup(connection_, backup, e_.relation(),
                fmt::format("rows of {} that the latest run replaced or removed, columns {}",
                            table.on(store_.side()).display(), table.fingerprint(store_.side())));
    run(connection_, "forget earlier backup",
        fmt::format("DELETE FROM {} AS b WHERE b.tideway_run <> $1", backup), {run_id});
    run(connection_, "back rows up",
        fmt::format("INSERT INTO {} SELECT $1::text, t.* FROM {} s JOIN pg_temp.tideway_found f ON f.sec = "
                    "{} AND f.n = "
                    "s.n AND f.a = s.a AND f.b = s.b JOIN {} t ON t.ctid = f.at WHERE s.op IN ('U', 'D')",
                    backup, stage_, number_, e_.relation()),
        {run_id});
}

}  // namespace tideway::pg
