// Old entries of the journal and settled conflict records go in small steps, each a transaction of its own.
#include <fmt/format.h>

#include "store/postgres/pg_journal.hpp"

namespace tideway::pg {
namespace {

constexpr const char* step = "5000";
constexpr int most_steps = 40;  // in one run; the next one goes on

// Repeats a statement until it finds less than a step's worth.
std::int64_t in_steps(PgStore& store, const Statement& statement, const std::vector<Cell>& parameters) {
    std::int64_t gone = 0;
    for (int i = 0; i < most_steps; ++i) {
        Transaction transaction(store.writer());
        const Result deleted = run(store.writer(), statement.name, statement.text, parameters);
        transaction.commit();
        failpoint("retention.step");
        gone += deleted.affected();
        if (deleted.affected() < std::stoll(step)) break;
    }
    return gone;
}

}  // namespace

// One look tells whether there is anything to do, as there is not after most runs: old entries, old conflicts, too much.
Answer ask_old_records(Connection& connection, const std::string& pair, const Retention& retention) {
    return post(connection, "look for old records", R"(
SELECT $2::bigint > 0 AND coalesce((SELECT at < now() - $2::bigint * '1 second'::interval FROM tideway.journal WHERE pair = $1 ORDER BY id LIMIT 1), false),
       $2::bigint > 0 AND coalesce((SELECT at < now() - $2::bigint * '1 second'::interval FROM tideway.conflict
                 WHERE pair = $1 AND status = 'kept' ORDER BY id LIMIT 1), false),
       $3::bigint > 0 AND pg_total_relation_size('tideway.journal') > $3::bigint)",
                {pair, std::to_string(retention.keep_seconds), std::to_string(retention.max_bytes)});
}

std::int64_t PgJournal::purge(const Retention& retention) {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Answer due = ask_old_records(c, store_.pair(), retention);
    transaction.commit();
    std::int64_t gone = 0;
    if (due.get().boolean(0, 0)) gone += purge_old("tideway.journal", "true", retention.keep_seconds);
    if (due.get().boolean(0, 1)) gone += purge_old("tideway.conflict", "status = 'kept'", retention.keep_seconds);
    if (due.get().boolean(0, 2)) gone += purge_beyond(retention.max_bytes);
    return gone;
}

// By number, which grows with time: where the oldest is young enough nothing else is looked at.
std::int64_t PgJournal::purge_old(const char* table, const char* condition, std::int64_t keep_seconds) {
    return in_steps(
        store_,
        {"purge old records",
         fmt::format(
             "DELETE FROM {0} AS d WHERE d.id IN (SELECT o.id FROM (SELECT id, at FROM {0} WHERE pair "
             "= $1 AND {1} ORDER BY id LIMIT {2}) o WHERE o.at < now() - $2::bigint * '1 "
             "second'::interval)",
             table, condition, step)},
        {store_.pair(), std::to_string(keep_seconds)});
}

// What the rows take, not what the table does: that shrinks only when the server reuses its free space. Runs go whole, but
// for one that is more than the limit by itself.
std::int64_t PgJournal::purge_beyond(std::int64_t max_bytes) {
    std::optional<std::int64_t> cut;
    {
        Transaction transaction(store_.writer());
        cut = maybe_integer(run(store_.writer(), "measure entries", R"(
WITH j AS MATERIALIZED (SELECT id, run, sum(200 + coalesce(pg_column_size(before), 0)) OVER (ORDER BY id DESC) AS bytes
    FROM tideway.journal WHERE pair = $1),
  c AS (SELECT id, run FROM j WHERE bytes > $2::bigint ORDER BY id DESC LIMIT 1)
SELECT coalesce((SELECT max(j.id) FROM j WHERE j.run = c.run HAVING max(j.id) < (SELECT max(id) FROM j)), c.id) FROM c)",
                                {store_.pair(), std::to_string(max_bytes)}),
                            0, 0);
        transaction.commit();
    }
    if (!cut) return 0;
    return in_steps(store_,
                    {"purge entries beyond the limit",
                     fmt::format("DELETE FROM tideway.journal AS d WHERE d.id IN (SELECT id FROM "
                                 "tideway.journal WHERE pair = $1 AND id <= $2::bigint ORDER BY id LIMIT {})",
                                 step)},
                    {store_.pair(), std::to_string(*cut)});
}

}  // namespace tideway::pg
