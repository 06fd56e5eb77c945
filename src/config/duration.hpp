// Times in the configuration: "30s", "5m", "24h", "7d", "8w".
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tideway::config {

// A whole number above zero with its unit; nothing where the text is no such time, or one of more than ten
// years.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
// The same time as a text, in the largest unit up to days that fits.
std::string duration_text(std::chrono::seconds duration);

}  // namespace tideway::config
