#include "config/amount.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace tideway::config {
namespace {

constexpr std::pair<std::string_view, std::int64_t> units[] = {
    {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"kB", 1'000}, {"B", 1}};

}  // namespace

std::optional<std::int64_t> parse_amount(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number >= 1'000'000'000) return std::nullopt;
    std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    for (const auto& [name, bytes] : units)
        if (name == rest) return number * bytes;
    return std::nullopt;
}

std::string amount_text(std::int64_t bytes) {
    for (const auto& [name, size] : units)
        if (bytes % size == 0) return fmt::format("{}{}", bytes / size, name);
    return fmt::format("{}B", bytes);
}

}  // namespace tideway::config
