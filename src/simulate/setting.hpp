// What a seed lays down before anything happens: which tables there are, what is promised for each, how
// changes are found.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "checker/history.hpp"
#include "simulate/dice.hpp"

namespace tideway::simulate {

class Setting {
  public:
    explicit Setting(Dice& dice);

    // Of both sides; the same.
    std::string schema() const;
    const std::vector<checker::TableRules>& rules() const { return rules_; }
    // The configuration, with urls that nobody opens.
    const std::string& toml() const { return toml_; }
    bool has(const std::string& table) const;
    // Users may leave stamps alone, and deleted rows have none: what a stamp does not show, only a full run
    // finds.
    bool captures_exactly(const std::string& table) const;
    // Its columns in order.
    static std::vector<std::string> columns(const std::string& table);

  private:
    checker::TableRules& add(Dice& dice, const std::string& table, const std::vector<std::string>& key,
                             const std::vector<std::string>& more, const std::string& identity = "");
    void add_origin(Dice& dice, checker::TableRules& rules);
    void add_choices(Dice& dice, const std::string& table);

    std::vector<checker::TableRules> rules_;
    std::string toml_;
    std::set<std::string> by_stamp_;  // tables
};

}  // namespace tideway::simulate
