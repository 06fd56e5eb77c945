// Lists inside one value: an array as PostgreSQL writes it, or words with commas between them. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/value.hpp"

namespace tideway {

using List = std::vector<std::string>;
enum class ListForm { array, commas };

// The members, each once, in order; a NULL is an empty list. None: several dimensions, or NULL among them.
std::optional<List> parse_list(ListForm form, const Cell& value);
// In the spelling of the two values that it comes from.
Cell write_list(ListForm form, const List& list, const Cell& one, const Cell& other);

}  // namespace tideway
