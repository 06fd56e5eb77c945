#include "bench.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "wide_table.hpp"

namespace tideway::bench {
namespace {

constexpr double kSecondsPerCase = 40;

}  // namespace

Bench::Bench(const Options& options) : options_(options), servers_(std::make_unique<Servers>()) {}

void Bench::say(const std::string& text) const { fmt::print(stderr, "{}\n", text); }

std::string Bench::postgres_version() const {
    return test::Db(servers_->desktop.url("postgres")).scalar("show server_version");
}

std::unique_ptr<BenchPair> Bench::pair(const std::string& name) {
    return std::make_unique<BenchPair>(*servers_, name);
}

BenchPair& Bench::large() {
    if (large_) return *large_;
    say(fmt::format("  filling a table with {} rows", options_.rows));
    large_ = pair("large");
    large_->both(create_wide("wide"));
    large_->desktop.exec(fill_wide("wide", options_.rows));
    large_->desktop.exec("vacuum (analyze) wide");
    return *large_;
}

BenchPair& Bench::large_synced(const std::string& capture) {
    BenchPair& pair = large();
    if (large_capture_ == capture) return pair;
    say(fmt::format("  synchronising it with capture {}", capture));
    pair.configure(wide_toml(capture));
    pair.sync_until_quiet();
    pair.vacuum();
    large_capture_ = capture;
    return pair;
}

void Bench::repeat(Measurement& measurement, int times, const std::function<Sample()>& once) const {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) {
        const std::chrono::duration<double> used = std::chrono::steady_clock::now() - begin;
        if (i > 0 && used.count() * (i + 1) / i > kSecondsPerCase) break;
        const Sample sample = once();
        measurement.samples.push_back(sample);
        say(fmt::format("  {} of {}: {:.4f} s against {:.4f} s, ratio {:.2f}; processors {:.2f} s against {:.2f} s", i + 1,
                        times, sample.own.seconds, sample.floor.seconds, sample.ratio(), sample.own.cpu, sample.floor.cpu));
    }
}

}  // namespace tideway::bench
