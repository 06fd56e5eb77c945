// What the changelog costs those who write: the same updates on a table with capture triggers and on its twin
// without. Commits do not wait for the disk here, or its time would hide the difference.
#include <fmt/format.h>
#include <libpq-fe.h>

#include <memory>
#include <stdexcept>

#include "cases.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

constexpr int kMoreOften = 3;

std::unique_ptr<BenchPair> twins(Bench& bench, long long rows) {
    auto pair = bench.pair("capture");
    pair->both(create_wide("wide"));
    pair->desktop.exec(create_wide("twin"));
    pair->desktop.exec(fill_wide("twin", rows));
    pair->both(fill_wide("wide", rows));
    pair->configure(wide_toml("changelog"));
    bench.say("  installing capture");
    pair->sync_until_quiet();
    pair->vacuum();
    pair->desktop.exec("set synchronous_commit = off");
    return pair;
}

// As an application does it: one prepared statement, one transaction a row.
void update_one_by_one(test::Db& db, const std::string& table, long long rows, long long updates) {
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    for (long long i = 0; i < updates; ++i) {
        const std::string key = std::to_string(1 + i * 7919 % rows);
        const char* values[] = {key.c_str()};
        const std::unique_ptr<PGresult, Clear> result(
            PQexecPrepared(db.handle(), table.c_str(), 1, values, nullptr, nullptr, 0));
        if (PQresultStatus(result.get()) != PGRES_COMMAND_OK)
            throw std::runtime_error(PQerrorMessage(db.handle()));
    }
}

}  // namespace

Measurement one_row_updates(Bench& bench) {
    const long long updates = bench.at_most(5'000);
    Measurement measurement{
        .name = {},
        .what = fmt::format("{} one-row updates by users, with changelog triggers", updates),
        .floor = "the same without",
        .rows = bench.at_most(200'000),
        .goal = {.ratio = 1.5}};
    const auto pair = twins(bench, measurement.rows);
    for (const char* table : {"twin", "wide"})
        pair->desktop.exec(
            fmt::format("prepare {0} (bigint) as update {0} set remarks = 'seen', updated_at = "
                        "clock_timestamp() where job_id = $1",
                        table));
    bench.repeat(measurement, kMoreOften * bench.options().repeat, [&] {
        const auto update = [&](const char* table) {
            return pair->cost_of([&] { update_one_by_one(pair->desktop, table, measurement.rows, updates); });
        };
        const Cost floor = update("twin");
        return Sample{update("wide"), floor};
    });
    return measurement;
}

Measurement bulk_update(Bench& bench) {
    const long long rows = bench.at_most(200'000), block = std::max(1LL, rows / 10);
    Measurement measurement{.name = {},
                            .what = "one UPDATE of these rows by a user, with changelog triggers",
                            .floor = "the same without",
                            .rows = block,
                            .goal = {.ratio = 1.5}};
    const auto pair = twins(bench, rows);
    long long repetition = 0;
    bench.repeat(measurement, kMoreOften * bench.options().repeat, [&] {
        const long long first = 1 + repetition++ % 10 * block;
        const auto update = [&](const char* table) {
            return pair->cost_of([&] {
                pair->desktop.exec(
                    fmt::format("update {} set remarks = 'seen', updated_at = clock_timestamp() where job_id "
                                ">= {} and job_id < {}",
                                table, first, first + block));
            });
        };
        const Cost floor = update("twin");
        return Sample{update("wide"), floor};
    });
    return measurement;
}

}  // namespace tideway::bench
