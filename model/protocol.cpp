#include "protocol.hpp"

#include <algorithm>

namespace tideway::protocol {
namespace {

bool desktop_fence_lost(const State& s) { return s.desktop.seq != s.runner.desktop_fence; }

void forget_watermarks(Desktop& desktop) {
    for (Key key = 0; key < keys; ++key) desktop.seen_desktop[key] = desktop.seen_cloud[key] = everything;
}

void book(Desktop& desktop, Key key, Version base, Seq proof, const Options& options) {
    desktop.base[key] = base;
    desktop.proof[key] = proof;
    desktop.peer_seq = std::max(desktop.peer_seq, proof);
    if (!options.without(Mutant::never_taken_off_the_list)) desktop.parked[key] = false;
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
    for (Key key = 0; key < keys; ++key) {
        s.runner.desktop_read[key] = s.desktop.row[key];
        s.runner.base_read[key] = s.desktop.base[key];
        s.runner.desktop_hints[key] = s.desktop.changes[key];
    }
    s.runner.step = Step::M2;
    return {};
}

Effect m2_read_cloud(State& s) {
    for (Key key = 0; key < keys; ++key) {
        s.runner.cloud_read[key] = s.cloud.row[key];
        s.runner.cloud_hints[key] = s.cloud.changes[key];
    }
    s.runner.step = Step::M3;
    return {};
}

// Something changed since the watermarks, or the row waits.
bool hinted(const State& s, Key key, const Options& options) {
    const Runner& r = s.runner;
    if (s.desktop.parked[key] && !options.without(Mutant::parked_not_tried_again)) return true;
    return s.desktop.seen_desktop[key] != r.desktop_hints[key] ||
           s.desktop.seen_cloud[key] != r.cloud_hints[key];
}

bool anything_hinted(const State& s, const Options& options) {
    for (Key key = 0; key < keys; ++key)
        if (hinted(s, key, options)) return true;
    return false;
}

// Barriers: a durable commit on each side after it was read and before the other side's commit. A restore to
// an earlier point also takes the barrier away, and that is how it is noticed.
Effect m3_raise_barriers(State& s, const Options& options) {
    Runner& r = s.runner;
    if (!anything_hinted(s, options)) return end_run(s);
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

bool writes_at(const Runner& r, Place place) {
    for (Key key = 0; key < keys; ++key)
        if (target_of(r.action[key]) == place) return true;
    return false;
}

// What both sides hold already is agreed on without a write (M5c); a row that waited and is in sync by itself
// leaves the list.
bool anything_to_book_without_writing(const State& s) {
    for (Key key = 0; key < keys; ++key)
        if (s.runner.action[key] == Action::agree ||
            (s.runner.action[key] == Action::none && s.desktop.parked[key]))
            return true;
    return false;
}

void book_without_writing(State& s, const Options& options) {
    const Runner& r = s.runner;
    for (Key key = 0; key < keys; ++key) {
        if (r.action[key] == Action::agree) book(s.desktop, key, r.write[key], r.cloud_fence, options);
        if (r.action[key] == Action::none && !options.without(Mutant::never_taken_off_the_list))
            s.desktop.parked[key] = false;
    }
}

Decision decide_key(State& s, Key key, const Options& options) {
    Runner& r = s.runner;
    const Version base = options.without(Mutant::base_read_late) ? s.desktop.base[key] : r.base_read[key];
    const Decision decision = decide(s, options, base, r.desktop_read[key], r.cloud_read[key]);
    r.action[key] = decision.action;
    r.write[key] = decision.write;
    r.retain[key] = decision.retain;
    return decision;
}

// Without a write at the cloud the booking of M6a follows at once.
Effect m4_decide(State& s, const Options& options) {
    Runner& r = s.runner;
    Effect effect;
    for (Key key = 0; key < keys; ++key) {
        r.done[key] = true;
        if (!hinted(s, key, options)) continue;
        if (decide_key(s, key, options).false_conflict) effect.false_conflict = true;
        if (target_of(r.action[key]) == Place::cloud && options.without(Mutant::book_before_commit))
            s.desktop.base[key] = agreed_at_cloud(r, key);
    }
    r.step = writes_at(r, Place::cloud) ? Step::M5a : writes_at(r, Place::desktop) ? Step::M5b : Step::M7;
    if (r.step == Step::M5a || !anything_to_book_without_writing(s)) return effect;
    if (desktop_fence_lost(s)) return end_run(s);
    book_without_writing(s, options);
    return effect;
}

// What became of the rows that were planned for `place`. A parked row is done with: it is listed.
void note(Runner& r, Place place, const Committed& outcome) {
    for (Key key = 0; key < keys; ++key) {
        r.parked[key] = outcome.parked[key];
        if (target_of(r.action[key]) == place) r.done[key] = outcome.written[key] || outcome.parked[key];
    }
}

bool anything_parked(const Runner& r) {
    for (Key key = 0; key < keys; ++key)
        if (r.parked[key]) return true;
    return false;
}

void give_up(Runner& r) {
    for (Key key = 0; key < keys; ++key) r.done[key] = false;
    r.step = Step::M7;
}

Step after_booking(const Runner& r) {
    return !r.booked && writes_at(r, Place::desktop) ? Step::M5b : Step::M7;
}

Effect m5a_apply_at_cloud(State& s, const Options& options) {
    const Committed outcome = commit(s, planned_apply(s), options);
    Runner& r = s.runner;
    if (outcome.fenced) {
        give_up(r);
        return {};
    }
    note(r, Place::cloud, outcome);
    r.receipt = outcome.receipt;
    if (outcome.applied) r.cloud_fence = outcome.receipt;
    const bool books = outcome.applied || anything_parked(r) || anything_to_book_without_writing(s);
    r.step = books ? Step::M6a : after_booking(r);
    return {.lost = outcome.lost};
}

void book_what_the_cloud_took(State& s, const Options& options) {
    Runner& r = s.runner;
    for (Key key = 0; key < keys; ++key) {
        if (target_of(r.action[key]) != Place::cloud || !r.done[key] || r.parked[key]) continue;
        book(s.desktop, key, agreed_at_cloud(r, key), r.receipt, options);
        if (r.action[key] == Action::merge) r.done[key] = false;  // half done: the next run must look again
    }
    s.desktop.acked = std::max(s.desktop.acked, r.receipt);
}

bool marks_have_passed(const State& s, Key key) {
    return s.desktop.seen_desktop[key] == s.runner.desktop_hints[key] &&
           s.desktop.seen_cloud[key] == s.runner.cloud_hints[key];
}

// Before the watermarks pass the change: from then on only this list knows of it.
void list_parked(State& s, const Options& options) {
    if (options.without(Mutant::parked_not_listed)) return;
    for (Key key = 0; key < keys; ++key) {
        if (!s.runner.parked[key]) continue;
        if (options.without(Mutant::listed_after_the_marks) && !marks_have_passed(s, key)) continue;
        s.desktop.parked[key] = true;
    }
}

// Booked only after the cloud's commit: if we die in between, the old base is still a common ancestor and the
// receipt brings the new one. What the desktop refused is listed in the same way afterwards.
Effect m6a_book(State& s, const Options& options) {
    Runner& r = s.runner;
    if (desktop_fence_lost(s) && !options.without(Mutant::no_lease)) return end_run(s);
    if (!r.booked) {
        book_what_the_cloud_took(s, options);
        book_without_writing(s, options);
    }
    list_parked(s, options);
    r.step = after_booking(r);
    r.booked = true;
    return {};
}

Effect m5b_apply_at_desktop(State& s, const Options& options) {
    const Committed outcome = commit(s, planned_apply(s), options);
    Runner& r = s.runner;
    if (outcome.fenced) {
        give_up(r);
        return {};
    }
    note(r, Place::desktop, outcome);
    r.booked = r.booked || anything_parked(r);
    r.step = anything_parked(r) ? Step::M6a : Step::M7;
    return {.lost = outcome.lost};
}

bool list_is_late(const State& s, const Options& options) {
    if (!options.without(Mutant::listed_after_the_marks)) return false;
    for (Key key = 0; key < keys; ++key)
        if (s.runner.parked[key] && !s.desktop.parked[key]) return true;
    return false;
}

// Watermarks advance to what was read, not to the present: a change made meanwhile stays a hint. Only when
// the key is done with: a watermark that passes a failed apply would never show the key again.
Effect m7_advance_watermarks(State& s, const Options& options) {
    Runner& r = s.runner;
    if (desktop_fence_lost(s) && !options.without(Mutant::no_lease)) return end_run(s);
    for (Key key = 0; key < keys; ++key) {
        const bool done = r.done[key] || options.without(Mutant::watermark_after_failure);
        if (!done || r.action[key] == Action::hold) continue;
        const bool now = options.without(Mutant::watermark_now);
        s.desktop.seen_desktop[key] = now ? s.desktop.changes[key] : r.desktop_hints[key];
        s.desktop.seen_cloud[key] = now ? s.cloud.changes[key] : r.cloud_hints[key];
    }
    if (!list_is_late(s, options)) return end_run(s);
    r.step = Step::M6a;
    return {};
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
