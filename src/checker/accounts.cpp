// I2: the final account of everything that users wrote.
#include <fmt/format.h>

#include <algorithm>

#include "checker/judges.hpp"

namespace tideway::checker {
namespace {

using Node = VersionGraph::Node;

class Accounts {
  public:
    Accounts(const History& history, const Replay& replay, const FinalState& end)
        : history_(history), replay_(replay), end_(end), accounted_(replay.all.ancestors(known())) {}

    void judge(Verdict& verdict) const {
        for (const auto& [id, copies] : replay_.versions) {
            const TableRules& rules = *history_.rules_of(id.first);
            if (copies.written > 0 && !accounted_[copies.node] &&
                !replay_.is_lost_by_restores(history_, copies.node))
                verdict.push_back(
                    {"I2",
                     id.first,
                     copies.key,
                     {id.second},
                     fmt::format("{}, written at the {}, is gone", id.second, name(copies.side))});
            if (rules.repeats) judge_copies(rules, id.second, copies, verdict);
        }
        for (const Deletion& each : replay_.deletions)
            if (!accounted_[each.node] && !history_.is_shaken(*history_.rules_of(each.table), each.key))
                verdict.push_back({"I2",
                                   each.table,
                                   each.key,
                                   {replay_.all.text(each.deleted)},
                                   replay_.all.text(each.node) + " was undone"});
    }

  private:
    // With a side that is restored, its records go.
    bool is_still_there(const Conflict& conflict) const {
        return std::none_of(history_.writes.begin(), history_.writes.end(), [&](const Write& write) {
            return write.side == conflict.side && write.xid == conflict.xid && !history_.holds(write);
        });
    }

    std::vector<Node> known() const {
        std::vector<Node> nodes;
        for (const auto& [id, copies] : replay_.versions)
            if (is_known(id.first, id.second, copies)) nodes.push_back(copies.node);
        for (const Deletion& each : replay_.deletions)
            if (is_known(each)) nodes.push_back(each.node);
        return nodes;
    }

    bool is_known(const std::string& table, const std::string& version, const Replay::Copies& copies) const {
        if (copies.contents.empty()) return false;
        const TableRules& rules = *history_.rules_of(table);
        const int here[] = {end_.copies(Side::desktop, table, version),
                            end_.copies(Side::cloud, table, version)};
        if (here[0] > 0 && here[1] > 0) return true;
        if (here[0] + here[1] > 0 && end_.waits(rules, copies.key)) return true;
        for (const Conflict& each : history_.conflicts)
            for (const Image& image : {each.desktop, each.cloud})
                if (each.table == table && is_still_there(each) && image &&
                    copies.contents.contains(content_of(rules, *image)))
                    return true;
        return false;
    }

    // Seen where the key is absent; of rows that repeat, where the version is.
    bool is_known(const Deletion& each) const {
        const TableRules& rules = *history_.rules_of(each.table);
        const bool waits = end_.waits(rules, each.key);
        const auto present = [&](Side side) {
            if (!rules.repeats) return !end_.rows(side, each.table, each.key).empty();
            const std::string& version = replay_.all.text(each.deleted);
            const auto copies = replay_.versions.find({each.table, version});
            // Of several copies, one may be left: judge_copies() counts them.
            if (copies == replay_.versions.end() || copies->second.written != 1) return false;
            return end_.copies(side, each.table, version) > 0;
        };
        const bool desktop = present(Side::desktop), cloud = present(Side::cloud);
        if ((!desktop && !cloud) || ((!desktop || !cloud) && waits)) return true;
        return kept_as_conflict(history_, rules, each.key, std::nullopt, each.side, std::nullopt);
    }

    // Equal rows are counted: no more of them than were written, no fewer than nobody took away.
    void judge_copies(const TableRules& rules, const std::string& version, const Replay::Copies& copies,
                      Verdict& verdict) const {
        if (end_.waits(rules, copies.key) || history_.is_shaken(rules, copies.key)) return;
        const int kept = copies_in_conflicts(rules, version);
        for (const Side side : sides) {
            const int there = end_.copies(side, rules.table, version);
            if (there > copies.written)
                verdict.push_back(
                    {"I3",
                     rules.table,
                     copies.key,
                     {version},
                     fmt::format("the {} has {} copies, users wrote {}", name(side), there, copies.written)});
            if (there + kept < copies.written - copies.taken && copies.written > 1)
                verdict.push_back({"I2",
                                   rules.table,
                                   copies.key,
                                   {version},
                                   fmt::format("the {} has {} copies, users wrote {} and took {} away",
                                               name(side), there, copies.written, copies.taken)});
        }
    }

    int copies_in_conflicts(const TableRules& rules, const std::string& version) const {
        int count = 0;
        for (const Conflict& each : history_.conflicts)
            for (const Image& image : {each.desktop, each.cloud})
                if (each.table == rules.table && image && version_of(rules, *image) == version) ++count;
        return count;
    }

    const History& history_;
    const Replay& replay_;
    const FinalState& end_;
    std::vector<bool> accounted_;
};

}  // namespace

void judge_accounts(const History& history, const Replay& replay, const FinalState& end, Verdict& verdict) {
    Accounts(history, replay, end).judge(verdict);
}

}  // namespace tideway::checker
