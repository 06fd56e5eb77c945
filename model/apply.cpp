#include <algorithm>

#include "protocol.hpp"

namespace tideway::protocol {
namespace {

// The lease row is updated first, where it still holds our fence: a transaction of an older run finds a newer
// number and writes nothing.
bool fence_holds(const Side& side, const Apply& apply, const Options& options) {
    return options.without(Mutant::no_lease) || side.seq == apply.fence;
}

bool planned(const Apply& apply, Key key) { return apply.write[key] != unknown; }

// One apply transaction at work. What the server refuses takes the whole batch down.
class Batch {
  public:
    Batch(State& s, const Apply& apply, const Options& options)
        : s_(s), side_(side_at(s, apply.place)), apply_(apply), options_(options) {}

    Committed write() {
        const State before = s_;
        if (write_rows(0, keys)) return result_;
        s_ = before;
        result_ = {};
        if (!options_.without(Mutant::no_bisection)) write_one_by_one();
        return result_;
    }

  private:
    // The rows from first to last; false: the server refused one of them. Parents come before children where
    // rows are written and after them where they are deleted.
    bool write_rows(Key first, Key last) {
        const auto upwards = [&](bool deletes) {
            for (Key key = first; key < last; ++key)
                if (!write_row(key, deletes)) return false;
            return true;
        };
        const auto downwards = [&](bool deletes) {
            for (Key key = last; key-- > first;)
                if (!write_row(key, deletes)) return false;
            return true;
        };
        const bool written = options_.without(Mutant::children_first) ? downwards(false) : upwards(false);
        if (!written) return false;
        return options_.without(Mutant::parents_deleted_first) ? upwards(true) : downwards(true);
    }

    // A refused batch is taken apart; the row that is refused alone is parked.
    void write_one_by_one() {
        for (Key key = 0; key < keys; ++key)
            if (!write_row(key, false) || !write_row(key, true)) result_.parked[key] = true;
    }

    // The guard compares the locked row with the one decided on: a user's commit in between is not
    // overwritten.
    bool write_row(Key key, bool deletes) {
        if (!planned(apply_, key) || is_delete(s_, apply_.write[key]) != deletes) return true;
        if (!options_.without(Mutant::no_guard) && side_.row[key] != apply_.expected[key]) return true;
        if (!blocked_here(key)) {
            replace_row(key, apply_.write[key]);
            result_.written[key] = result_.applied = true;
            return true;
        }
        if (deletes && options_.without(Mutant::cascade)) {
            replace_row(child, add_version(s_, 0, true));
            return write_row(key, deletes);
        }
        if (deletes || options_.without(Mutant::no_orphan_check)) return false;
        result_.parked[key] = true;  // orphans are looked for before the server could refuse them
        return true;
    }

    bool blocked_here(Key key) const {
        if (!options_.enforced_at(apply_.place)) return false;
        const bool deletes = is_delete(s_, apply_.write[key]);
        return key == parent ? deletes && lives(s_, apply_.place, child)
                             : !deletes && !lives(s_, apply_.place, parent);
    }

    // Replaces the row and keeps the replaced one if told to, in one commit. The write enters the changelog
    // like a user's: that it comes back as a hint must be harmless.
    void replace_row(Key key, Version by) {
        const Version replaced = side_.row[key];
        if (apply_.retain[key]) side_.retained[key] |= only(replaced);
        side_.row[key] = by;
        ++side_.changes[key];
        if (!result_.lost) result_.lost = check_replacement(s_, key, replaced, by);
    }

    State& s_;
    Side& side_;
    const Apply& apply_;
    const Options& options_;
    Committed result_;
};

// The receipt is written with the rows: it is the only proof of the commit if the answer is lost, and without
// it the next run would see two edits where one side merely holds the other's.
void leave_receipt(Cloud& cloud, const Apply& apply, Committed& result, const Options& options) {
    result.receipt = ++cloud.seq;
    if (options.without(Mutant::no_receipt)) return;
    Receipt& receipt = cloud.inbox[cloud.receipts++];
    receipt = {cloud.seq, {}, apply.desktop_barrier};
    for (Key key = 0; key < keys; ++key)
        receipt.agreed[key] = result.written[key] ? apply.agreed[key] : unknown;
}

// The archive is in the same database as the row: both are booked by one commit and nothing has to be
// recovered.
void book_with_the_rows(Desktop& desktop, const Apply& apply, const Committed& result) {
    for (Key key = 0; key < keys; ++key) {
        if (!result.written[key]) continue;
        desktop.base[key] = apply.agreed[key];
        desktop.proof[key] = apply.cloud_barrier;
        desktop.parked[key] = false;
    }
    desktop.peer_seq = std::max(desktop.peer_seq, apply.cloud_barrier);
}

}  // namespace

Version agreed_at_cloud(const Runner& r, Key key) {
    return r.action[key] == Action::merge ? r.desktop_read[key] : r.write[key];
}

Committed commit(State& s, const Apply& apply, const Options& options) {
    const bool cloud = apply.place == Place::cloud;
    if (!fence_holds(side_at(s, apply.place), apply, options)) return {.fenced = true};
    if (cloud && s.cloud.receipts >= max_receipts) return {.fenced = true};
    Committed result = Batch(s, apply, options).write();
    if (!result.applied) return result;
    if (cloud)
        leave_receipt(s.cloud, apply, result, options);
    else
        book_with_the_rows(s.desktop, apply, result);
    return result;
}

bool blocked(const State& s, Place place, Key key, const Options& options) {
    if (!options.enforced_at(place)) return false;
    const Place source = place == Place::cloud ? Place::desktop : Place::cloud;
    return key == parent ? !lives(s, source, parent) && lives(s, place, child)
                         : lives(s, source, child) && !lives(s, place, parent);
}

Place target_of(Action action) {
    if (action == Action::to_cloud || action == Action::merge) return Place::cloud;
    return action == Action::to_desktop ? Place::desktop : Place::none;
}

Apply planned_apply(const State& s) {
    const Runner& r = s.runner;
    const bool cloud = r.step == Step::M5a;
    Apply apply{};
    apply.place = cloud ? Place::cloud : Place::desktop;
    for (Key key = 0; key < keys; ++key) {
        apply.write[key] = unknown;
        if (target_of(r.action[key]) != apply.place) continue;
        apply.write[key] = r.write[key];
        apply.retain[key] = r.retain[key];
        apply.expected[key] = cloud ? r.cloud_read[key] : r.desktop_read[key];
        apply.agreed[key] = cloud ? agreed_at_cloud(r, key) : r.write[key];
    }
    apply.fence = cloud ? r.cloud_fence : r.desktop_fence;
    (cloud ? apply.desktop_barrier : apply.cloud_barrier) = cloud ? r.desktop_barrier : r.cloud_fence;
    return apply;
}

}  // namespace tideway::protocol
