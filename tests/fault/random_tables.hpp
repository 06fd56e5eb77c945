// The eight tables of the random workload, and what a seed promises for each: identity, policy, ownership,
// capture.
#pragma once
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "checker/history.hpp"

namespace tideway::test {

// All choices of a seed come from here. Not from std:: distributions: their results differ between libraries.
class Dice {
  public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    int below(int limit) { return static_cast<int>(engine_() % static_cast<unsigned>(limit)); }
    bool one_in(int chances) { return below(chances) == 0; }
    template <typename T>
    const T& any_of(const std::vector<T>& items) {
        return items[static_cast<std::size_t>(below(static_cast<int>(items.size())))];
    }

  private:
    std::mt19937 engine_;
};

// Masters, a tree of references, a table that refers to itself, a composite key, a key that only the cloud
// has, rows that repeat, two unique constraints, and keys that are texts.
inline std::string random_schema(checker::Side side) {
    const std::string common =
        "vid text not null, note text, source text, created_at timestamptz, updated_at timestamptz";
    const std::string item_key = side == checker::Side::desktop
                                     ? "code text primary key"
                                     : "item_id bigserial primary key, code text not null unique";
    return fmt::format(R"(
create table client (id int primary key, {0});
create table job (id int primary key, client_id int not null references client, {0});
create table visit (job_id int not null references job, day int not null, {0}, primary key (job_id, day));
create table node (id int primary key, parent_id int references node, {0});
create table item ({1}, client_id int not null references client, {0});
create table remark (job_id int, line int, {0});
create table login (id int primary key, email text not null unique, badge int not null unique, {0});
create table setting (name text primary key, {0});
)",
                       common, item_key);
}

class RandomTables {
  public:
    explicit RandomTables(Dice& dice) {
        add(dice, "client", {"id"}, {});
        add(dice, "job", {"id"}, {"client_id"}).references = {{"client_id", "client", "id"}};
        add(dice, "visit", {"job_id", "day"}, {}).references = {{"job_id", "job", "id"}};
        add(dice, "node", {"id"}, {"parent_id"}).references = {{"parent_id", "node", "id"}};
        add(dice, "item", {"code"}, {"client_id"},
            "key = ['code']\nidentity = 'business_key'\nskip = ['item_id']\n")
            .references = {{"client_id", "client", "id"}};
        add_remarks(dice);
        add(dice, "login", {"id"}, {"email", "badge"});
        add(dice, "setting", {"name"}, {});
    }

    const std::vector<checker::TableRules>& rules() const { return rules_; }
    const std::string& toml() const { return toml_; }

  private:
    checker::TableRules& add(Dice& dice, const std::string& table, const std::vector<std::string>& key,
                             const std::vector<std::string>& more, const std::string& identity = "") {
        checker::TableRules rules;
        rules.table = table;
        rules.key = key;
        rules.content = key;
        rules.content.insert(rules.content.end(), more.begin(), more.end());
        rules.content.insert(rules.content.end(), {"vid", "note"});
        rules.stamp = "updated_at";
        rules.policy = dice.any_of<std::string>({"latest", "latest", "desktop", "cloud", "manual"});
        toml_ += fmt::format("[[table]]\nname = '{}'\n{}conflict = '{}'\nside_effects = ['audit.log']\n",
                             table, identity, rules.policy);
        // Two tables see the same edit on both sides: it must not differ in who created the row.
        if (table == "client" || table == "setting" || dice.below(3) > 0)
            mark_origin(rules, dice.one_in(2));
        else
            rules.content.push_back("source");  // a column like any other
        toml_ += "timestamps = { updated = 'updated_at', created = 'created_at' }\n";
        if (identity.find("full_row") == std::string::npos) add_choices(dice);
        rules_.push_back(rules);
        return rules_.back();
    }

    void mark_origin(checker::TableRules& rules, bool strict) {
        rules.origin = "source";
        rules.strict = strict;
        toml_ +=
            fmt::format("origin = {{ column = 'source', desktop = 'D', cloud = 'M' }}\nownership = '{}'\n",
                        strict ? "strict" : "shared");
    }

    void add_choices(Dice& dice) {
        toml_ += fmt::format("capture = '{}'\n",
                             dice.any_of<std::string>({"auto", "changelog", "xmin", "digest"}));
        if (dice.one_in(6)) toml_ += "deletes = 'hold'\n";
    }

    void add_remarks(Dice& dice) {
        const bool full_row = dice.one_in(3);
        checker::TableRules& rules = add(
            dice, "remark", {"job_id"}, {"line"},
            full_row ? "identity = 'full_row'\n" : "key = ['job_id']\nidentity = 'business_key+ordinal'\n");
        rules.repeats = true;
        rules.full_row = full_row;
    }

    std::vector<checker::TableRules> rules_;
    std::string toml_;
};

}  // namespace tideway::test
