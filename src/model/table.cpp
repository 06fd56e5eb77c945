#include "model/table.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "sql/record_text.hpp"

namespace tideway {

std::vector<const LinkedColumn*> LinkedTable::key_columns() const {
    std::vector<const LinkedColumn*> keys;
    for (const LinkedColumn& column : columns)
        if (column.key) keys.push_back(&column);
    return keys;
}

std::string key_names(const LinkedTable& table, Side side) {
    std::string names;
    for (const LinkedColumn* column : table.key_columns())
        names += (names.empty() ? "" : ", ") + sql::Identifier(column->on(side).name).quoted();
    return names;
}

std::string identity_text(const LinkedTable& table, Side side) {
    if (table.identity == Identity::full_row) return "full_row";
    return key_names(table, side) + (table.repeats() ? " and ordinal" : "");
}

std::string key_types_text(const LinkedTable& table, Side side) {
    std::string text;
    for (const LinkedColumn* column : table.key_columns())
        text += (text.empty() ? "" : ", ") + (column->by_key ? "text" : column->on(side).type);
    return text;
}

namespace {

// The largest whole number of a column; none: it holds others too, or numbers beyond 64 bits.
std::optional<std::int64_t> largest_of(const ColumnSide& column) {
    if (column.type == "smallint") return std::numeric_limits<std::int16_t>::max();
    if (column.type == "integer") return std::numeric_limits<std::int32_t>::max();
    if (column.type == "bigint") return std::numeric_limits<std::int64_t>::max();
    const std::size_t open = column.type.find('('), comma = column.type.find(",0)");
    if (column.base_type != "numeric" || open == std::string::npos || comma == std::string::npos)
        return std::nullopt;
    const int digits = std::stoi(column.type.substr(open + 1));
    if (digits > 18) return std::numeric_limits<std::int64_t>::max();
    std::int64_t largest = 1;
    for (int i = 0; i < digits; ++i) largest *= 10;
    return largest - 1;
}

}  // namespace

bool numbered_key(const LinkedTable& table) {
    const std::vector<const LinkedColumn*> key = table.key_columns();
    return key.size() == 1 && !table.repeats() && largest_of(key.front()->desktop) &&
           largest_of(key.front()->cloud);
}

std::int64_t largest_number(const LinkedTable& table) {
    const LinkedColumn& key = *table.key_columns().front();
    return std::min(largest_of(key.desktop).value(), largest_of(key.cloud).value());
}

bool hashes_comparable(const LinkedTable& table, int desktop_version, int cloud_version) {
    constexpr int first_with_record_hash = 140'000;
    return (desktop_version >= first_with_record_hash) == (cloud_version >= first_with_record_hash) &&
           std::all_of(table.columns.begin(), table.columns.end(), [](const LinkedColumn& column) {
               return !column.hashed ||
                      (!column.types_differ && column.desktop.base_type == column.cloud.base_type &&
                       column.desktop.native_hash == column.cloud.native_hash);
           });
}

std::string definition(const LinkedTable& table) {
    std::string text;
    for (const LinkedColumn& column : table.columns)
        if (column.hashed)
            text += column.desktop.name + ":" + column.desktop.base_type + "=" + column.cloud.name + ":" +
                    column.cloud.base_type + (column.by_key ? " by key" : "") + "\n";
    return text;
}

std::int64_t row_form(const LinkedTable& table, Side side) {
    return sql::text_hash(definition(table) + table.fingerprint(side), 0);
}

std::string display(const Key& key) {
    if (key.size() == 1) return key.front();
    std::string text;
    for (const std::string& part : key) {
        if (&part != &key.front()) text += '/';
        for (const char c : part) text += c == '/' ? "\\/" : std::string(1, c);
    }
    return text;
}

Key key_displayed(const std::string& text, std::size_t cells) {
    if (cells == 1) return {text};
    Key key{""};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escaped = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '/';
        if (text[i] == '/')
            key.emplace_back();
        else
            key.back() += escaped ? text[++i] : text[i];
    }
    return key;
}

}  // namespace tideway
