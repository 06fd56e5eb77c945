// When a cron expression comes true, in a time zone with its summer time: pure.
#pragma once
#include <cstdint>
#include <optional>

#include "base/time_zone.hpp"
#include "config/cron.hpp"

namespace tideway::daemon {

// The first moment after `after` (microseconds since 1970, UTC). A local time that a change of the clock leaves
// out comes at the moment of the change; one that comes twice counts the first time only, unless the expression
// names every hour. None: not within ten years.
std::optional<std::int64_t> next_time(const config::Cron& cron, const TimeZone& zone, std::int64_t after);

}  // namespace tideway::daemon
