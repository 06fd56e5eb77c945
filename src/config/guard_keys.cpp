#include "config/guard_keys.hpp"

#include <fmt/format.h>

#include <array>
#include <sstream>

namespace tideway::config {
namespace {

// "2%" of the table's rows, or a number of rows. A share lets so many rows through even in a small table.
Limit read_limit(Section& guard, std::string_view key, Limit limit, long few) {
    const Node* value = guard.node(key);
    if (value == nullptr) return limit;
    if (value->kind == Node::Kind::integer && value->integer >= 0) return {0.0, value->integer};
    if (value->kind == Node::Kind::text) {
        std::istringstream in(*guard.text(key));
        double percent = -1;
        std::string sign, rest;
        in >> percent >> sign;
        const bool ended = !(in >> rest);
        if (ended && sign == "%" && percent >= 0 && percent <= 100) return {percent, percent > 0 ? few : 0};
    }
    guard.refuse(Code::config_value, key, "must be a share such as \"2%\" or a number of rows",
                 "\"100%\" never stops a run, 0 stops at the first row");
}

struct Unit {
    const char* letter;
    long seconds;
};
constexpr std::array<Unit, 4> units{{{"d", 86'400}, {"h", 3'600}, {"m", 60}, {"s", 1}}};

long read_seconds(Section& guard, std::string_view key, long seconds) {
    if (guard.node(key) == nullptr) return seconds;
    std::istringstream in(guard.text(key).value_or(""));
    long count = -1;
    std::string letter, rest;
    in >> count >> letter;
    if (count >= 0 && count <= 100'000 && !(in >> rest))
        for (const Unit& unit : units)
            if (letter == unit.letter) return count * unit.seconds;
    guard.refuse(Code::config_value, key, "must be a time such as \"30m\" or \"2h\"",
                 "a number and one of s, m, h, d");
}

}  // namespace

GuardSetting read_guard_keys(Section& section, GuardSetting defaults) {
    const GuardSetting built_in;
    GuardSetting out = defaults;
    out.max_deletes = read_limit(section, "max_deletes", out.max_deletes, built_in.max_deletes.rows);
    out.max_updates = read_limit(section, "max_updates", out.max_updates, built_in.max_updates.rows);
    out.max_shrinkage = read_limit(section, "max_shrinkage", out.max_shrinkage, built_in.max_shrinkage.rows);
    out.stop_emptied = section.flag("stop_emptied").value_or(out.stop_emptied);
    out.stop_replaced = section.flag("stop_replaced").value_or(out.stop_replaced);
    out.max_clock_difference_s = read_seconds(section, "max_clock_difference", out.max_clock_difference_s);
    out.triggers = section.flag("triggers").value_or(out.triggers);
    return out;
}

std::string limit_text(const Limit& limit) {
    return limit.percent > 0 ? fmt::format("\"{}%\"", limit.percent) : fmt::format("{}", limit.rows);
}

std::string seconds_text(long seconds) {
    for (const Unit& unit : units)
        if (seconds % unit.seconds == 0 && seconds > 0)
            return fmt::format("\"{}{}\"", seconds / unit.seconds, unit.letter);
    return "\"0s\"";
}

}  // namespace tideway::config
