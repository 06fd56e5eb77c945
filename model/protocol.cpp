#include "protocol.hpp"

#include <algorithm>

namespace tideway::protocol {
namespace {

bool desktop_fence_lost(const State& s) { return s.desktop.seq != s.runner.desktop_fence; }

void forget_watermarks(Desktop& desktop) { desktop.seen_desktop = desktop.seen_cloud = everything; }

void book(Desktop& desktop, Version base, Seq proof) {
    desktop.base = base;
    desktop.proof = proof;
    desktop.peer_seq = std::max(desktop.peer_seq, proof);
}

// A run is over, well or fenced. What it had read is of no use to the next one.
Effect end_run(State& s) {
    forget_runner(s);
    return {};
}

Effect start_run(State& s) {
    if (s.left.runs <= 0) return {.moved = false};
    --s.left.runs;
    s.runner.step = Step::S1;
    return {};
}

// Locking the lease row waits until an apply transaction of a dead run has committed or aborted. Only then do
// the receipts that S2 reads say what happened.
Effect s1_lock_cloud_lease(State& s, const Options& options) {
    if (s.in_doubt.place == Place::cloud && !options.without(Mutant::no_lease)) return {.moved = false};
    s.runner.cloud_seen = s.cloud.seq;
    s.runner.step = Step::S2;
    return {};
}

// The cloud's lease never goes back by itself. If it did, the cloud was restored, and a base that it had only
// after that point is no common ancestor any more.
void notice_cloud_restore(State& s, const Options& options) {
    Desktop& desktop = s.desktop;
    const bool went_back = s.runner.cloud_seen < desktop.peer_seq;
    const bool missed_restore = s.cloud.epoch != desktop.epoch;
    if (!went_back && !missed_restore) return;
    if (missed_restore || desktop.proof > s.runner.cloud_seen) desktop.base = unknown;
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
    if (receipt.desktop_barrier <= desktop.seq || options.without(Mutant::no_desktop_barrier))
        book(desktop, receipt.agreed, receipt.seq);
    else
        forget_watermarks(desktop);
    desktop.acked = std::max(desktop.acked, receipt.seq);
}

// Acknowledged receipts that nobody has purged yet are not looked at again.
bool is_read(const Receipt& receipt, Seq acked, const Options& options) {
    return options.without(Mutant::no_acknowledgement) || receipt.seq > acked;
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

void purge_receipts(Cloud& cloud, Seq acked) {
    const Cloud before = cloud;
    cloud.receipts = 0;
    for (Receipt& receipt : cloud.inbox) receipt = {};
    for (int i = 0; i < before.receipts; ++i)
        if (before.inbox[i].seq > acked) cloud.inbox[cloud.receipts++] = before.inbox[i];
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

// Row and base come from one snapshot: a base booked after the row was read could be newer than the row.
Effect m1_read_desktop(State& s) {
    s.runner.desktop_read = s.desktop.row;
    s.runner.base_read = s.desktop.base;
    s.runner.desktop_hints = s.desktop.changes;
    s.runner.step = Step::M2;
    return {};
}

Effect m2_read_cloud(State& s) {
    s.runner.cloud_read = s.cloud.row;
    s.runner.cloud_hints = s.cloud.changes;
    s.runner.step = Step::M3;
    return {};
}

// Barriers: a durable commit on each side after it was read and before the other side's commit. A restore to
// an earlier point also takes the barrier away, and that is how it is noticed.
Effect m3_raise_barriers(State& s, const Options& options) {
    Runner& r = s.runner;
    const bool hinted = s.desktop.seen_desktop != r.desktop_hints || s.desktop.seen_cloud != r.cloud_hints;
    if (!hinted) return end_run(s);
    if (!options.without(Mutant::no_desktop_barrier)) {
        if (desktop_fence_lost(s)) return end_run(s);
        r.desktop_fence = ++s.desktop.seq;
    }
    if (!options.without(Mutant::no_cloud_barrier)) ++s.cloud.seq;
    r.desktop_barrier = s.desktop.seq;
    r.cloud_fence = s.cloud.seq;
    r.step = Step::M4;
    return {};
}

Effect m5c_book_agreement(State& s) {
    if (desktop_fence_lost(s)) return end_run(s);
    book(s.desktop, s.runner.write, s.runner.cloud_fence);
    s.runner.step = Step::M7;
    return {};
}

Step step_for(Action action) {
    switch (action) {
        case Action::to_cloud:
        case Action::merge:
            return Step::M5a;
        case Action::to_desktop:
            return Step::M5b;
        default:
            return Step::M7;
    }
}

Effect m4_decide(State& s, const Options& options) {
    Runner& r = s.runner;
    const Version base = options.without(Mutant::base_read_late) ? s.desktop.base : r.base_read;
    const Decision decision = decide(s, options, base, r.desktop_read, r.cloud_read);
    r.action = decision.action;
    r.write = decision.write;
    r.retain = decision.retain;
    r.applied = true;
    r.step = step_for(r.action);
    if (r.action == Action::agree) return m5c_book_agreement(s);
    if (r.step == Step::M5a && options.without(Mutant::book_before_commit))
        s.desktop.base = agreed_at_cloud(r);
    return {.false_conflict = decision.false_conflict};
}

Effect m5a_apply_at_cloud(State& s, const Options& options) {
    const Committed done = commit(s, planned_apply(s), options);
    Runner& r = s.runner;
    r.applied = done.applied;
    r.receipt = done.receipt;
    if (done.applied) r.cloud_fence = done.receipt;
    r.step = done.applied ? Step::M6a : Step::M7;
    return {.lost = done.lost};
}

// Booked only after the cloud's commit: if we die in between, the old base is still a common ancestor and the
// receipt brings the new one.
Effect m6a_book(State& s, const Options& options) {
    Runner& r = s.runner;
    if (desktop_fence_lost(s) && !options.without(Mutant::no_lease)) return end_run(s);
    book(s.desktop, agreed_at_cloud(r), r.receipt);
    s.desktop.acked = std::max(s.desktop.acked, r.receipt);
    if (r.action == Action::merge) r.applied = false;  // half done: the next run must look at the key again
    r.step = Step::M7;
    return {};
}

Effect m5b_apply_at_desktop(State& s, const Options& options) {
    const Committed done = commit(s, planned_apply(s), options);
    s.runner.applied = done.applied;
    s.runner.step = Step::M7;
    return {.lost = done.lost};
}

// Watermarks advance to what was read, not to the present: a change made meanwhile stays a hint. Only when
// the key is done with: a watermark that passes a failed apply would never show the key again.
Effect m7_advance_watermarks(State& s, const Options& options) {
    const Runner& r = s.runner;
    if (desktop_fence_lost(s) && !options.without(Mutant::no_lease)) return end_run(s);
    const bool done = r.applied || options.without(Mutant::watermark_after_failure);
    if (done && r.action != Action::hold) {
        const bool now = options.without(Mutant::watermark_now);
        s.desktop.seen_desktop = now ? s.desktop.changes : r.desktop_hints;
        s.desktop.seen_cloud = now ? s.cloud.changes : r.cloud_hints;
    }
    return end_run(s);
}

}  // namespace

Effect advance(State& s, const Options& options) {
    switch (s.runner.step) {
        case Step::idle:
            return start_run(s);
        case Step::S1:
            return s1_lock_cloud_lease(s, options);
        case Step::S2:
            return s2_recover(s, options);
        case Step::S3:
            return s3_fence_cloud(s, options);
        case Step::M1:
            return m1_read_desktop(s);
        case Step::M2:
            return m2_read_cloud(s);
        case Step::M3:
            return m3_raise_barriers(s, options);
        case Step::M4:
            return m4_decide(s, options);
        case Step::M5a:
            return m5a_apply_at_cloud(s, options);
        case Step::M6a:
            return m6a_book(s, options);
        case Step::M5b:
            return m5b_apply_at_desktop(s, options);
        case Step::M7:
            return m7_advance_watermarks(s, options);
    }
    return {.moved = false};
}

}  // namespace tideway::protocol
