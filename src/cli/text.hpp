// Small pieces of text for people.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tideway::cli {

std::string grouped(std::int64_t number);  // 1,204
// "1 row", "1,204 rows"; without a plural of its own, an "s" makes it.
std::string counted(std::int64_t number, std::string_view singular, std::string_view plural = {});
std::string duration(std::int64_t milliseconds);  // "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"
std::string joined(const std::vector<std::string>& parts, std::string_view separator = ", ");

// Text from a database, safe for a terminal: control characters as \n, \t, \xNN, and marks that turn the direction of
// writing as \uNNNN.
std::string printable(std::string_view text);
// At most `width` characters, ending in "..." when something was cut.
std::string shortened(std::string_view text, std::size_t width);
std::size_t width_of(std::string_view utf8);  // in characters

// The first 20 lines and, when there are more, "and N more (--json lists all)". Each line ends with a
// newline.
std::string cut_list(const std::vector<std::string>& lines);
inline constexpr std::size_t longest_list = 20;

}  // namespace tideway::cli
