#include "cli/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/shell_word.hpp"

namespace tideway::cli {

std::string grouped(std::int64_t number) {
    std::string digits = fmt::format("{}", number);
    const std::size_t first = number < 0 ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, ",");
    return digits;
}

std::string counted(std::int64_t number, std::string_view singular, std::string_view plural) {
    if (number == 1) return fmt::format("1 {}", singular);
    return plural.empty() ? fmt::format("{} {}s", grouped(number), singular)
                          : fmt::format("{} {}", grouped(number), plural);
}

std::string duration(std::int64_t milliseconds) {
    const std::int64_t seconds = (milliseconds + 500) / 1000;
    if (milliseconds < 9'950) return fmt::format("{:.1f} s", static_cast<double>(milliseconds) / 1000.0);
    if (seconds < 60) return fmt::format("{} s", seconds);
    if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    if (seconds < 86'400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{} d {} h", seconds / 86'400, seconds / 3600 % 24);
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const auto code = static_cast<unsigned char>(c);
        if (const unsigned found = steering_character(text.substr(at))) {
            out += fmt::format("\\u{:04x}", found);
            at += found < 0x800 ? 1 : 2;
            continue;
        }
        if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (code < 0x20 || code == 0x7f)
            out += fmt::format("\\x{:02x}", code);
        else
            out += c;
    }
    return out;
}

namespace {

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

std::size_t width_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), starts_character));
}

std::string shortened(std::string_view text, std::size_t width) {
    if (width_of(text) <= width) return std::string(text);
    std::size_t characters = 0, end = 0;
    while (characters < width - 3 || !starts_character(text[end])) {
        if (starts_character(text[end])) ++characters;
        ++end;
    }
    return std::string(text.substr(0, end)) + "...";
}

std::string cut_list(const std::vector<std::string>& lines) {
    std::string out;
    for (std::size_t i = 0; i < std::min(lines.size(), longest_list); ++i) out += lines[i] + "\n";
    if (lines.size() > longest_list)
        out += fmt::format("and {} more (--json lists all)\n",
                           grouped(static_cast<std::int64_t>(lines.size() - longest_list)));
    return out;
}

}  // namespace tideway::cli
