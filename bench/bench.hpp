// What the cases share: options, servers, the large table, progress on stderr.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "bench_pair.hpp"
#include "measurement.hpp"

namespace tideway::bench {

struct Options {
    long long rows = 1'000'000;  // of the large table; the sizes of the others never exceed it
    int repeat = 3;
    bool ten_million = false;
};

// A case that cannot be taken here, or was not asked for: no failure.
class NotHere : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Bench {
  public:
    explicit Bench(const Options& options);

    const Options& options() const { return options_; }
    long long at_most(long long rows) const { return std::min(rows, options_.rows); }
    void say(const std::string& text) const;  // progress

    std::string postgres_version() const;

    // A fresh pair of databases.
    std::unique_ptr<BenchPair> pair(const std::string& name);
    // Table `wide` with options().rows rows on the desktop, and empty in the cloud.
    BenchPair& large();
    // The same, synchronised and quiet, with this capture on both sides.
    BenchPair& large_synced(const std::string& capture);
    void large_is_synced(const std::string& capture) { large_capture_ = capture; }

    // Repeats `once` for the measurement, but starts no repetition beyond the first once its time is used up.
    void repeat(Measurement& measurement, int times, const std::function<Sample()>& once) const;

  private:
    Options options_;
    std::unique_ptr<Servers> servers_;
    std::unique_ptr<BenchPair> large_;
    std::string large_capture_;  // empty: not synchronised
};

}  // namespace tideway::bench
