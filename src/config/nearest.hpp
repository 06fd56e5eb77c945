// "Did you mean": the known word that a misspelt one is closest to.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tideway::config {

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of the known words (the first of equals), or "" when none is near enough to be meant.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace tideway::config
