#include <algorithm>

#include "protocol.hpp"

namespace tideway::protocol {
namespace {

// Replaces the row and keeps the replaced one if told to, in one commit. The write enters the changelog like
// a user's: that it comes back as a hint must be harmless.
std::optional<LostWrite> replace_row(State& s, Side& side, const Apply& apply) {
    const Version replaced = side.row;
    if (apply.retain) side.retained |= only(replaced);
    side.row = apply.write;
    ++side.changes;
    return check_replacement(s, replaced, apply.write);
}

// The lease row is updated first, where it still holds our fence: a transaction of an older run finds a newer
// number and writes nothing. The guard compares the locked row with the one decided on: a user's commit in
// between is not overwritten.
bool may_write(const Side& side, const Apply& apply, const Options& options) {
    if (!options.without(Mutant::no_lease) && side.seq != apply.fence) return false;
    return options.without(Mutant::no_guard) || side.row == apply.expected;
}

// The receipt is written with the row: it is the only proof of the commit if the answer is lost, and without
// it the next run would see two edits where one side merely holds the other's.
Committed commit_at_cloud(State& s, const Apply& apply, const Options& options) {
    Cloud& cloud = s.cloud;
    if (!may_write(cloud, apply, options) || cloud.receipts >= max_receipts) return {};
    Committed result{.applied = true, .lost = replace_row(s, cloud, apply)};
    result.receipt = ++cloud.seq;
    if (!options.without(Mutant::no_receipt))
        cloud.inbox[cloud.receipts++] = {cloud.seq, apply.agreed, apply.desktop_barrier};
    return result;
}

// The archive is in the same database as the row: both are booked by one commit and nothing has to be
// recovered.
Committed commit_at_desktop(State& s, const Apply& apply, const Options& options) {
    Desktop& desktop = s.desktop;
    if (!may_write(desktop, apply, options)) return {};
    Committed result{.applied = true, .lost = replace_row(s, desktop, apply)};
    desktop.base = apply.agreed;
    desktop.proof = apply.cloud_barrier;
    desktop.peer_seq = std::max(desktop.peer_seq, apply.cloud_barrier);
    return result;
}

}  // namespace

Version agreed_at_cloud(const Runner& r) { return r.action == Action::merge ? r.desktop_read : r.write; }

Committed commit(State& s, const Apply& apply, const Options& options) {
    return apply.place == Place::cloud ? commit_at_cloud(s, apply, options)
                                       : commit_at_desktop(s, apply, options);
}

Apply planned_apply(const State& s) {
    const Runner& r = s.runner;
    Apply apply{};
    apply.write = r.write;
    apply.retain = r.retain;
    if (r.step == Step::M5a) {
        apply.place = Place::cloud;
        apply.expected = r.cloud_read;
        apply.agreed = agreed_at_cloud(r);
        apply.desktop_barrier = r.desktop_barrier;
        apply.fence = r.cloud_fence;
    } else {
        apply.place = Place::desktop;
        apply.expected = r.desktop_read;
        apply.agreed = r.write;
        apply.cloud_barrier = r.cloud_fence;
        apply.fence = r.desktop_fence;
    }
    return apply;
}

}  // namespace tideway::protocol
