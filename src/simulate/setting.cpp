#include "simulate/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace tideway::simulate {
namespace {

// Masters, a reference, a composite key, a key that is a text beside a second unique column, rows that
// repeat.
const std::map<std::string, std::vector<std::pair<std::string, std::string>>>& tables() {
    static const std::map<std::string, std::vector<std::pair<std::string, std::string>>> all{
        {"client", {{"id", "INTEGER PRIMARY KEY"}}},
        {"job", {{"id", "INTEGER PRIMARY KEY"}, {"client_id", "INTEGER NOT NULL REFERENCES client (id)"}}},
        {"login", {{"name", "TEXT NOT NULL PRIMARY KEY"}, {"badge", "INTEGER NOT NULL UNIQUE"}}},
        {"remark", {{"job_id", "INTEGER NOT NULL"}, {"line", "INTEGER"}}},
        {"visit", {{"job_id", "INTEGER NOT NULL REFERENCES job (id)"}, {"day", "INTEGER NOT NULL"}}}};
    return all;
}

constexpr const char* common_columns =
    "vid TEXT NOT NULL, note TEXT, source TEXT, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ";

}  // namespace

Setting::Setting(Dice& dice) {
    toml_ =
        "[desktop]\nurl = 'sqlite:desktop'\n[cloud]\nurl = 'sqlite:cloud'\n"
        "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n";
    add(dice, "client", {"id"}, {});
    const bool jobs = dice.one_in(2);
    if (jobs) add(dice, "job", {"id"}, {"client_id"}).references = {{"client_id", "client", "id"}};
    if (jobs && dice.one_in(2))
        add(dice, "visit", {"job_id", "day"}, {}).references = {{"job_id", "job", "id"}};
    if (dice.one_in(4)) add(dice, "login", {"name"}, {"badge"});
    if (dice.one_in(4))
        add(dice, "remark", {"job_id"}, {"line"}, "key = ['job_id']\nidentity = 'business_key+ordinal'\n")
            .repeats = true;
}

checker::TableRules& Setting::add(Dice& dice, const std::string& table, const std::vector<std::string>& key,
                                  const std::vector<std::string>& more, const std::string& identity) {
    checker::TableRules rules;
    rules.table = table;
    rules.key = key;
    rules.content = key;
    rules.content.insert(rules.content.end(), more.begin(), more.end());
    rules.content.insert(rules.content.end(), {"vid", "note"});
    rules.stamp = "updated_at";
    rules.policy = dice.one_of({"latest", "latest", "latest", "desktop", "cloud", "manual"});
    toml_ += fmt::format("[[table]]\nname = '{}'\n{}conflict = '{}'\nside_effects = ['audit_log']\n", table,
                         identity, rules.policy);
    add_origin(dice, rules);
    toml_ += "timestamps = { updated = 'updated_at', created = 'created_at' }\n";
    add_choices(dice, table);
    rules_.push_back(rules);
    return rules_.back();
}

// Clients see the same edit on both sides: it must not differ in who created the row.
void Setting::add_origin(Dice& dice, checker::TableRules& rules) {
    if (rules.table != "client" && dice.one_in(3)) {
        rules.content.push_back("source");  // a column like any other
        return;
    }
    rules.origin = "source";
    rules.strict = dice.one_in(2);
    toml_ += fmt::format("origin = {{ column = 'source', desktop = 'D', cloud = 'M' }}\nownership = '{}'\n",
                         rules.strict ? "strict" : "shared");
}

void Setting::add_choices(Dice& dice, const std::string& table) {
    const auto capture = [&] {
        return dice.one_of({"auto", "changelog", "changelog", "digest", "timestamp"});
    };
    const std::string desktop = capture(), cloud = capture();
    toml_ += fmt::format("capture = {{ desktop = '{}', cloud = '{}' }}\n", desktop, cloud);
    if (desktop == "timestamp" || cloud == "timestamp") by_stamp_.insert(table);
    if (dice.one_in(6)) toml_ += "deletes = 'hold'\n";
}

std::string Setting::schema() const {
    std::string text;
    for (const checker::TableRules& rules : rules_) {
        std::string own, key;
        for (const auto& [column, type] : tables().at(rules.table)) own += column + " " + type + ", ";
        if (rules.table == "visit") key = ", PRIMARY KEY (job_id, day)";
        text += fmt::format("CREATE TABLE {} ({}{}{});\n", rules.table, own, common_columns, key);
    }
    return text;
}

bool Setting::has(const std::string& table) const {
    return std::any_of(rules_.begin(), rules_.end(),
                       [&](const checker::TableRules& rules) { return rules.table == table; });
}

// Rows that refer to each other wait for each other.
bool Setting::captures_exactly(const std::string& table) const {
    static const std::set<std::string> family{"client", "job", "visit"};
    return std::none_of(by_stamp_.begin(), by_stamp_.end(), [&](const std::string& each) {
        return each == table || (family.contains(each) && family.contains(table));
    });
}

std::vector<std::string> Setting::columns(const std::string& table) {
    std::vector<std::string> names;
    for (const auto& column : tables().at(table)) names.push_back(column.first);
    names.insert(names.end(), {"vid", "note", "source", "created_at", "updated_at"});
    return names;
}

}  // namespace tideway::simulate
