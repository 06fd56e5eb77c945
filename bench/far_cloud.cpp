// A cloud that is far away. What counts there is how often a run waits for an answer, and how much it sends.
#include <fmt/format.h>

#include <algorithm>

#include "cases.hpp"
#include "line.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

constexpr LineSpeed kOffice{40, 2'500'000}, kFar{200, 2'500'000};
constexpr const char* kTables[] = {"wide", "wide2", "wide3"};

// Three tables, synchronised and quiet, and a line to the cloud.
struct FarPair {
    FarPair(Bench& bench, long long rows, const LineSpeed& line_speed)
        : speed(line_speed), pair(bench.pair("far")), line(*pair, speed) {
        for (const char* table : kTables) {
            pair->both(create_wide(table));
            pair->desktop.exec(fill_wide(table, rows));
        }
        pair->both("create table changed (job_id bigint primary key)");
        std::string more;
        for (const char* table : {"wide2", "wide3"}) more += fmt::format("[[table]]\nname = '{}'\n", table);
        toml = wide_toml("changelog") + more;
        pair->configure(toml);
        pair->sync_until_quiet();
        pair->vacuum();
        pair->configure(toml, line.cloud_url());
    }
    // Edits as many rows of each of the first tables.
    void edit(long long rows, std::size_t tables) {
        pair->desktop.exec("truncate changed");
        pair->desktop.exec(fmt::format("insert into changed select generate_series(1, {})", rows));
        for (std::size_t i = 0; i < tables; ++i) pair->desktop.exec(edit_wide(kTables[i]));
    }
    // Of the first table's rows that this condition names.
    long long copy_bytes(const std::string& condition) {
        return pair->desktop.number(
            fmt::format("select coalesce(sum(octet_length(t::text) - 1), 0) from wide t where {}", condition));
    }
    LineSpeed speed;
    std::unique_ptr<BenchPair> pair;
    Line line;
    std::string toml;
};

void run_far(FarPair& far, Measurement& measurement, long long writes, double floor) {
    far.pair->settle();
    far.line.reset();
    const long long wal = far.pair->cloud_wal();
    MeasuredRun run;
    const Cost cost = far.pair->cost_of([&] { run = far.pair->sync(writes); });
    measurement.wal_bytes = far.pair->cloud_wal() - wal;
    measurement.wire = far.line.counted();
    measurement.peak_kib = std::max(measurement.peak_kib, run.peak_kib);
    measurement.samples.push_back({cost, {floor, 0}});
}

Measurement changed_far(Bench& bench, const LineSpeed& speed, long long rows, std::size_t tables) {
    const long long all = rows * static_cast<long long>(tables);
    Measurement measurement{
        .name = {},
        .what = fmt::format("{} rows in {} tables changed, line of {} ms", all, tables, speed.round_trip_ms),
        .floor = "one round trip, and their COPY text at the line's rate",
        .rows = all};
    FarPair far(bench, bench.at_most(std::max(20'000LL, rows)), speed);
    for (int i = 0; i < bench.options().repeat; ++i) {
        far.edit(rows, tables);
        const double sending = speed.seconds_for(far.copy_bytes("job_id in (select job_id from changed)")) *
                               static_cast<double>(tables);
        run_far(far, measurement, all, sending + speed.round_trip_ms / 1000.0);
    }
    return measurement;
}

}  // namespace

Measurement far_idle(Bench& bench) {
    Measurement measurement{
        .name = {}, .what = "nothing changed, 3 tables, line of 40 ms", .floor = "one round trip", .rows = 0};
    FarPair far(bench, bench.at_most(20'000), kOffice);
    for (int i = 0; i < bench.options().repeat; ++i) run_far(far, measurement, 0, 0.04);
    return measurement;
}

Measurement far_hundred(Bench& bench) {
    Measurement measurement = changed_far(bench, kOffice, 34, 3);
    measurement.goal.round_trips = 10;
    return measurement;
}
Measurement farther_hundred(Bench& bench) { return changed_far(bench, kFar, 34, 3); }
Measurement far_many(Bench& bench) {
    Measurement measurement = changed_far(bench, kOffice, bench.at_most(10'000), 1);
    measurement.goal.ratio = 1.5;
    return measurement;
}

namespace {

Measurement first_sync_far(Bench& bench, long long rows, int times) {
    Measurement measurement{.name = {},
                            .what = "first forward sync into an empty table, line of 40 ms",
                            .floor = "their COPY text at the line's rate",
                            .rows = rows,
                            .goal = {.ratio = 1.2}};
    FarPair far(bench, measurement.rows, kOffice);
    far.pair->configure(wide_toml("changelog"), far.line.cloud_url());
    for (int i = 0; i < times; ++i) {
        far.pair->forget();
        far.pair->cloud.exec("drop table wide");
        far.pair->cloud.exec(create_wide("wide"));
        run_far(far, measurement, measurement.rows, kOffice.seconds_for(far.copy_bytes("true")));
    }
    return measurement;
}

}  // namespace

Measurement far_first_sync(Bench& bench) { return first_sync_far(bench, bench.at_most(25'000), bench.options().repeat); }

// Takes some 20 seconds each time, nearly all of which is the line.
Measurement far_first_sync_large(Bench& bench) {
    return first_sync_far(bench, bench.at_most(200'000), std::min(bench.options().repeat, 2));
}

}  // namespace tideway::bench
