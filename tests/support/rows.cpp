#include "support/rows.hpp"

namespace tideway::test {
namespace {

std::string text_of(const Cell& cell) {
    if (!cell) return "(null)";
    std::string text;
    for (const char c : *cell) {
        if (c == '\n')
            text += "\\n";
        else if (c == '\t')
            text += "\\t";
        else if (c == '|' || c == '\\')
            text += {'\\', c};
        else
            text += c;
    }
    return text;
}

}  // namespace

std::string text_of(const Rows& rows) {
    std::string text;
    for (const auto& row : rows) {
        if (!text.empty()) text += '\n';
        for (std::size_t column = 0; column < row.size(); ++column)
            text += (column > 0 ? "|" : "") + text_of(row[column]);
    }
    return text;
}

std::string dump(Db& db, const std::string& sql) { return text_of(db.query(sql)); }

}  // namespace tideway::test
