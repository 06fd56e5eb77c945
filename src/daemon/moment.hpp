// One moment by both clocks: times of day and what people see go by the one, spans by the other, which nobody
// can set.
#pragma once
#include <cstdint>

#include "base/world.hpp"

namespace tideway::daemon {

struct Moment {
    std::int64_t wall = 0;    // UTC, microseconds since 1970
    std::int64_t steady = 0;  // never goes back; only differences mean anything
};

inline Moment moment_of(Clock& clock) { return {clock.now_micros(), clock.monotonic_micros()}; }

}  // namespace tideway::daemon
