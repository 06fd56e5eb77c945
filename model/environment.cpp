#include "environment.hpp"

namespace tideway::protocol {
namespace {

using Transitions = std::vector<Transition>;

// Adds the transition whose end state starts as a copy of s. Valid until the next call.
State& add(Transitions& next, Event event, const State& s) {
    next.push_back({event, s, {}});
    return next.back().after;
}

// The server lets no user make an orphan where it knows the reference.
bool server_refuses(const State& s, const Event& event, const Options& options) {
    if (!options.enforced_at(event.place)) return false;
    const bool deletes = event.kind == EventKind::user_delete;
    return event.key == parent ? deletes && lives(s, event.place, child)
                               : !deletes && !lives(s, event.place, parent);
}

void user_change(const State& s, const Options& options, Event event, Transitions& next) {
    const bool deletes = event.kind == EventKind::user_delete;
    const Version row = side_at(s, event.place).row[event.key];
    if (deletes && is_delete(s, row)) return;
    if (s.history.count >= max_versions || server_refuses(s, event, options)) return;
    State& t = add(next, event, s);
    Side& side = side_at(t, event.place);
    side.row[event.key] = add_version(t, s.history.ancestors[row], deletes);
    ++side.changes[event.key];
    --t.left.writes;
}

void user_changes(const State& s, const Options& options, Transitions& next) {
    if (s.left.writes <= 0) return;
    for (const Place place : {Place::desktop, Place::cloud})
        for (Key key = 0; key < keys; ++key) {
            user_change(s, options, {EventKind::user_write, place, key}, next);
            if (options.user_deletes) user_change(s, options, {EventKind::user_delete, place, key}, next);
        }
}

void runner_step(const State& s, const Options& options, Transitions& next) {
    State& t = add(next, {EventKind::runner_step, Place::none}, s);
    const Effect effect = advance(t, options);
    next.back().effect = effect;
    if (!effect.moved) next.pop_back();
}

bool about_to_commit(const State& s) { return s.runner.step == Step::M5a || s.runner.step == Step::M5b; }

void apply_failure(const State& s, Transitions& next) {
    if (s.left.failures <= 0 || !about_to_commit(s)) return;
    State& t = add(next, {EventKind::apply_fails, planned_apply(s).place}, s);
    --t.left.failures;
    for (Key key = 0; key < keys; ++key) {
        const bool over = s.runner.step == Step::M5b && target_of(s.runner.action[key]) == Place::cloud;
        if (!over) t.runner.done[key] = false;
    }
    t.runner.step = Step::M7;
}

bool merges(const Runner& r) {
    for (Key key = 0; key < keys; ++key)
        if (r.action[key] == Action::merge) return true;
    return false;
}

// COMMIT was sent and the answer never came: the server may still carry it out, after any number of other
// steps.
void crash_in_doubt(const State& s, const Options& options, Transitions& next) {
    const bool modelled = options.wide_faults || !merges(s.runner);
    if (s.in_doubt.place != Place::none || !about_to_commit(s) || !modelled) return;
    const Apply apply = planned_apply(s);
    State& t = add(next, {EventKind::crash_in_doubt, apply.place}, s);
    --t.left.crashes;
    t.in_doubt = apply;
    forget_runner(t);
}

void crashes(const State& s, const Options& options, Transitions& next) {
    if (s.left.crashes <= 0 || s.runner.step == Step::idle) return;
    State& t = add(next, {EventKind::crash, Place::none}, s);
    --t.left.crashes;
    forget_runner(t);
    if (options.in_doubt) crash_in_doubt(s, options, next);
}

void in_doubt_ends(const State& s, const Options& options, Transitions& next) {
    const Place place = s.in_doubt.place;
    if (place == Place::none) return;
    State& committed = add(next, {EventKind::in_doubt_commits, place}, s);
    committed.in_doubt = {};
    next.back().effect.lost = commit(committed, s.in_doubt, options).lost;
    add(next, {EventKind::in_doubt_aborts, place}, s).in_doubt = {};
}

// With two restores allowed, a backup may be used twice.
void backups(const State& s, const Options& options, Transitions& next) {
    const bool one_is_enough = !options.both_backups && (s.desktop_backed_up || s.cloud_backed_up);
    if (!s.desktop_backed_up && !one_is_enough) {
        State& t = add(next, {EventKind::backup, Place::desktop}, s);
        t.desktop_backed_up = true;
        t.desktop_backup = s.desktop;
    }
    if (!s.cloud_backed_up && !one_is_enough) {
        State& t = add(next, {EventKind::backup, Place::cloud}, s);
        t.cloud_backed_up = true;
        t.cloud_backup = s.cloud;
    }
}

// The server stops and comes back as it was: connections end, transactions abort, what was journaled since is
// gone too.
State& restored(const State& s, Place place, const Options& options, Transitions& next) {
    State& t = add(next, {EventKind::restore, place}, s);
    --t.left.restores;
    forget_runner(t);
    if (!options.wide_faults || t.in_doubt.place == place) t.in_doubt = {};
    return t;
}

void restores(const State& s, const Options& options, Transitions& next) {
    if (s.left.restores <= 0) return;
    backups(s, options, next);
    if (s.desktop_backed_up) restored(s, Place::desktop, options, next).desktop = s.desktop_backup;
    if (s.cloud_backed_up) restored(s, Place::cloud, options, next).cloud = s.cloud_backup;
}

}  // namespace

void list_transitions(const State& s, const Options& options, std::vector<Transition>& next) {
    next.clear();
    user_changes(s, options, next);
    runner_step(s, options, next);
    apply_failure(s, next);
    crashes(s, options, next);
    in_doubt_ends(s, options, next);
    restores(s, options, next);
}

}  // namespace tideway::protocol
