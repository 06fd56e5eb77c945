// I6: do rows that belong together arrive together?
#include <fmt/format.h>

#include <algorithm>

#include "checker/judges.hpp"

namespace tideway::checker {
namespace {

bool is_insert(const Step& step) { return !step.write.before && step.write.after; }

// The first arrival of a key on the other side.
const Step* arrival(const Replay& replay, const Step& written) {
    for (const Step& each : replay.steps)
        if (each.write.side != written.write.side && each.write.table == written.write.table &&
            is_insert(each) && each.key == written.key && each.write.at > written.write.at)
            return &each;
    return nullptr;
}

bool refers_to(const Step& child, const Reference& reference, const Step& parent) {
    if (reference.table != parent.write.table) return false;
    const auto value = child.write.after->find(reference.column);
    const auto target = parent.write.after->find(reference.parent_column);
    return value != child.write.after->end() && target != parent.write.after->end() && value->second &&
           value->second == target->second;
}

}  // namespace

void judge_groups(const History&, const Replay& replay, const FinalState& end, Verdict& verdict) {
    for (const Step& child : replay.steps) {
        if (child.write.by_sync || !is_insert(child)) continue;
        for (const Reference& reference : child.rules->references)
            for (const Step& parent : replay.steps) {
                if (parent.write.by_sync || !is_insert(parent) || parent.write.side != child.write.side ||
                    parent.write.xid != child.write.xid || !refers_to(child, reference, parent))
                    continue;
                const Step *first = arrival(replay, parent), *second = arrival(replay, child);
                if (first == nullptr || second == nullptr || !first->write.by_sync ||
                    !second->write.by_sync || first->write.xid == second->write.xid)
                    continue;
                if (end.waits(*child.rules, child.key) || end.waits(*parent.rules, parent.key)) continue;
                verdict.push_back({"I6",
                                   child.write.table,
                                   child.key,
                                   {version_of(*parent.rules, *parent.write.after),
                                    version_of(*child.rules, *child.write.after)},
                                   fmt::format("it arrived apart from {} ({}), with which it was written",
                                               parent.write.table, text_of(parent.key))});
            }
    }
}

}  // namespace tideway::checker
