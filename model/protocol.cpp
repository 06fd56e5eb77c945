#include "protocol.hpp"

#include <algorithm>

#include "steps.hpp"

namespace tideway::protocol {
namespace {

Effect start_run(State& s) {
    if (s.left.runs <= 0) return {.moved = false};
    --s.left.runs;
    s.runner.step = Step::S1;
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
bool waited_in_vain(const State& s, Key key, const Options& options) {
    return s.runner.action[key] == Action::none && s.desktop.parked[key] && hinted(s, key, options);
}

bool anything_to_book_without_writing(const State& s, const Options& options) {
    for (Key key = 0; key < keys; ++key)
        if (s.runner.action[key] == Action::agree || waited_in_vain(s, key, options)) return true;
    return false;
}

void book_without_writing(State& s, const Options& options) {
    const Runner& r = s.runner;
    for (Key key = 0; key < keys; ++key) {
        if (r.action[key] == Action::agree) book(s.desktop, key, r.write[key], r.cloud_fence, options);
        if (waited_in_vain(s, key, options) && !options.without(Mutant::never_taken_off_the_list))
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
    if (r.step == Step::M5a || !anything_to_book_without_writing(s, options)) return effect;
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
    const bool books = outcome.applied || anything_parked(r) || anything_to_book_without_writing(s, options);
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
