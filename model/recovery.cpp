// S1 to S3: what an interrupted run left is booked, and a restored side is noticed.
#include <algorithm>

#include "steps.hpp"

namespace tideway::protocol {

bool desktop_fence_lost(const State& s) { return s.desktop.seq != s.runner.desktop_fence; }

Effect end_run(State& s) {
    forget_runner(s);
    return {};
}

void book(Desktop& desktop, Key key, Version base, Seq proof, const Options& options) {
    desktop.base[key] = base;
    desktop.proof[key] = proof;
    desktop.peer_seq = std::max(desktop.peer_seq, proof);
    if (!options.without(Mutant::never_taken_off_the_list)) desktop.parked[key] = false;
}

namespace {

void forget_watermarks(Desktop& desktop) {
    for (Key key = 0; key < keys; ++key) desktop.seen_desktop[key] = desktop.seen_cloud[key] = everything;
}

// The cloud's lease never goes back by itself. If it did, the cloud was restored, and a base that it had only
// after that point is no common ancestor any more.
void notice_cloud_restore(State& s, const Options& options) {
    Desktop& desktop = s.desktop;
    const bool went_back = s.runner.cloud_seen < desktop.peer_seq;
    const bool missed_restore = s.cloud.epoch != desktop.epoch;
    if (!went_back && !missed_restore) return;
    for (Key key = 0; key < keys; ++key)
        if (missed_restore || desktop.proof[key] > s.runner.cloud_seen) desktop.base[key] = unknown;
    if (options.restore_marks) desktop.epoch = went_back ? ++s.history.epochs : s.cloud.epoch;
    forget_watermarks(desktop);
}

// What was read under the lock was committed, and every receipt up to there was judged. A receipt that a
// later restore of the cloud brings back must not be judged again by a desktop that was restored itself and
// counts anew.
void remember_cloud(Desktop& desktop, Seq seen) {
    desktop.peer_seq = std::max(desktop.peer_seq, seen);
    desktop.acked = std::max(desktop.acked, seen);
}

// A receipt that names a later desktop barrier than the desktop remembers is about a row that a restore took
// from the desktop: not a common ancestor. It must be refused once and for all, since our own next barriers
// will pass that number.
void book_or_reject(Desktop& desktop, const Receipt& receipt, const Options& options) {
    if (receipt.desktop_barrier <= desktop.seq || options.without(Mutant::no_desktop_barrier)) {
        for (Key key = 0; key < keys; ++key)
            if (receipt.agreed[key] != unknown) book(desktop, key, receipt.agreed[key], receipt.seq, options);
    } else {
        forget_watermarks(desktop);
    }
    desktop.acked = std::max(desktop.acked, receipt.seq);
}

// Acknowledged receipts that nobody has purged yet are not looked at again.
bool is_read(const Receipt& receipt, Seq acked, const Options& options) {
    return options.without(Mutant::no_acknowledgement) || receipt.seq > acked;
}

void purge_receipts(Cloud& cloud, Seq acked) {
    const Cloud before = cloud;
    cloud.receipts = 0;
    for (Receipt& receipt : cloud.inbox) receipt = {};
    for (int i = 0; i < before.receipts; ++i)
        if (before.inbox[i].seq > acked) cloud.inbox[cloud.receipts++] = before.inbox[i];
}

}  // namespace

// Locking the lease row waits until an apply transaction of a dead run has committed or aborted. Only then do
// the receipts that S2 reads say what happened.
Effect s1_lock_cloud_lease(State& s, const Options& options) {
    if (s.in_doubt.place == Place::cloud && !options.without(Mutant::no_lease)) return {.moved = false};
    s.runner.cloud_seen = s.cloud.seq;
    s.runner.step = Step::S2;
    return {};
}

Effect s2_recover(State& s, const Options& options) {
    if (s.in_doubt.place == Place::desktop && !options.without(Mutant::no_lease)) return {.moved = false};
    notice_cloud_restore(s, options);
    Seq highest = s.desktop.seq;
    for (int i = 0; i < s.cloud.receipts; ++i) {
        const Receipt receipt = s.cloud.inbox[i];
        if (!is_read(receipt, s.desktop.acked, options)) continue;
        book_or_reject(s.desktop, receipt, options);
        highest = std::max(highest, receipt.desktop_barrier);
    }
    if (options.restore_marks) remember_cloud(s.desktop, s.runner.cloud_seen);
    s.desktop.seq = s.runner.desktop_fence = following(highest);
    s.runner.step = Step::S3;
    return {};
}

// The fence of a restored cloud must rise above every number that this pair ever used, or an old transaction
// could pass.
Effect s3_fence_cloud(State& s, const Options& options) {
    if (s.in_doubt.place == Place::cloud && !options.without(Mutant::no_lease)) return {.moved = false};
    if (s.cloud.seq != s.runner.cloud_seen && !options.without(Mutant::no_lease)) return end_run(s);
    s.cloud.seq = following(std::max(s.cloud.seq, s.desktop.peer_seq));
    purge_receipts(s.cloud, s.desktop.acked);
    if (options.restore_marks) s.cloud.epoch = s.desktop.epoch;
    s.runner.step = Step::M1;
    return {};
}

}  // namespace tideway::protocol
