#include "sql/named_query.hpp"

#include <algorithm>
#include <cctype>

namespace tideway::sql {
namespace {

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// End of the piece that begins at `at` and in which a colon means nothing; `at` itself where there is none.
std::size_t end_of_literal(std::string_view text, std::size_t at) {
    const auto after = [&](std::string_view closing, std::size_t from) {
        const std::size_t found = text.find(closing, from);
        return found == std::string_view::npos ? text.size() : found + closing.size();
    };
    switch (text[at]) {
        case '\'':
        case '"':
            return after(text.substr(at, 1), at + 1);
        case '-':
            return text.substr(at, 2) == "--" ? after("\n", at) : at;
        case '/':
            return text.substr(at, 2) == "/*" ? after("*/", at + 2) : at;
        case ':':
            return text.substr(at, 2) == "::" ? at + 2 : at;
        case '$': {
            std::size_t end = at + 1;
            while (end < text.size() && in_name(text[end])) ++end;
            if (end >= text.size() || text[end] != '$') return at;
            return after(text.substr(at, end + 1 - at), end + 1);
        }
        default:
            return at;
    }
}

}  // namespace

std::string replace_parameters(std::string_view query,
                               const std::function<std::string(const std::string&)>& text_for) {
    std::string out;
    for (std::size_t at = 0; at < query.size();) {
        if (const std::size_t end = end_of_literal(query, at); end > at) {
            out += query.substr(at, end - at);
            at = end;
        } else if (query[at] == ':' && at + 1 < query.size() && begins_name(query[at + 1])) {
            std::size_t last = at + 1;
            while (last < query.size() && in_name(query[last])) ++last;
            out += text_for(std::string(query.substr(at + 1, last - at - 1)));
            at = last;
        } else {
            out += query[at++];
        }
    }
    return out;
}

std::vector<std::string> parameter_names(std::string_view query) {
    std::vector<std::string> names;
    replace_parameters(query, [&](const std::string& name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        return "";
    });
    return names;
}

}  // namespace tideway::sql
