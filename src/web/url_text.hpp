// The texts inside a request: percent-encoding, fields of a form or a query, segments of a path.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/http.hpp"

namespace tideway::web {

// Nothing where a % is not followed by two hex digits, or where the result would hold a zero byte.
std::optional<std::string> percent_decoded(std::string_view text);
// "a=1&b=x+y" as it stands in queries and forms. What cannot be decoded is left out.
Fields form_fields(std::string_view text);
// "/pairs/north%20office" -> {"pairs", "north office"}; nothing where a segment cannot be decoded.
std::optional<std::vector<std::string>> path_segments(std::string_view path);

}  // namespace tideway::web
