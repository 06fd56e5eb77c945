#include "checker/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tideway::checker {
namespace {

using Node = VersionGraph::Node;
using Place = std::pair<std::string, Key>;  // table, key

class Replayer {
  public:
    explicit Replayer(const History& history) : history_(history) {}

    Replay result() {
        replay_.steps = steps_of(history_);
        for (const Step& step : replay_.steps)
            if (!step.write.by_sync) note_inserter(step);
        for (const Step& step : replay_.steps) {
            restore_before(step);
            step.write.by_sync ? by_sync(step) : by_user(step);
        }
        return std::move(replay_);
    }

  private:
    // Restores of a side take effect before the next write to it.
    void restore_before(const Step& step);

    // Users' writes.
    void by_user(const Step& step);
    void note_inserter(const Step& step);
    Node user_wrote(const Step& step, const Row& row);
    Node user_deleted(const Step& step, Node deleted);
    void user_replaced(Node older, Node newer);
    Replay::Copies& copies(const Step& step, const Row& row);

    // The synchroniser's.
    void by_sync(const Step& step);
    void judge_written_row(const Step& step);
    void judge_ownership(const Step& step);
    std::set<Side> creators_of(const Step& step);
    void judge_journal(const Step& step);
    void replaces(const Step& step);
    std::optional<Node> deletion_behind(const Step& step, std::optional<Node> deleted) const;
    bool is_lawful(const Step& step, Node older, Node newer) const;
    bool equal_delete_descends(const Step& step, Node older, Node newer) const;
    bool is_delete_of_another_row(const Step& step, Node older, Node newer) const;
    std::set<Node> nodes_of(const Step& step) const;
    bool is_regression(const Step& step, Node older, Node newer) const;
    void takes_or_adds(const Step& step);
    bool may_take(const Step& step, const Row& row) const;
    bool came_back(const Step& step, const Row& row) const;

    std::optional<Node> state(const Step& step, const Key& key) const {
        const auto& states = state_[index(step.write.side)];
        const auto found = states.find({step.write.table, key});
        return found == states.end() ? std::nullopt : found->second;
    }
    void now(const Step& step, const Key& key, std::optional<Node> node) {
        const Place place{step.write.table, key};
        state_[index(step.write.side)][place] = node;
        changes_[index(step.write.side)].push_back({step.write.seq, place, node});
        if (node) replay_.arrivals[*node].emplace_back(step.write.side, step.write.seq);
    }
    Node node_of(const Step& step, const Row& row) {
        const std::string version = version_of(*step.rules, row);
        replay_.by_users.version(step.write.table, version);
        return replay_.all.version(step.write.table, version);
    }
    const Deletion* deletion_of(Node node) const {
        for (const Deletion& deletion : replay_.deletions)
            if (deletion.node == node) return &deletion;
        return nullptr;
    }
    void complain(const std::string& invariant, const Step& step, const std::string& text) {
        Violation violation{invariant, step.write.table, step.key, {}, text};
        for (const Image& image : {step.write.before, step.write.after})
            if (image) violation.versions.push_back(version_of(*step.rules, *image));
        replay_.violations.push_back(violation);
    }

