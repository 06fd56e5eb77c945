// Amounts of memory in the configuration: "800kB", "500MB", "2GB".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tideway::config {

// In bytes; nothing where the text is no such amount.
std::optional<std::int64_t> parse_amount(std::string_view text);
// The same text back, in the largest unit that leaves a whole number.
std::string amount_text(std::int64_t bytes);

}  // namespace tideway::config
