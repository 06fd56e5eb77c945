#include "config/units.hpp"

#include <charconv>
#include <utility>

namespace tideway::config {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t value;
};

// A whole number below a billion and one of the units behind it.
template <std::size_t N>
std::optional<std::int64_t> parse(std::string_view text, const Unit (&units)[N]) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number >= 1'000'000'000) return std::nullopt;
    std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    for (const Unit& unit : units)
        if (unit.name == rest) return number * unit.value;
    return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_span(std::string_view text) {
    static constexpr Unit units[] = {{"s", 1}, {"m", 60}, {"h", 3'600}, {"d", 86'400}, {"w", 604'800}};
    return parse(text, units);
}

std::optional<std::int64_t> parse_amount(std::string_view text) {
    static constexpr Unit units[] = {{"B", 1}, {"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}};
    return parse(text, units);
}

}  // namespace tideway::config
