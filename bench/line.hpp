// The line from an office to its cloud: a proxy that delays, paces and counts.
#pragma once
#include <string>

#include "bench_pair.hpp"
#include "measurement.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::bench {

struct LineSpeed {
    int round_trip_ms = 40;
    long bytes_per_second = 2'500'000;  // each way
    double seconds_for(long long bytes) const {
        return static_cast<double>(bytes) / static_cast<double>(bytes_per_second);
    }
};

class Line {
  public:
    Line(const BenchPair& pair, const LineSpeed& speed);
    std::string cloud_url() const;
    void reset() { proxy_.reset_counters(); }
    Wire counted() const;  // since then

  private:
    test::TcpProxy proxy_;
    std::string database_;
};

}  // namespace tideway::bench
