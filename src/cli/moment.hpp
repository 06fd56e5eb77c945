// A moment on the command line.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace tideway::cli {

// "2026-11-26", "2026-11-26 10:00", "2026-11-26T10:00:30Z", "... +05:30" (UTC where no zone is given), or how
// long ago: "2h", "30m", "7d". Microseconds since 1970; none: it is none of these.
std::optional<std::int64_t> parse_moment(const std::string& text, std::int64_t now_micros);

}  // namespace tideway::cli
