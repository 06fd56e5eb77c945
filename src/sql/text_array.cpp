#include "sql/text_array.hpp"

namespace tideway::sql {
namespace {

void append_element(std::string& out, const std::string& element) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (char c : element) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace

std::string text_array(const std::vector<std::string>& elements) {
    std::string out = "{";
    for (const std::string& element : elements) append_element(out, element);
    return out + "}";
}

std::string cell_array(const std::vector<std::optional<std::string>>& elements) {
    std::string out = "{";
    for (const std::optional<std::string>& element : elements) {
        if (element)
            append_element(out, *element);
        else
            out += out.size() > 1 ? ",NULL" : "NULL";
    }
    return out + "}";
}

std::vector<std::string> parse_text_array(std::string_view text) {
    std::vector<std::string> elements;
    std::size_t at = 1;  // after the opening brace
    while (at < text.size() && text[at] != '}') {
        std::string element;
        const bool quoted = text[at] == '"';
        if (quoted) ++at;
        while (at < text.size() && (quoted ? text[at] != '"' : text[at] != ',' && text[at] != '}')) {
            if (text[at] == '\\') ++at;
            element += text[at++];
        }
        if (quoted) ++at;
        elements.push_back(std::move(element));
        if (at < text.size() && text[at] == ',') ++at;
    }
    return elements;
}

}  // namespace tideway::sql
