#include "model/table.hpp"

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
        text += (text.empty() ? "" : ", ") + column->on(side).type;
    return text;
}

std::string definition(const LinkedTable& table) {
    std::string text;
    for (const LinkedColumn& column : table.columns)
        if (column.hashed)
            text += column.desktop.name + ":" + column.desktop.base_type + "=" + column.cloud.name + ":" +
                    column.cloud.base_type + "\n";
    return text;
}

std::string display(const Key& key) {
    std::string text;
    for (const std::string& part : key) {
        if (!text.empty()) text += '/';
        text += part;
    }
    return text;
}

}  // namespace tideway
