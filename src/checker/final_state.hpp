// What both sides hold at the end, by key, and which keys are listed as waiting.
#pragma once
#include <map>
#include <set>

#include "checker/history.hpp"

namespace tideway::checker {

class FinalState {
  public:
    explicit FinalState(const History& history);

    // The contents of a key's rows on one side.
    using Contents = std::multiset<Row>;
    const Contents& rows(Side side, const std::string& table, const Key& key) const;
    bool equal(const std::string& table, const Key& key) const;
    int copies(Side side, const std::string& table, const std::string& version) const;
    bool waits(const TableRules& rules, const Key& key) const;
    // All that a side holds or that waits, in table `table`.
    std::set<Key> keys(const std::string& table) const;

  private:
    std::map<std::pair<std::string, Key>, Contents> rows_[2];
    std::map<std::pair<std::string, std::string>, int> copies_[2];
    std::multimap<std::string, Key> waiting_;
};

}  // namespace tideway::checker
