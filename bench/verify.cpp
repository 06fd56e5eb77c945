// Proving that two large equal tables are equal: what it costs beside reading both of them, and what it sends.
#include <fmt/format.h>

#include <algorithm>

#include "cases.hpp"
#include "line.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

constexpr LineSpeed kHere{0, 1'000'000'000};

}  // namespace

Measurement verify_large(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "verify proves two equal sides equal",
                            .floor = "COPY of both sides to /dev/null, at the same time",
                            .rows = bench.options().rows,
                            .goal = {.ratio = 1.5}};
    BenchPair& pair = bench.large_synced("changelog");
    Line line(pair, kHere);
    const std::string toml = wide_toml("changelog", "changelog");
    pair.configure(toml, line.cloud_url());
    const std::string read_all = "copy wide to '/dev/null'";
    bench.repeat(measurement, 3 * bench.options().repeat, [&] {
        const double floor = read_both(pair, read_all, read_all);
        line.reset();
        const MeasuredRun run = pair.command({"verify", "--anew"});
        measurement.wire = line.counted();
        measurement.peak_kib = std::max(measurement.peak_kib, run.peak_kib);
        return Sample{run.seconds, floor};
    });
    pair.configure(toml);
    return measurement;
}

}  // namespace tideway::bench
