// One row in a hundred changed on the desktop, scattered over the whole table.
#include <fmt/format.h>

#include <algorithm>

#include "cases.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

// Table `changed` on both sides: the keys of this repetition.
long long choose_rows(BenchPair& pair, long long rows, int repetition) {
    pair.both("truncate changed");
    pair.both(fmt::format("insert into changed select i from generate_series({}, {}, 100) i",
                          1 + 37 * repetition % 100, rows));
    pair.both("analyze changed");
    return pair.desktop.number("select count(*) from changed");
}

void prepare(BenchPair& pair) {
    pair.both("create table if not exists changed (job_id bigint primary key)");
    pair.cloud.exec("drop table if exists wide_floor");
    pair.cloud.exec(create_wide("wide_floor"));
    pair.cloud.exec("insert into wide_floor select * from wide");
    pair.cloud.exec("vacuum (analyze) wide_floor");
}

}  // namespace

Measurement changed_rows(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "1 % of the rows changed on the desktop, to the cloud",
                            .floor = "reading them by key + updating them in the server",
                            .rows = bench.options().rows / 100,
                            .goal = {.ratio = 2.5}};
    BenchPair& pair = bench.large_synced("changelog");
    prepare(pair);
    int repetition = 0;
    bench.repeat(measurement, bench.options().repeat, [&] {
        const long long rows = choose_rows(pair, bench.options().rows, repetition++);
        pair.desktop.exec(edit_wide("wide"));
        pair.settle();
        const double extract = timed([&] {
            pair.desktop.exec(
                "copy (select t.* from changed c join wide t using (job_id)) to '/dev/null' (format binary)");
        });
        const double apply = timed([&] { pair.cloud.exec(edit_wide("wide_floor")); });
        pair.settle();
        const MeasuredRun run = pair.sync(rows);
        measurement.peak_kib = std::max(measurement.peak_kib, run.peak_kib);
        return Sample{run.seconds, extract + apply};
    });
    return measurement;
}

}  // namespace tideway::bench
