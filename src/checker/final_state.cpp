#include "checker/final_state.hpp"

#include <algorithm>

namespace tideway::checker {

FinalState::FinalState(const History& history) {
    for (const Side side : sides)
        for (const auto& [table, rows] : history.rows[index(side)])
            if (const TableRules* rules = history.rules_of(table))
                for (const Row& row : rows) {
                    rows_[index(side)][{table, key_of(*rules, row)}].insert(content_of(*rules, row));
                    ++copies_[index(side)][{table, version_of(*rules, row)}];
                }
    for (const Waiting& each : history.waiting) waiting_.emplace(each.table, each.key);
}

const FinalState::Contents& FinalState::rows(Side side, const std::string& table, const Key& key) const {
    static const Contents none;
    const auto found = rows_[index(side)].find({table, key});
    return found == rows_[index(side)].end() ? none : found->second;
}

bool FinalState::equal(const std::string& table, const Key& key) const {
    return rows(Side::desktop, table, key) == rows(Side::cloud, table, key);
}

int FinalState::copies(Side side, const std::string& table, const std::string& version) const {
    const auto found = copies_[index(side)].find({table, version});
    return found == copies_[index(side)].end() ? 0 : found->second;
}

// Where rows repeat, a listed key ends with a number of the synchroniser's own; without any key nobody can
// tell.
bool FinalState::waits(const TableRules& rules, const Key& key) const {
    const auto [begin, end] = waiting_.equal_range(rules.table);
    return std::any_of(begin, end, [&](const auto& each) {
        const Key& listed = each.second;
        if (!rules.repeats) return listed == key;
        return rules.full_row ||
               (listed.size() > key.size() && std::equal(key.begin(), key.end(), listed.begin()));
    });
}

std::set<Key> FinalState::keys(const std::string& table) const {
    std::set<Key> found;
    for (const Side side : sides)
        for (const auto& [place, contents] : rows_[index(side)])
            if (place.first == table) found.insert(place.second);
    return found;
}

}  // namespace tideway::checker
