#include "support/write_counters.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <thread>

#include "support/rows.hpp"

namespace tideway::test {
namespace {

constexpr const char* kUsersSchemas = R"(not like all (array['tideway%', 'pg\_%', 'information\_schema']))";

// Ended sessions report while they exit, a moment after their client has gone.
void wait_for_other_sessions(Db& db) {
    std::string mine;
    for (const pg_conn* session : sessions_of_this_thread())
        mine += fmt::format("{},", PQbackendPID(session));
    const std::string sql = fmt::format(
        "select string_agg(application_name || ': ' || state, ', ') from pg_stat_activity where datname = "
        "current_database() and backend_type = 'client backend' and pid not in ({}0)",
        mine);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    for (Rows open = db.query(sql); open[0][0]; open = db.query(sql)) {
        if (std::chrono::steady_clock::now() > end)
            throw DbError("sessions stay open, their counters are not exact: " + *open[0][0], "");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void on_idle_sessions(const char* sql) {
    for (pg_conn* session : sessions_of_this_thread())
        if (PQtransactionStatus(session) == PQTRANS_IDLE) PQclear(PQexec(session, sql));
}

void flush_statistics(Db& db) {
    wait_for_other_sessions(db);
    if (PQserverVersion(db.handle()) >= 150000) {
        on_idle_sessions("select pg_stat_force_next_flush()");
    } else {
        // Older servers have no such function, but bounds: a session reports when its last report is 500 ms
        // old, and what a reader gets is at most 500 ms old.
        std::this_thread::sleep_for(std::chrono::milliseconds(600));
        on_idle_sessions("select 1");
        std::this_thread::sleep_for(std::chrono::milliseconds(600));
    }
    db.exec("select pg_stat_clear_snapshot()");
}

}  // namespace

std::string row_versions(Db& db) {
    const Rows tables =
        db.query(fmt::format("select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace "
                             "n on n.oid = c.relnamespace "
                             "where c.relkind = 'r' and n.nspname {} order by 1",
                             kUsersSchemas));
    std::string text;
    for (const auto& table : tables)
        text += fmt::format(
            "{}|{}\n", *table[0],
            dump(db,
                 fmt::format(
                     "select count(*), md5(string_agg(ctid::text || xmin::text, ' ' order by ctid)) from {}",
                     *table[0])));
    return text;
}

long long write_counters(Db& db) {
    flush_statistics(db);
    return db.number(
        fmt::format("select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_user_tables "
                    "where schemaname {}",
                    kUsersSchemas));
}

std::string writes_by_table(Db& db) {
    flush_statistics(db);
    return dump(db, fmt::format("select schemaname || '.' || relname, n_tup_ins, n_tup_upd, n_tup_del "
                                "from pg_stat_user_tables where schemaname {} order by 1",
                                kUsersSchemas));
}

long long wal_position(Db& db) { return db.number("select pg_current_wal_lsn() - '0/0'"); }

}  // namespace tideway::test
