#include "checker/history.hpp"

namespace tideway::checker {
namespace {

Cell cell(const Row& row, const std::string& column) {
    const auto found = row.find(column);
    return found == row.end() ? Cell() : found->second;
}

}  // namespace

Key key_of(const TableRules& rules, const Row& row) {
    Key key;
    for (const std::string& column : rules.key) key.push_back(cell(row, column).value_or("(null)"));
    return key;
}

Row content_of(const TableRules& rules, const Row& row) {
    Row content;
    for (const std::string& column : rules.content) content[column] = cell(row, column);
    return content;
}

std::string version_of(const TableRules& rules, const Row& row) {
    return cell(row, rules.version).value_or("(no version)");
}

std::string text_of(const Key& key) {
    std::string text;
    for (const std::string& part : key) text += (text.empty() ? "" : ", ") + part;
    return text;
}

}  // namespace tideway::checker
