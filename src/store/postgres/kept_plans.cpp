#include "store/postgres/kept_plans.hpp"

#include <fmt/format.h>

namespace tideway::pg {
namespace {

// Made when the first plan is kept, so that a pair from before this table gets it too.
constexpr const char* create_tables = R"(
CREATE TABLE IF NOT EXISTS tideway.kept_plan (
    pair text NOT NULL REFERENCES tideway.pair ON DELETE CASCADE, hash text NOT NULL, run text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (pair, hash));
CREATE TABLE IF NOT EXISTS tideway.kept_key (
    pair text NOT NULL REFERENCES tideway.pair ON DELETE CASCADE, hash text NOT NULL, tbl int NOT NULL,
    key text[] NOT NULL, print bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pair, hash, tbl, key));
)";

}  // namespace

bool PgKeptPlans::there(Connection& c) {
    return run(c, "find kept plans",
               "SELECT to_regclass('tideway.kept_plan') IS NOT NULL AND to_regclass('tideway.kept_key') IS "
               "NOT "
               "NULL")
        .boolean(0, 0);
}

bool PgKeptPlans::has_plan(const std::string& hash) {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    return there(c) &&
           run(c, "find plan", "SELECT EXISTS (SELECT FROM tideway.kept_plan WHERE pair = $1 AND hash = $2)",
               {store_.pair(), hash})
               .boolean(0, 0);
}

std::vector<KeptKey> PgKeptPlans::plan_keys(const std::string& hash, int table_id) {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    std::vector<KeptKey> keys;
    if (!there(c)) return keys;
    const Result found = run(c, "read plan",
                             "SELECT key, print FROM tideway.kept_key WHERE pair = $1 AND hash = $2 AND tbl "
                             "= $3::int ORDER BY key",
                             {store_.pair(), hash, std::to_string(table_id)});
    for (int i = 0; i < found.rows(); ++i)
        keys.push_back(
            {table_id, parse_text_array(found.text(i, 0)), static_cast<std::uint64_t>(found.integer(i, 1))});
    return keys;
}

void PgKeptPlans::keep_keys(const std::string& hash, const std::vector<KeptKey>& keys) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    c.query({"create plan tables", create_tables});
    std::vector<std::string> tables, texts, prints;
    for (const KeptKey& key : keys) {
        tables.push_back(std::to_string(key.table_id));
        texts.push_back(text_array(key.key));
        prints.push_back(std::to_string(static_cast<std::int64_t>(key.print)));
    }
    run(c, "keep plan keys", R"(
INSERT INTO tideway.kept_key AS k (pair, hash, tbl, key, print)
SELECT $1, $2, w.tbl, w.key::text[], w.print FROM unnest($3::int[], $4::text[], $5::bigint[]) AS w(tbl, key, print)
ON CONFLICT DO NOTHING)",
        {store_.pair(), hash, text_array(tables), text_array(texts), text_array(prints)});
    transaction.commit();
}

void PgKeptPlans::keep_plan(const std::string& hash, const std::string& run_id) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    c.query({"create plan tables", create_tables});
    run(c, "keep plan",
        "INSERT INTO tideway.kept_plan AS k (pair, hash, run) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        {store_.pair(), hash, run_id});
    transaction.commit();
}

void PgKeptPlans::remove(const std::string& which, const Cell& value) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    if (there(c))
        for (const char* table : {"kept_key", "kept_plan"})
            run(c, "forget plans",
                fmt::format("DELETE FROM tideway.{} AS k WHERE k.pair = $1 AND {}", table, which),
                {store_.pair(), value});
    transaction.commit();
}

void PgKeptPlans::forget_plan(const std::string& hash) { remove("k.hash = $2", hash); }

void PgKeptPlans::forget_plans_older_than(int days) {
    remove("k.at < now() - make_interval(days => $2::int)", std::to_string(days));
}

}  // namespace tideway::pg
