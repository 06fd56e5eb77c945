#include "config/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

// toml++ is a large header: this is the only file that reads it.
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "base/error.hpp"

namespace tideway::config {
namespace {

Place place_of(const toml::source_region& source) {
    return {static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

Node convert(const toml::node& node);

Node convert_table(const toml::table& table) {
    Node out;
    for (const auto& [key, value] : table)
        out.table.push_back({std::string(key.str()), place_of(key.source()), convert(value)});
    std::sort(out.table.begin(), out.table.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
    });
    return out;
}

Node convert_list(const toml::array& array) {
    Node out;
    out.kind = Node::Kind::list;
    for (const toml::node& item : array) out.list.push_back(convert(item));
    return out;
}

Node convert_value(const toml::node& node) {
    Node out;
    if (const auto* text = node.as_string()) {
        out.kind = Node::Kind::text;
        out.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
        out.kind = Node::Kind::integer;
        out.integer = integer->get();
    } else if (const auto* real = node.as_floating_point()) {
        out.kind = Node::Kind::real;
        out.real = real->get();
    } else if (const auto* boolean = node.as_boolean()) {
        out.kind = Node::Kind::boolean;
        out.boolean = boolean->get();
    } else {
        out.kind = Node::Kind::date;
    }
    return out;
}

Node convert(const toml::node& node) {
    Node out;
    if (const auto* table = node.as_table())
        out = convert_table(*table);
    else if (const auto* array = node.as_array())
        out = convert_list(*array);
    else
        out = convert_value(node);
    out.place = place_of(node.source());
    return out;
}

}  // namespace

std::string_view kind_name(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::text:
            return "a text";
        case Node::Kind::integer:
            return "a whole number";
        case Node::Kind::real:
            return "a number";
        case Node::Kind::boolean:
            return "true or false";
        case Node::Kind::date:
            return "a date or time";
        case Node::Kind::list:
            return "a list";
        case Node::Kind::table:
            return "a table";
    }
    return "?";
}

Node parse_document(std::string_view toml, const std::string& path) {
    try {
        return convert(toml::parse(toml, path));
    } catch (const toml::parse_error& e) {
        const Place at = place_of(e.source());
        throw Error(Code::config_syntax,
                    fmt::format("{}:{}:{}: {}", path, at.line, at.column, e.description()),
                    "texts stand in \"quotes\", a section begins with [name], each table with [[table]]");
    }
}

}  // namespace tideway::config
