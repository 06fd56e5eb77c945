#include "checker/judge.hpp"

#include <fmt/format.h>

#include "checker/judges.hpp"

namespace tideway::checker {

Verdict judge(const History& history) {
    const Replay replayed = replay(history);
    const FinalState end(history);
    Verdict verdict = replayed.violations;
    judge_record(history, replayed, verdict);
    judge_accounts(history, replayed, end, verdict);
    judge_groups(history, replayed, end, verdict);
    judge_end(history, end, verdict);
    judge_conflicts(history, replayed, verdict);
    return verdict;
}

std::string describe(const History& history, const Verdict& verdict) {
    std::string text;
    for (const Violation& each : verdict) {
        text += fmt::format("{}: {} ({}): {}\n", each.invariant, each.table, text_of(each.key), each.text);
        if (!each.versions.empty()) text += fmt::format("  versions: {}\n", fmt::join(each.versions, ", "));
        text += story(history, each.table, each.key);
    }
    return text;
}

}  // namespace tideway::checker
