#include "config/duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace tideway::config {
namespace {

constexpr std::pair<char, std::int64_t> units[] = {{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}};
constexpr std::int64_t week = 7 * 86'400;
constexpr std::int64_t longest = 10LL * 366 * 86'400;

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [unit, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc() || unit + 1 != end || number <= 0 || number > longest) return std::nullopt;
    if (*unit == 'w' && number <= longest / week) return std::chrono::seconds(number * week);
    for (const auto& [letter, seconds] : units)
        if (letter == *unit && number * seconds <= longest) return std::chrono::seconds(number * seconds);
    return std::nullopt;
}

std::string duration_text(std::chrono::seconds duration) {
    for (const auto& [letter, seconds] : units)
        if (duration.count() % seconds == 0) return fmt::format("{}{}", duration.count() / seconds, letter);
    return fmt::format("{}s", duration.count());
}

}  // namespace tideway::config
