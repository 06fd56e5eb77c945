#include "sql/identifier.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"

namespace tideway::sql {
namespace {

std::string doubled(std::string_view text, char mark) {
    std::string out(1, mark);
    for (const char each : text) {
        if (each == mark) out += mark;
        out += each;
    }
    return out += mark;
}

[[noreturn]] void refuse(std::string_view text) {
    throw Error(Code::config_value, fmt::format("\"{}\" is not the name of a table", text),
                "write table, schema.table, or \"odd.name\" with double quotes inside the string");
}

// One part of a dotted name; `at` stands behind it afterwards.
std::string parse_part(std::string_view text, std::size_t& at) {
    std::string part;
    if (at >= text.size() || text[at] != '"') {
        const auto end = std::min(text.find('.', at), text.size());
        part = text.substr(at, end - at);
        at = end;
        if (part.find('"') != part.npos) refuse(text);
    } else {
        for (++at;; ++at) {
            if (at >= text.size()) refuse(text);
            if (text[at] == '"' && (at + 1 >= text.size() || text[at + 1] != '"')) break;
            if (text[at] == '"') ++at;
            part += text[at];
        }
        ++at;
    }
    if (part.empty() || part.find('\0') != part.npos) refuse(text);
    return part;
}

std::string displayed(const std::string& part) {
    return part.find_first_of(".\"") == part.npos ? part : doubled(part, '"');
}

}  // namespace

Identifier::Identifier(std::string text) : text_(std::move(text)) {
    if (text_.empty() || text_.find('\0') != text_.npos)
        throw Error(Code::config_value, "a name in the database is never empty and holds no zero byte");
}

std::string Identifier::quoted() const { return doubled(text_, '"'); }

std::string TableName::quoted() const {
    const std::string name = Identifier(table).quoted();
    return schema.empty() ? name : Identifier(schema).quoted() + "." + name;
}

std::string TableName::display() const {
    const bool plain = schema.empty() || schema == "public";
    return plain ? displayed(table) : displayed(schema) + "." + displayed(table);
}

TableName TableName::parse(std::string_view text) {
    std::size_t at = 0;
    std::string first = parse_part(text, at);
    if (at == text.size()) return {"public", std::move(first)};
    if (text[at] != '.') refuse(text);
    std::string second = parse_part(text, ++at);
    if (at != text.size()) refuse(text);
    return {std::move(first), std::move(second)};
}

std::string literal(std::string_view text) {
    if (text.find('\0') != text.npos)
        throw Error(Code::config_value, "a text in the database holds no zero byte");
    if (text.find('\\') == text.npos) return doubled(text, '\'');
    std::string out = "E'";
    for (const char each : text) {
        if (each == '\'' || each == '\\') out += each;
        out += each;
    }
    return out += '\'';
}

}  // namespace tideway::sql
