#include "store/postgres/triggers.hpp"

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

// The numbers are those of pg_trigger.tgtype and pg_rewrite.ev_type.
bool does_more(Connection& connection, const sql::TableName& table, Event event) {
    const bool inserts = event == Event::insert;
    return read_once(connection, "look for triggers", R"(
SELECT EXISTS (SELECT FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid JOIN pg_namespace n ON n.oid = f.pronamespace
               WHERE g.tgrelid = $1::regclass AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND n.nspname <> 'tideway'
                 AND (g.tgtype::int & $2::int) <> 0)
    OR EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND r.ev_type = $3::"char" AND r.ev_enabled <> 'D'))",
                     {table.quoted(), inserts ? "4" : "16", inserts ? "3" : "2"})
        .boolean(0, 0);
}

}  // namespace tideway::pg
