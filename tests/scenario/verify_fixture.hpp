// verify on a pair of databases with the table `job`, and the ways in which rows come to differ.
#pragma once
#include <signal.h>

#include "scenario/hazard_pair.hpp"

namespace tideway::test {

using nlohmann::json;

inline TidewayResult verify(const HazardPair& pair, std::vector<std::string> options = {},
                            const Environment& env = {}) {
    options.insert(options.begin(), {"verify", "--json"});
    return run_tideway(pair.config, options, env);
}

inline json table_in(const TidewayResult& result, const std::string& name = "job") {
    if (result.json.is_object() && result.json.contains("tables"))
        for (const json& table : result.json["tables"])
            if (table["desktop"] == name) return table;
    ADD_FAILURE() << name << " is not in the report: " << text_of(result);
    return json::object();
}

// The table in the report of the run that repaired it.
inline json table_of_repair(const TidewayResult& result, const std::string& name = "job") {
    if (result.json.is_object() && result.json["repair"].is_object())
        for (const json& table : result.json["repair"]["tables"])
            if (table["desktop"] == name) return table;
    ADD_FAILURE() << "nothing was repaired: " << text_of(result);
    return json::object();
}

// "1 differs R6, 7 only in the cloud R2"
inline std::string found_in(const TidewayResult& result, const std::string& name = "job") {
    std::string text;
    const json table = table_in(result, name);
    for (const json& found : table["found"])
        text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", found["key"].get<std::string>(),
                            found["where"].get<std::string>(), found["rule"].get<std::string>());
    return text;
}

// A write that no trigger sees: what a restored file system, a bug or a superuser may do.
inline std::string past_the_triggers(const std::string& sql, const std::string& table = "job") {
    return fmt::format(
        "alter table {0} disable trigger user; {1}; do $$ declare name text; begin for name in select tgname from pg_trigger "
        "where tgrelid = '{0}'::regclass and not tgisinternal loop execute format('alter table {0} enable always trigger "
        "%I', name); end loop; end $$",
        table, sql);
}
inline void behind_the_triggers(const HazardPair& pair, At side, const std::string& sql,
                                const std::string& table = "job") {
    pair.open(side).exec(past_the_triggers(sql, table));
}

inline const PairOptions kLogged{.sync = "capture = 'changelog'\n"};

}  // namespace tideway::test
