#include "store/sqlite/kept_plans.hpp"

#include <fmt/format.h>

#include "sql/text_array.hpp"
#include "store/sqlite/schema.hpp"

namespace tideway::sqlite {
namespace {

// Made when the first plan is kept, so that a file from before this table gets it too.
constexpr const char* create_tables = R"(
CREATE TABLE IF NOT EXISTS tideway_kept_plan (
    pair TEXT NOT NULL, hash TEXT NOT NULL, run TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (pair, hash));
CREATE TABLE IF NOT EXISTS tideway_kept_key (
    pair TEXT NOT NULL, hash TEXT NOT NULL, tbl INTEGER NOT NULL, key TEXT NOT NULL, print INTEGER NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (pair, hash, tbl, key));
)";
constexpr std::int64_t day_micros = 86'400LL * 1'000'000;

}  // namespace

bool SqliteKeptPlans::has_plan(const std::string& hash) {
    Connection& c = store_.asker();
    if (!table_exists(c, "tideway_kept_plan")) return false;
    Statement found(c, "find plan", "SELECT 1 FROM tideway_kept_plan WHERE pair = ?1 AND hash = ?2",
                    {store_.pair(), hash});
    return found.step();
}

std::vector<KeptKey> SqliteKeptPlans::plan_keys(const std::string& hash, int table_id) {
    Connection& c = store_.asker();
    std::vector<KeptKey> keys;
    if (!table_exists(c, "tideway_kept_key")) return keys;
    Statement found(
        c, "read plan",
        "SELECT key, print FROM tideway_kept_key WHERE pair = ?1 AND hash = ?2 AND tbl = ?3 ORDER BY key",
        {store_.pair(), hash, std::int64_t{table_id}});
    while (found.step())
        keys.push_back(
            {table_id, sql::parse_text_array(found.text(0)), static_cast<std::uint64_t>(found.integer(1))});
    return keys;
}

void SqliteKeptPlans::keep_keys(const std::string& hash, const std::vector<KeptKey>& keys) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    c.execute("create plan tables", create_tables);
    {
        Statement put(
            c, "keep plan key",
            "INSERT OR IGNORE INTO tideway_kept_key (pair, hash, tbl, key, print, at) VALUES (?1, ?2, "
            "?3, ?4, ?5, ?6)");
        for (const KeptKey& key : keys)
            put.run({store_.pair(), hash, std::int64_t{key.table_id}, sql::text_array(key.key),
                     static_cast<std::int64_t>(key.print), store_.now_micros()});
    }
    transaction.commit();
}

void SqliteKeptPlans::keep_plan(const std::string& hash, const std::string& run) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    c.execute("create plan tables", create_tables);
    Statement(c, "keep plan",
              "INSERT OR IGNORE INTO tideway_kept_plan (pair, hash, run, at) VALUES (?1, ?2, ?3, ?4)")
        .run({store_.pair(), hash, run, store_.now_micros()});
    transaction.commit();
}

void SqliteKeptPlans::remove(const std::string& which, const Value& value) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    for (const char* table : {"tideway_kept_key", "tideway_kept_plan"})
        if (table_exists(c, table))
            Statement(c, "forget plans", fmt::format("DELETE FROM {} WHERE pair = ?1 AND {}", table, which))
                .run({store_.pair(), value});
    transaction.commit();
}

void SqliteKeptPlans::forget_plan(const std::string& hash) { remove("hash = ?2", hash); }

void SqliteKeptPlans::forget_plans_older_than(int days) {
    remove("at < ?2", store_.now_micros() - days * day_micros);
}

}  // namespace tideway::sqlite
