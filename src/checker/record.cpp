// I0: does the record agree with what users saw?
#include <fmt/format.h>

#include "checker/judges.hpp"

namespace tideway::checker {
namespace {

using Found = std::map<std::string, const Write*>;  // by version

Found versions_of_users(const History& history, Side side) {
    Found found;
    for (const Write& write : history.writes) {
        const TableRules* rules = history.rules_of(write.table);
        if (rules == nullptr || write.by_sync || write.side != side || !write.after) continue;
        found.emplace(version_of(*rules, *write.after), &write);
    }
    return found;
}

}  // namespace

void judge_record(const History& history, const Replay&, Verdict& verdict) {
    const Found found[] = {versions_of_users(history, Side::desktop),
                           versions_of_users(history, Side::cloud)};
    for (const UserTransaction& user : history.users) {
        std::vector<std::string> there, missing;
        for (const std::string& version : user.versions)
            (found[index(user.side)].contains(version) ? there : missing).push_back(version);
        const auto complain = [&](const std::vector<std::string>& versions, const std::string& text) {
            verdict.push_back(
                {"I0",
                 "",
                 {},
                 versions,
                 fmt::format("transaction {} at the {}: {}", user.number, name(user.side), text)});
        };
        if (user.outcome == Outcome::committed && !missing.empty())
            complain(missing, "committed, but not all of it is there");
        if (user.outcome == Outcome::failed && !there.empty())
            complain(there, "failed, but some of it is there");
        if (user.outcome == Outcome::unknown && !there.empty() && !missing.empty())
            complain(missing, "only a part of it is there");
    }
}

}  // namespace tideway::checker
