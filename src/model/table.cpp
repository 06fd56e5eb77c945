#include "model/table.hpp"

namespace tideway {

std::vector<const LinkedColumn*> LinkedTable::key_columns() const {
    std::vector<const LinkedColumn*> keys;
    for (const LinkedColumn& column : columns)
        if (column.key) keys.push_back(&column);
    return keys;
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
