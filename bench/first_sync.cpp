// First syncs: into an empty cloud table, and onto one that holds the same rows already.
#include <fmt/format.h>

#include <algorithm>

#include "cases.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

// create: what makes a table of a given name.
void measure_first_sync(Bench& bench, BenchPair& pair, Measurement& measurement, const std::string& toml,
                        const std::function<std::string(const std::string&)>& create) {
    pair.configure(toml);
    bench.repeat(measurement, bench.options().repeat, [&] {
        pair.forget();
        pair.cloud.exec("drop table if exists wide, wide_floor");
        pair.cloud.exec(create("wide"));
        pair.cloud.exec(create("wide_floor"));
        return pair.compare(
            [&] { copy_through(pair.desktop, "copy wide to stdout", pair.cloud, "copy wide_floor from stdin"); },
            [&] { measurement.note(pair.sync(measurement.rows)); });
    });
}

Measurement into_empty(long long rows) {
    return {.name = {},
            .what = "first forward sync into an empty table",
            .floor = "COPY to COPY through one client",
            .rows = rows,
            .goal = {.ratio = 1.6}};
}

}  // namespace

Measurement first_sync_small(Bench& bench) {
    Measurement measurement = into_empty(bench.at_most(25'000));
    const auto pair = bench.pair("small");
    pair->both(create_wide("wide"));
    pair->desktop.exec(fill_wide("wide", measurement.rows));
    pair->desktop.exec("vacuum (analyze) wide");
    measure_first_sync(bench, *pair, measurement, wide_toml("changelog"), create_wide);
    return measurement;
}

Measurement first_sync_large(Bench& bench) {
    Measurement measurement = into_empty(bench.options().rows);
    BenchPair& pair = bench.large();
    measure_first_sync(bench, pair, measurement, wide_toml("changelog"), create_wide);
    pair.sync_until_quiet();
    pair.vacuum();
    bench.large_is_synced("changelog");
    return measurement;
}

Measurement first_sync_narrow(Bench& bench) {
    Measurement measurement = into_empty(bench.at_most(500'000));
    measurement.what += ", two columns";
    const auto create = [](const std::string& name) {
        return fmt::format("create table {} (job_id bigint primary key, amount int not null)", name);
    };
    const auto pair = bench.pair("narrow");
    pair->desktop.exec(create("wide"));
    pair->desktop.exec(fmt::format("insert into wide select i, i % 1000 from generate_series(1, {}) i", measurement.rows));
    pair->desktop.exec("vacuum (analyze) wide");
    measure_first_sync(bench, *pair, measurement, "[sync]\ncapture = 'changelog'\n[[table]]\nname = 'wide'\n", create);
    return measurement;
}

Measurement adoption(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "first sync of two equal sides",
                            .floor = "reading both sides once",
                            .rows = bench.options().rows,
                            .goal = {.ratio = 3}};
    const auto pair = bench.pair("equal");
    pair->both(create_wide("wide"));
    pair->both(fill_wide("wide", measurement.rows));
    pair->both("vacuum (analyze) wide");
    pair->configure(wide_toml("changelog"));
    bench.repeat(measurement, bench.options().repeat, [&] {
        pair->forget();
        return pair->compare([&] { on_both_at_once(*pair, read_wide(), read_wide()); },
                             [&] { measurement.note(pair->sync(0)); });
    });
    return measurement;
}

}  // namespace tideway::bench
