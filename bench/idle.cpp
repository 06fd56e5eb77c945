// Runs that find nothing to do.
#include <fmt/format.h>

#include <algorithm>

#include "cases.hpp"
#include "line.hpp"
#include "office.hpp"
#include "support/powerca.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

// Short runs are repeated more often: their medians are as noisy as one long run.
constexpr int kMoreOften = 3;

void measure_idle(Bench& bench, BenchPair& pair, Measurement& measurement, const std::string& desktop_sql,
                  const std::string& cloud_sql) {
    bench.repeat(measurement, kMoreOften * bench.options().repeat, [&] {
        return pair.compare([&] { on_both_at_once(pair, desktop_sql, cloud_sql); },
                            [&] { measurement.note(pair.sync(0)); });
    });
}

Measurement idle(const std::string& what, long long rows, Goal goal) {
    return {.name = {}, .what = "nothing changed, " + what, .floor = "reading both sides once", .rows = rows, .goal = goal};
}

}  // namespace

Measurement idle_changelog(Bench& bench) {
    Measurement measurement = idle("changelog", bench.options().rows, {.milliseconds = 50});
    BenchPair& pair = bench.large_synced("changelog");
    const long long wal = pair.cloud_wal();
    pair.sync(0);
    measurement.wal_bytes = pair.cloud_wal() - wal;
    measure_idle(bench, pair, measurement, read_wide(), read_wide());
    return measurement;
}

Measurement idle_xmin(Bench& bench) {
    Measurement measurement = idle("xmin on both sides", bench.options().rows, {.ratio = 0.35});
    measure_idle(bench, bench.large_synced("xmin"), measurement, read_wide(), read_wide());
    return measurement;
}

Measurement idle_full(Bench& bench) {
    Measurement measurement = idle("full run: everything is compared with what was agreed on", bench.options().rows,
                                   {.ratio = 1.3});
    BenchPair& pair = bench.large_synced("changelog");
    bench.repeat(measurement, bench.options().repeat, [&] {
        return pair.compare([&] { on_both_at_once(pair, read_wide(), read_wide()); },
                            [&] { measurement.note(pair.sync(0, "full")); });
    });
    Line line(pair, {0, 1'000'000'000});
    pair.configure(wide_toml("changelog"), line.cloud_url());
    pair.sync(0, "full");
    measurement.wire = line.counted();
    pair.configure(wide_toml("changelog"));
    return measurement;
}

Measurement idle_office(Bench& bench) {
    Measurement measurement = idle("15 tables of an office, xmin on the desktop", 0, {.ratio = 0.35});
    const auto pair = office(bench, "office");
    number_office_rows(*pair);
    measurement.rows = office_rows(*pair);
    pair->configure(office_toml());
    bench.say("  first sync of the office");
    pair->sync_until_quiet();
    pair->vacuum();
    measure_idle(bench, *pair, measurement, read_office(&OfficeTable::desktop), read_office(&OfficeTable::cloud));
    return measurement;
}

Measurement refilled_office(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "ten of an office's 15 tables refilled with the same rows",
                            .floor = "reading both sides once"};
    const auto pair = office(bench, "refilled");
    measurement.rows = office_rows(*pair);
    pair->configure(office_example_toml());
    bench.say("  first sync of the office");
    pair->sync_whatever_waits();
    pair->vacuum();
    bench.repeat(measurement, bench.options().repeat, [&] {
        test::powerca(pair->desktop_url(), "refill");
        return pair->compare(
            [&] { on_both_at_once(*pair, read_office(&OfficeTable::desktop), read_office(&OfficeTable::cloud)); },
            [&] { measurement.note(pair->sync(0)); });
    });
    return measurement;
}

}  // namespace tideway::bench