    const History& history_;
    Replay replay_;
    std::map<Place, std::optional<Node>>
        state_[2];  // what each key is now: a version, a deletion, never there
    struct Change {
        long long seq;
        Place place;
        std::optional<Node> node;
    };
    std::vector<Change> changes_[2];             // all that state_ ever was
    long long restored_[2] = {0, 0};             // the last restore that has taken effect
    std::map<Place, std::set<Side>> inserters_;  // the sides whose users created a key
};

void Replayer::restore_before(const Step& step) {
    const std::size_t side = index(step.write.side);
    long long to = -1;
    for (const Restore& each : history_.restores)
        if (each.side == step.write.side && each.seq < step.write.seq && each.seq > restored_[side]) {
            restored_[side] = each.seq;
            to = each.to;
        }
    if (to < 0) return;
    state_[side].clear();
    for (const Change& change : changes_[side])
        if (history_.holds(step.write.side, change.seq, to)) state_[side][change.place] = change.node;
}

void Replayer::note_inserter(const Step& step) {
    const auto& [before, after] = std::tie(step.write.before, step.write.after);
    if (!after) return;
    const Key key = key_of(*step.rules, *after);
    if (!before || key != step.key) inserters_[{step.write.table, key}].insert(step.write.side);
}

Replay::Copies& Replayer::copies(const Step& step, const Row& row) {
    return replay_.versions[{step.write.table, version_of(*step.rules, row)}];
}

Node Replayer::user_wrote(const Step& step, const Row& row) {
    Replay::Copies& written = copies(step, row);
    written.contents.insert(content_of(*step.rules, row));
    ++written.written;
    written.node = node_of(step, row);
    written.key = key_of(*step.rules, row);
    written.side = step.write.side;
    written.at = step.write.at;
    written.sides.insert(step.write.side);
    if (written.contents.size() > 1) complain("I0", step, "one version with two contents");
    return written.node;
}

void Replayer::user_replaced(Node older, Node newer) {
    replay_.by_users.replaced(older, newer);
    replay_.all.replaced(older, newer);
}

Node Replayer::user_deleted(const Step& step, Node deleted) {
    const std::string text = fmt::format("(delete of {} at the {}, {})", replay_.all.text(deleted),
                                         name(step.write.side), step.write.seq);
    replay_.by_users.deletion(text);
    const Node node = replay_.all.deletion(text);
    user_replaced(deleted, node);
    replay_.deletions.push_back({node, deleted, step.write.side, step.write.table, step.key, step.write.seq});
    return node;
}

void Replayer::by_user(const Step& step) {
    const auto& [before, after] = std::tie(step.write.before, step.write.after);
    if (before && after && content_of(*step.rules, *before) == content_of(*step.rules, *after)) return;
    std::optional<Node> older;
    if (before) {
        older = node_of(step, *before);
        ++copies(step, *before).taken;
    }
    const bool keyed = !step.rules->repeats;
    const bool leaves_key = before && (!after || key_of(*step.rules, *after) != step.key);
    if (leaves_key) {
        const Node deletion = user_deleted(step, *older);
        if (keyed) now(step, step.key, deletion);
    }
    if (!after) return;
    const Node newer = user_wrote(step, *after);
    if (older) user_replaced(*older, newer);
    if (!keyed) {
        replay_.arrivals[newer].emplace_back(step.write.side, step.write.seq);
        return;
    }
    const Key key = key_of(*step.rules, *after);
    if (const auto there = state(step, key); there && (leaves_key || !before)) user_replaced(*there, newer);
    now(step, key, newer);
}

void Replayer::by_sync(const Step& step) {
    if (step.write.after) judge_written_row(step);
    judge_ownership(step);
    judge_journal(step);
    step.rules->repeats ? takes_or_adds(step) : replaces(step);
}

void Replayer::judge_written_row(const Step& step) {
    const auto known = replay_.versions.find({step.write.table, version_of(*step.rules, *step.write.after)});
    if (known == replay_.versions.end())
        complain("I3", step, "wrote a version that no user wrote");
    else if (!known->second.contents.contains(content_of(*step.rules, *step.write.after)))
        complain("I3", step, "wrote a row that differs from what the user wrote as this version");
}

// Where keys repeat, an edited row may be a new one: then its version tells.
std::set<Side> Replayer::creators_of(const Step& step) {
    if (step.rules->repeats) return copies(step, *step.write.before).sides;
    const auto creators = inserters_.find({step.write.table, step.key});
    return creators == inserters_.end() ? std::set<Side>() : creators->second;
}

void Replayer::judge_ownership(const Step& step) {
    const Image& before = step.write.before;
    if (!step.rules->strict || !before) return;
    const std::set<Side> creators = creators_of(step);
    if (creators.size() != 1) return;
    const Side creator = *creators.begin();
    const auto mark = before->find(step.rules->origin);
    if (mark == before->end() || !mark->second) return;
    if (step.write.side == Side::cloud && creator == Side::cloud && *mark->second == step.rules->cloud_mark)
        complain("I4", step, "changed a row of mobile origin in a strict table of the cloud");
    const bool deletes = !step.write.after;
    if (step.write.side == Side::desktop && creator == Side::desktop && deletes &&
        *mark->second == step.rules->desktop_mark)
        complain("I4", step, "deleted a row of the desktop in a strict table because the cloud had done so");
}

void Replayer::judge_journal(const Step& step) {
    if (!step.write.before) return;
    const Row content = content_of(*step.rules, *step.write.before);
    for (const JournalEntry& entry : history_.journal)
        if (entry.side == step.write.side && entry.xid == step.write.xid && entry.table == step.write.table &&
            entry.before && content_of(*step.rules, *entry.before) == content)
            return;
    complain("I1", step, "replaced a row without a journal entry in the same transaction");
}

// Keys are unique: one version replaces another.
void Replayer::replaces(const Step& step) {
    const Image& before = step.write.before;
    std::optional<Node> older = before ? std::optional(node_of(step, *before)) : state(step, step.key);
    std::optional<Node> newer;
    if (step.write.after)
        newer = node_of(step, *step.write.after);
    else
        newer = deletion_behind(step, older);
    if (!newer) return complain("I3", step, "deleted a row that nobody deleted on the other side");
    if (older && *older != *newer) {
        if (is_lawful(step, *older, *newer)) {
            // What a restore took back, the record of the loser with it, has settled nothing.
            if (history_.holds(step.write)) replay_.all.replaced(*older, *newer);
        } else
            complain(
                "I1", step,
                fmt::format("{} was replaced by {}, which was not made from it, and no conflict keeps it",
                            replay_.all.text(*older), replay_.all.text(*newer)));
        if (is_regression(step, *older, *newer))
            complain("I5", step,
                     fmt::format("{} was replaced by its ancestor {}", replay_.all.text(*older),
                                 replay_.all.text(*newer)));
    }
    now(step, step.write.after ? key_of(*step.rules, *step.write.after) : step.key, newer);
}

// The users' deletion on the other side that a deletion carries over: one that knew the row, if there is one.
// A side that forgot its own deletion may be told of it.
std::optional<Node> Replayer::deletion_behind(const Step& step, std::optional<Node> deleted) const {
    std::optional<Node> found;
    for (auto each = replay_.deletions.rbegin(); each != replay_.deletions.rend(); ++each) {
        if (each->table != step.write.table || each->key != step.key) continue;
        if (each->side == step.write.side && history_.holds(each->side, each->seq, step.write.seq)) continue;
        if (!found) found = each->node;
        if (deleted && replay_.all.descends(*deleted, each->node)) return each->node;
    }
    return found;
}

bool Replayer::is_lawful(const Step& step, Node older, Node newer) const {
    if (replay_.all.descends(older, newer) || equal_delete_descends(step, older, newer)) return true;
    if (is_delete_of_another_row(step, older, newer)) return true;
    // Where an agreement was forgotten, no delete has proof: the row that is left comes back.
    if (deletion_of(older) != nullptr && history_.is_shaken(*step.rules, step.key)) return true;
    return kept_as_conflict(history_, *step.rules, step.key, step.write.before, step.write.side,
                            std::pair(step.write.side, step.write.xid));
}

// Two deletions of one key are one content: the new row may have been made after the other one.
bool Replayer::equal_delete_descends(const Step& step, Node older, Node newer) const {
    if (deletion_of(older) == nullptr) return false;
    return std::any_of(replay_.deletions.begin(), replay_.deletions.end(), [&](const Deletion& each) {
        return each.table == step.write.table && each.key == step.key &&
               replay_.all.descends(each.node, newer);
    });
}

// Both sides made a row of this key, neither knew the other's, and one was deleted again: that says nothing
// about the other one.
bool Replayer::is_delete_of_another_row(const Step& step, Node older, Node newer) const {
    return deletion_of(older) != nullptr && !replay_.all.are_related(older, newer, nodes_of(step));
}

// All that this key ever was. A row that left the key and came back under it is another one, and what users
// of both sides wrote by themselves makes no common past.
std::set<Node> Replayer::nodes_of(const Step& step) const {
    std::set<Node> nodes;
    for (const auto& [id, copies] : replay_.versions)
        if (id.first == step.write.table && copies.key == step.key && !copies.is_twin())
            nodes.insert(copies.node);
    for (const Deletion& each : replay_.deletions)
        if (each.table == step.write.table && each.key == step.key) nodes.insert(each.node);
    return nodes;
}

bool Replayer::is_regression(const Step& step, Node older, Node newer) const {
    if (history_.is_shaken(*step.rules, step.key)) return false;
    if (!replay_.by_users.descends_in_order(newer, older) || replay_.by_users.descends(older, newer))
        return false;
    if (!step.write.after) return true;
    const auto known = replay_.versions.find({step.write.table, version_of(*step.rules, *step.write.after)});
    return known == replay_.versions.end() || !(known->second.is_twin() || known->second.came_back());
}

// Keys repeat: what was there and what came are looked at apart.
void Replayer::takes_or_adds(const Step& step) {
    const auto& [before, after] = std::tie(step.write.before, step.write.after);
    if (after) replay_.arrivals[node_of(step, *after)].emplace_back(step.write.side, step.write.seq);
    if (history_.is_shaken(*step.rules, step.key)) return;
    if (before && !may_take(step, *before))
        complain("I1", step,
                 fmt::format(
                     "{} was taken away though nobody had replaced or deleted it, and no conflict keeps it",
                     version_of(*step.rules, *before)));
    if (after && came_back(step, *after))
        complain("I5", step,
                 fmt::format("{} came back after it had been replaced or deleted",
                             version_of(*step.rules, *after)));
}

bool Replayer::may_take(const Step& step, const Row& row) const {
    const auto known = replay_.versions.find({step.write.table, version_of(*step.rules, row)});
    if (known != replay_.versions.end() && replay_.by_users.was_replaced(known->second.node)) return true;
    return kept_as_conflict(history_, *step.rules, step.key, row, step.write.side,
                            std::pair(step.write.side, step.write.xid));
}

// A version of a single copy that a user of this side took away.
bool Replayer::came_back(const Step& step, const Row& row) const {
    const std::string version = version_of(*step.rules, row);
    const auto known = replay_.versions.find({step.write.table, version});
    if (known == replay_.versions.end() || known->second.written != 1 || known->second.taken == 0)
        return false;
    const bool taken_here = std::any_of(replay_.steps.begin(), replay_.steps.end(), [&](const Step& each) {
        return !each.write.by_sync && each.write.side == step.write.side && each.write.seq < step.write.seq &&
               each.write.table == step.write.table && each.write.before &&
               version_of(*each.rules, *each.write.before) == version;
    });
    const Image& replaced = step.write.before;
    return taken_here && !kept_as_conflict(history_, *step.rules, step.key, replaced, step.write.side,
                                           std::pair(step.write.side, step.write.xid));
}

bool holds(const TableRules& rules, const Image& kept, const Image& image) {
    if (!image) return !kept;
    return kept && content_of(rules, *kept) == content_of(rules, *image);
}

// Keys of rows that repeat end with a number of the synchroniser's own, or are none.
bool same_key(const TableRules& rules, const Key& recorded, const Key& key) {
    if (rules.full_row) return true;
    if (!rules.repeats) return recorded == key;
    return recorded.size() > key.size() && std::equal(key.begin(), key.end(), recorded.begin());
}

}  // namespace

bool kept_as_conflict(const History& history, const TableRules& rules, const Key& key, const Image& image,
                      std::optional<Side> image_side, std::optional<std::pair<Side, long long>> transaction) {
    for (const Conflict& each : history.conflicts) {
        if (each.table != rules.table) continue;
        if (transaction && *transaction != std::pair(each.side, each.xid)) continue;
        if (!(image && rules.repeats) && !same_key(rules, each.key, key)) continue;
        for (const Side side : sides)
            if ((!image_side || *image_side == side) &&
                holds(rules, side == Side::desktop ? each.desktop : each.cloud, image))
                return true;
    }
    return false;
}

bool Replay::is_lost_by_restores(const History& history, Node node) const {
    const auto found = arrivals.find(node);
    return found != arrivals.end() &&
           std::none_of(found->second.begin(), found->second.end(), [&](const auto& arrival) {
               return history.holds(arrival.first, arrival.second, std::numeric_limits<long long>::max());
           });
}

Replay replay(const History& history) { return Replayer(history).result(); }

}  // namespace tideway::checker
