// Spans of time and amounts of memory as people write them.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace tideway::config {

// "45s", "30m", "12h", "30d", "2w" as seconds; none: it is none of these.
std::optional<std::int64_t> parse_span(std::string_view text);
// "800kB", "500MB", "2GB" as bytes.
std::optional<std::int64_t> parse_amount(std::string_view text);

}  // namespace tideway::config
