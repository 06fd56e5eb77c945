// I7 and I8: what must be true when all is done.
#include <fmt/format.h>

#include "checker/judges.hpp"

namespace tideway::checker {
namespace {

std::string text_of(const FinalState::Contents& rows, const TableRules& rules) {
    std::string text;
    for (const Row& row : rows) text += (text.empty() ? "" : ", ") + version_of(rules, row);
    return text.empty() ? "nothing" : text;
}

void judge_equality(const TableRules& rules, const FinalState& end, Verdict& verdict) {
    for (const Key& key : end.keys(rules.table))
        if (!end.equal(rules.table, key) && !end.waits(rules, key))
            verdict.push_back({"I7",
                               rules.table,
                               key,
                               {},
                               fmt::format("differs and does not wait: the desktop has {}, the cloud {}",
                                           text_of(end.rows(Side::desktop, rules.table, key), rules),
                                           text_of(end.rows(Side::cloud, rules.table, key), rules))});
}

void judge_further_run(const History& history, Verdict& verdict) {
    for (const Write& write : history.writes) {
        const TableRules* rules = history.rules_of(write.table);
        const auto& since = history.quiet_since[index(write.side)];
        if (rules == nullptr || !write.by_sync || !since || write.seq <= *since) continue;
        const Row& row = write.after ? *write.after : *write.before;
        verdict.push_back({"I7",
                           write.table,
                           key_of(*rules, row),
                           {version_of(*rules, row)},
                           "a further run wrote to the " + name(write.side)});
    }
}

void judge_waiting(const History& history, const FinalState& end, Verdict& verdict) {
    for (const Waiting& each : history.waiting) {
        const TableRules* rules = history.rules_of(each.table);
        if (rules == nullptr) continue;
        if (each.kind.empty() || each.reason.empty())
            verdict.push_back({"I8", each.table, each.key, {}, "waits without a reason"});
        // Both directions have run three times, and nobody holds a lock.
        if (each.kind == "pending" || each.kind == "raced")
            verdict.push_back({"I8", each.table, each.key, {}, "is still " + each.kind + " after quiet runs"});
        if (!rules->repeats && end.equal(each.table, each.key))
            verdict.push_back(
                {"I8",
                 each.table,
                 each.key,
                 {},
                 fmt::format("is listed as {} ({}) though both sides are equal", each.kind, each.reason)});
    }
}

}  // namespace

void judge_end(const History& history, const FinalState& end, Verdict& verdict) {
    for (const TableRules& rules : history.tables) judge_equality(rules, end, verdict);
    judge_further_run(history, verdict);
    judge_waiting(history, end, verdict);
}

}  // namespace tideway::checker
