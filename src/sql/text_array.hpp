// A list of texts as PostgreSQL writes a text[]: {"a","b"}. Keys are kept and compared in this form.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tideway::sql {

std::string text_array(const std::vector<std::string>& elements);
std::string cell_array(const std::vector<std::optional<std::string>>& elements);  // with NULLs
std::vector<std::string> parse_text_array(std::string_view literal);

}  // namespace tideway::sql
