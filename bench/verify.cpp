// Proving that two large equal tables are equal: what it costs beside reading both of them, and what it sends.
#include <fmt/format.h>

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
    const std::string toml = wide_toml("changelog");
    pair.configure(toml, line.cloud_url());
    const std::string read_all = "copy wide to '/dev/null'";
    bench.repeat(measurement, 3 * bench.options().repeat, [&] {
        line.reset();
        const Sample sample = pair.compare([&] { on_both_at_once(pair, read_all, read_all); },
                                           [&] { measurement.note(pair.command({"verify", "--anew"})); });
        measurement.wire = line.counted();
        return sample;
    });
    pair.configure(toml);
    return measurement;
}

}  // namespace tideway::bench
