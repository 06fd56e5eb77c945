#include "web/http.hpp"

namespace tideway::web {

std::optional<std::string> Request::header(std::string_view name) const {
    std::optional<std::string> found;
    for (const auto& [each, value] : headers) {
        if (each != name) continue;
        if (found) return std::nullopt;
        found = value;
    }
    return found;
}

std::string Request::asked(std::string_view name) const {
    for (const auto& [each, value] : query)
        if (each == name) return value;
    return "";
}

}  // namespace tideway::web
