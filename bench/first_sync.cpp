// First syncs: into an empty cloud table, and onto one that holds the same rows already.
#include <fmt/format.h>

#include <algorithm>

#include "cases.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

void empty_cloud(BenchPair& pair) {
    pair.forget();
    pair.cloud.exec("drop table if exists wide, wide_floor");
    pair.cloud.exec(create_wide("wide"));
    pair.cloud.exec(create_wide("wide_floor"));
}

void measure_first_sync(Bench& bench, BenchPair& pair, Measurement& measurement) {
    pair.configure(wide_toml("changelog", "changelog"));
    bench.repeat(measurement, bench.options().repeat, [&] {
        empty_cloud(pair);
        pair.settle();
        const double floor = timed([&] {
            copy_through(pair.desktop, "copy wide to stdout", pair.cloud, "copy wide_floor from stdin");
        });
        pair.settle();
        const MeasuredRun run = pair.sync(measurement.rows);
        measurement.peak_kib = std::max(measurement.peak_kib, run.peak_kib);
        return Sample{run.seconds, floor};
    });
}

Measurement into_empty(long long rows) {
    return {.name = {},
            .what = "first forward sync into an empty table",
            .floor = "COPY to COPY through one client",
            .rows = rows,
            .goal = {.ratio = 1.2}};
}

}  // namespace

Measurement first_sync_small(Bench& bench) {
    Measurement measurement = into_empty(bench.at_most(25'000));
    const auto pair = bench.pair("small");
    pair->both(create_wide("wide"));
    pair->desktop.exec(fill_wide("wide", measurement.rows));
    pair->desktop.exec("vacuum (analyze) wide");
    measure_first_sync(bench, *pair, measurement);
    return measurement;
}

Measurement first_sync_large(Bench& bench) {
    Measurement measurement = into_empty(bench.options().rows);
    BenchPair& pair = bench.large();
    measure_first_sync(bench, pair, measurement);
    pair.sync_until_quiet();
    pair.vacuum();
    bench.large_is_synced("changelog");
    return measurement;
}

Measurement adoption(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "first sync of two equal sides",
                            .floor = "reading both sides once",
                            .rows = bench.at_most(200'000)};
    const auto pair = bench.pair("equal");
    pair->both(create_wide("wide"));
    pair->both(fill_wide("wide", measurement.rows));
    pair->both("vacuum (analyze) wide");
    pair->configure(wide_toml("changelog", "changelog"));
    bench.repeat(measurement, bench.options().repeat, [&] {
        pair->forget();
        pair->settle();
        const double floor = read_both(*pair, read_wide(), read_wide());
        const MeasuredRun run = pair->sync(0);
        measurement.peak_kib = std::max(measurement.peak_kib, run.peak_kib);
        return Sample{run.seconds, floor};
    });
    return measurement;
}

}  // namespace tideway::bench
