// Rows in the text format of COPY.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tideway::sql {

// One row with its newline; a null pointer is NULL (\N).
void append_copy_row(std::string& out, const std::vector<const std::string*>& cells);

// The cells of one row as a server sends it, with or without its newline; what `cells` held is overwritten,
// its memory reused; NULL is an empty cell. A row always has at least one cell.
void parse_copy_row(std::string_view row, std::vector<std::optional<std::string>>& cells);

}  // namespace tideway::sql
