#include "config/environment.hpp"

#include <cstdlib>
#include <stdexcept>

namespace tideway::config {

std::optional<std::string> environment_variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
}

std::string expand(std::string_view text, const Lookup& lookup) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "$$") {
            out += '$';
            ++i;
        } else if (text.substr(i, 2) == "${") {
            const std::size_t end = text.find('}', i);
            if (end == std::string_view::npos || end == i + 2) throw std::invalid_argument("");
            const std::string name(text.substr(i + 2, end - i - 2));
            const std::optional<std::string> value = lookup(name);
            if (!value) throw std::invalid_argument(name);
            out += *value;
            i = end;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string protect_dollars(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '$') out += '$';
        out += c;
    }
    return out;
}

}  // namespace tideway::config
