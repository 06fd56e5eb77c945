// A history as one JSON text, so that it can be kept and judged again.
#pragma once
#include <string>

#include "checker/history.hpp"

namespace tideway::checker {

std::string to_json(const History& history);
// Throws std::exception where the text is no history.
History from_json(const std::string& text);
// {"column": value, ...}, as PostgreSQL's to_jsonb writes a row; "null" and "" are no row.
Image image_from_json(const std::string& text);

}  // namespace tideway::checker
