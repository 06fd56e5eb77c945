#include "line.hpp"

namespace tideway::bench {
namespace {

// Of each connection, as the proxy counts: the first message, and the user's name where TLS was declined.
constexpr long kToConnect = 2;

}  // namespace

Line::Line(const BenchPair& pair, const LineSpeed& speed)
    : proxy_(pair.databases().cloud_port()), database_(pair.databases().cloud_name()) {
    for (const test::Direction direction : {test::Direction::to_server, test::Direction::to_client}) {
        proxy_.delay(direction, test::Millis(speed.round_trip_ms / 2));
        proxy_.bandwidth(direction, speed.bytes_per_second);
    }
}

std::string Line::cloud_url() const { return proxy_.url(database_); }

Wire Line::counted() const {
    const test::ProxyCounters counted = proxy_.counters();
    return {counted.round_trips - kToConnect * counted.connections, counted.bytes_to_server,
            counted.bytes_to_client};
}

}  // namespace tideway::bench
