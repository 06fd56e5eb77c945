// Goes through a history in order of time, builds the version graph, and judges each write of the
// synchroniser by what was known when it happened (I1, I3, I4, I5).
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checker/steps.hpp"
#include "checker/verdict.hpp"
#include "checker/version_graph.hpp"

namespace tideway::checker {

struct Deletion {
    VersionGraph::Node node, deleted;
    Side side;
    std::string table;
    Key key;
    long long seq = 0;  // of the write
};

// What the other judges need of a history that was gone through.
struct Replay {
    VersionGraph by_users;  // edges of users' writes alone
    VersionGraph all;       // and of the synchroniser's, where they were lawful
    std::vector<Step> steps;
    std::vector<Deletion> deletions;
    // By table and version: the contents that users gave it, and how often it was written and taken away.
    struct Copies {
        std::set<Row> contents;
        int written = 0, taken = 0;
        VersionGraph::Node node = 0;
        Key key;
        Side side = Side::desktop;  // of the last writer, and when
        long long at = 0;
        std::set<Side> sides;  // whose users wrote it
        // Users of both sides wrote it by themselves: what came after it on one side was not made from the
        // other side's.
        bool is_twin() const { return sides.size() > 1; }
        // Where keys are unique: a user took back what had replaced it, so each was made from the other.
        bool came_back() const { return written > 1; }
    };
    std::map<std::pair<std::string, std::string>, Copies> versions;
    // The writes that brought a version or a deletion to a side.
    std::map<VersionGraph::Node, std::vector<std::pair<Side, long long>>> arrivals;
    Verdict violations;

    // It had arrived, and every side that had it was restored to before that.
    bool is_lost_by_restores(const History& history, VersionGraph::Node node) const;
};

Replay replay(const History& history);

// Is `image` kept whole by a conflict record for this key, by transaction `xid` of `side`? Without `xid`: by
// any. No image: is a delete at `image_side` recorded?
bool kept_as_conflict(const History& history, const TableRules& rules, const Key& key, const Image& image,
                      std::optional<Side> image_side, std::optional<std::pair<Side, long long>> transaction);

}  // namespace tideway::checker
