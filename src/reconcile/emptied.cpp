#include "reconcile/emptied.hpp"

#include <algorithm>

namespace tideway {
namespace {

// The names stand one a line.
bool named(const std::string& names, const std::string& wanted) {
    for (std::size_t begin = 0; begin <= names.size();) {
        const std::size_t end = std::min(names.find('\n', begin), names.size());
        if (names.compare(begin, end - begin, wanted) == 0) return true;
        begin = end + 1;
    }
    return false;
}

}  // namespace

std::vector<std::size_t> emptied_columns(const LinkedTable& table, const KeyWork& work, Side side) {
    const RowImage& here = side == Side::desktop ? work.candidate.desktop : work.cloud;
    const RowImage& there = side == Side::desktop ? work.cloud : work.candidate.desktop;
    std::vector<std::size_t> columns;
    if (work.candidate.emptied.empty() || !here.facts.present || !there.facts.present) return columns;
    for (std::size_t at = 0; at < table.columns.size(); ++at)
        if (named(work.candidate.emptied, table.columns[at].desktop.name) && !here.cells[at] &&
            there.cells[at])
            columns.push_back(at);
    return columns;
}

std::optional<Side> emptied_on(const LinkedTable& table, const KeyWork& work) {
    for (const Side side : {Side::cloud, Side::desktop})
        if (!emptied_columns(table, work, side).empty()) return side;
    return std::nullopt;
}

}  // namespace tideway
