#include "sql/copy_text.hpp"

namespace tideway::sql {
namespace {

// The letter after the backslash for a byte that may not stand as it is; 0 for all others.
char escape_of(char byte) {
    switch (byte) {
        case '\b':
            return 'b';
        case '\f':
            return 'f';
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        case '\v':
            return 'v';
        case '\\':
            return '\\';
        default:
            return 0;
    }
}

void append_escaped(std::string& out, std::string_view text) {
    std::size_t plain = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = escape_of(text[at]);
        if (letter == 0) continue;
        out.append(text, plain, at - plain);
        out += '\\';
        out += letter;
        plain = at + 1;
    }
    out.append(text, plain);
}

int digit(char c, int base) {
    int value = base;
    if (c >= '0' && c <= '9') value = c - '0';
    if (c >= 'a' && c <= 'f') value = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') value = c - 'A' + 10;
    return value < base ? value : -1;
}

// Up to `most` digits from `at` on; `at` stands behind them afterwards.
char numeric_escape(std::string_view text, std::size_t& at, int base, int most) {
    int value = 0;
    for (int count = 0; count < most && at < text.size() && digit(text[at], base) >= 0; ++count)
        value = value * base + digit(text[at++], base);
    return static_cast<char>(value & 0xFF);
}

// The byte that the escape at `at` (behind the backslash) stands for; `at` stands behind the escape
// afterwards.
char unescape(std::string_view text, std::size_t& at) {
    const char letter = text[at];
    if (digit(letter, 8) >= 0) return numeric_escape(text, at, 8, 3);
    ++at;
    switch (letter) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'v':
            return '\v';
        case 'x':
            if (at < text.size() && digit(text[at], 16) >= 0) return numeric_escape(text, at, 16, 2);
            return letter;
        default:
            return letter;
    }
}

void assign_unescaped(std::optional<std::string>& cell, std::string_view text) {
    if (text == "\\N") {
        cell.reset();
        return;
    }
    if (!cell) cell.emplace();
    cell->clear();
    std::size_t at = 0;
    while (at < text.size()) {
        const auto backslash = text.find('\\', at);
        cell->append(text.substr(at, backslash == text.npos ? text.npos : backslash - at));
        if (backslash == text.npos) return;
        at = backslash + 1;
        if (at < text.size()) cell->push_back(unescape(text, at));
    }
}

}  // namespace

void append_copy_row(std::string& out, const std::vector<const std::string*>& cells) {
    bool first = true;
    for (const std::string* cell : cells) {
        if (!first) out += '\t';
        first = false;
        if (cell)
            append_escaped(out, *cell);
        else
            out += "\\N";
    }
    out += '\n';
}

void parse_copy_row(std::string_view row, std::vector<std::optional<std::string>>& cells) {
    if (!row.empty() && row.back() == '\n') row.remove_suffix(1);
    std::size_t count = 0, begin = 0;
    for (bool more = true; more;) {
        const auto tab = row.find('\t', begin);
        more = tab != row.npos;
        if (count == cells.size()) cells.emplace_back();
        assign_unescaped(cells[count++], row.substr(begin, more ? tab - begin : row.npos));
        begin = tab + 1;
    }
    cells.resize(count);
}

}  // namespace tideway::sql
