#include "cli/text_table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "cli/text.hpp"

namespace tideway::cli {
namespace {

constexpr std::size_t gap = 2;

std::string padded(const std::string& text, std::size_t width, Align align) {
    const std::string blanks(width - std::min(width, width_of(text)), ' ');
    return align == Align::left ? text + blanks : blanks + text;
}

std::string without_trailing_blanks(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string centered(const std::string& title, std::size_t width) {
    const std::size_t dashes = width - title.size() - 2;
    return std::string(dashes / 2, '-') + " " + title + " " + std::string(dashes - dashes / 2, '-');
}

}  // namespace

void TextTable::add_column(std::string title, Align align, std::string group) {
    columns_.push_back({std::move(title), std::move(group), align});
}

void TextTable::add_row(std::vector<std::string> cells) {
    ensure(cells.size() == columns_.size(), "a row has a cell for each column");
    rows_.push_back(std::move(cells));
}

std::vector<TextTable::Visible> TextTable::visible() const {
    std::vector<Visible> shown;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t width = 0;
        for (const auto& row : rows_) width = std::max(width, width_of(row[c]));
        if (width > 0) shown.push_back({c, std::max(width, width_of(columns_[c].title))});
    }
    return shown;
}

// "" when there are no groups. Widens the last column of a group that is narrower than its heading.
std::string TextTable::group_line(std::vector<Visible>& shown) const {
    std::string line;
    bool any = false;
    for (std::size_t i = 0; i < shown.size();) {
        const std::string& group = columns_[shown[i].column].group;
        std::size_t end = i + 1, width = shown[i].width;
        while (end < shown.size() && !group.empty() && columns_[shown[end].column].group == group)
            width += gap + shown[end++].width;
        const std::size_t wanted = group.empty() ? 0 : group.size() + 4;
        if (width < wanted) {
            shown[end - 1].width += wanted - width;
            width = wanted;
        }
        line += group.empty() ? std::string(width, ' ') : centered(group, width);
        line.append(gap, ' ');
        any = any || !group.empty();
        i = end;
    }
    return any ? without_trailing_blanks(line) : "";
}

std::vector<std::string> TextTable::lines() const {
    std::vector<Visible> shown = visible();
    std::vector<std::string> out;
    if (const std::string groups = group_line(shown); !groups.empty()) out.push_back(groups);
    const auto add = [&](const auto& text_of) {
        std::string line;
        for (const Visible& v : shown)
            line += padded(text_of(v.column), v.width, columns_[v.column].align) + std::string(gap, ' ');
        out.push_back(without_trailing_blanks(line));
    };
    add([&](std::size_t c) { return columns_[c].title; });
    for (const auto& row : rows_)
        add([&](std::size_t c) {
            return row[c].empty() && columns_[c].align == Align::right ? std::string("-") : row[c];
        });
    return out;
}

std::string TextTable::text() const {
    std::string out;
    for (const std::string& line : lines()) out += line + "\n";
    return out;
}

std::string cell(std::int64_t number) { return number == 0 ? "" : grouped(number); }

}  // namespace tideway::cli
