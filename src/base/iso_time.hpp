// Moments for people and for JSON.
#pragma once
#include <cstdint>
#include <string>

namespace tideway {

// Microseconds since 1970 as "2026-11-26T05:36:14Z".
std::string iso_time(std::int64_t micros);

}  // namespace tideway
