// Rows' changes, transaction by transaction.
#include "checker/steps.hpp"

#include <algorithm>
#include <iterator>

namespace tideway::checker {
namespace {

bool same_row_goes_on(const Step& step, const Write& next) {
    if (step.write.table != next.table || step.write.side != next.side || step.write.xid != next.xid)
        return false;
    if (step.write.after && next.before) return *step.write.after == *next.before;
    // Taken away and written again under its key.
    return !step.rules->repeats && !step.write.after && !next.before && next.after &&
           key_of(*step.rules, *next.after) == step.key;
}

Step step_of(const TableRules& rules, const Write& write) {
    return {write, &rules, key_of(rules, write.before ? *write.before : *write.after)};
}

// Users' writes stay as they are: each is a version. A writer may let a row pass through other values within
// its transaction, where rows change places.
void add(std::vector<Step>& steps, const TableRules& rules, const Write& write) {
    if (write.by_sync)
        for (auto step = steps.rbegin(); step != steps.rend(); ++step)
            if (step->write.by_sync && same_row_goes_on(*step, write)) {
                step->write.after = write.after;
                return;
            }
    steps.push_back(step_of(rules, write));
}

bool changes_nothing(const Step& step) { return step.write.by_sync && step.write.before == step.write.after; }

}  // namespace

std::vector<Step> steps_of(const History& history) {
    std::vector<Step> sides_steps[2];
    for (const Write& write : history.writes)
        if (const TableRules* rules = history.rules_of(write.table))
            add(sides_steps[index(write.side)], *rules, write);
    std::vector<Step> steps;
    // By time across the sides; each side in its own order.
    std::merge(sides_steps[0].begin(), sides_steps[0].end(), sides_steps[1].begin(), sides_steps[1].end(),
               std::back_inserter(steps),
               [](const Step& a, const Step& b) { return a.write.at < b.write.at; });
    std::erase_if(steps, changes_nothing);
    return steps;
}

}  // namespace tideway::checker
