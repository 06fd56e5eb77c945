// A TOML file as a plain tree in which every key and value knows its line and column.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tideway::config {

struct Place {
    int line = 0, column = 0;  // both from 1
};

struct Entry;

struct Node {
    enum class Kind { text, integer, real, boolean, date, list, table };
    Kind kind = Kind::table;
    Place place;
    std::string text;  // kind text only, as written (${VAR} is not yet expanded)
    std::int64_t integer = 0;
    double real = 0;
    bool boolean = false;
    std::vector<Node> list;
    std::vector<Entry> table;  // in the order of the file
};

struct Entry {
    std::string key;
    Place place;  // of the key
    Node value;
};

// "a text", "a list", ... for messages.
std::string_view kind_name(Node::Kind kind);

// Throws Error(config_syntax) with path:line:column.
Node parse_document(std::string_view toml, const std::string& path);

}  // namespace tideway::config
