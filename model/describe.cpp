#include <fmt/format.h>

#include "environment.hpp"

namespace tideway::protocol {
namespace {

std::string name(Place place) {
    switch (place) {
        case Place::cloud:
            return "cloud";
        case Place::desktop:
            return "desktop";
        case Place::none:
            break;
    }
    return "nowhere";
}

std::string version(Version v) { return v == unknown ? "unknown" : fmt::format("v{}", v); }

std::string versions(const Version (&rows)[keys]) {
    std::string text = version(rows[parent]);
    if (family) text += " and " + version(rows[child]);
    return text;
}

const char* member(Key key) { return !family ? "" : key == parent ? " the parent" : " the child"; }

std::string list(const bool (&parked)[keys]) {
    std::string text;
    for (Key key = 0; key < keys; ++key)
        if (parked[key]) text += fmt::format(",{} parked", member(key));
    return text;
}

std::string describe_recovery(const State& before, const State& after) {
    std::string text = fmt::format("recover: {} receipt(s) read", before.cloud.receipts);
    bool dropped = false;
    for (Key key = 0; key < keys; ++key) {
        const Version was = before.desktop.base[key], is = after.desktop.base[key];
        if (was != is) text += fmt::format(", base{} {} -> {}", member(key), version(was), version(is));
        dropped = dropped || before.desktop.seen_cloud[key] != after.desktop.seen_cloud[key];
    }
    if (dropped) text += ", watermarks dropped";
    return text + fmt::format(", desktop fence {}", after.desktop.seq);
}

std::string describe_action(const State& before, const Runner& r, Key key) {
    const std::string kept = r.retain[key] ? ", loser kept" : "";
    switch (r.action[key]) {
        case Action::none:
            return "nothing to do";
        case Action::agree:
            return fmt::format("equal, base := {}", version(r.write[key]));
        case Action::to_cloud:
            return fmt::format("{} to the cloud{}", version(r.write[key]), kept);
        case Action::to_desktop:
            return fmt::format("{} to the desktop{}", version(r.write[key]), kept);
        case Action::hold:
            return "held for a person";
        case Action::merge:
            return fmt::format("merge {} and {} into {}", version(before.runner.desktop_read[key]),
                               version(before.runner.cloud_read[key]), version(r.write[key]));
    }
    return "?";
}

std::string describe_plan(const State& before, const State& after) {
    std::string text = "decide:";
    for (Key key = 0; key < keys; ++key)
        text += fmt::format("{}{} {}", key > 0 ? ";" : "", member(key),
                            describe_action(before, after.runner, key));
    return text;
}

// Applied is seen from the changelog: a refused commit adds nothing to it.
std::string describe_apply(Place place, const State& before, const State& after) {
    std::string text;
    const Side &was = side_at(before, place), &is = side_at(after, place);
    for (Key key = 0; key < keys; ++key)
        if (was.changes[key] != is.changes[key])
            text += fmt::format("{}{} {} replaced by {}", text.empty() ? "" : ",", member(key),
                                version(was.row[key]), version(is.row[key]));
    if (text.empty()) text = family ? " nothing written" : " refused by fence or guard";
    return fmt::format("apply at the {}:{}{}", name(place), text, list(after.runner.parked));
}

std::string describe_end(const State& before, const State& after) {
    bool moved = false;
    for (Key key = 0; key < keys; ++key)
        moved = moved || before.desktop.seen_desktop[key] != after.desktop.seen_desktop[key] ||
                before.desktop.seen_cloud[key] != after.desktop.seen_cloud[key];
    return fmt::format("end of the run{}", moved ? ", watermarks advanced" : "");
}

std::string describe_work(const State& before, const State& after) {
    const Runner& r = after.runner;
    switch (before.runner.step) {
        case Step::idle:
            break;
        case Step::S1:
            return fmt::format("lock the cloud's lease: {}", r.cloud_seen);
        case Step::S2:
            return describe_recovery(before, after);
        case Step::S3:
            return fmt::format("cloud fence {}, receipts purged", after.cloud.seq);
        case Step::M1:
            return fmt::format("read desktop: {}, base {}", versions(r.desktop_read), versions(r.base_read));
        case Step::M2:
            return fmt::format("read cloud: {}", versions(r.cloud_read));
        case Step::M3:
            if (r.step == Step::idle) return "no hints, end of the run";
            return fmt::format("barriers: desktop {}, cloud {}", r.desktop_barrier, r.cloud_fence);
        case Step::M4:
            return describe_plan(before, after);
        case Step::M5a:
            return describe_apply(Place::cloud, before, after);
        case Step::M6a:
            return fmt::format("book: base := {}{}", versions(after.desktop.base),
                               list(after.desktop.parked));
        case Step::M5b:
            return describe_apply(Place::desktop, before, after);
        case Step::M7:
            return describe_end(before, after);
    }
    return "?";
}

std::string describe_step(const State& before, const State& after) {
    const Step step = before.runner.step;
    if (step == Step::idle) return "a run starts";
    return fmt::format("{} {}", name_of(step), describe_work(before, after));
}

}  // namespace

std::string_view name_of(Step step) {
    switch (step) {
        case Step::idle:
            return "idle";
        case Step::S1:
            return "S1";
        case Step::S2:
            return "S2";
        case Step::S3:
            return "S3";
        case Step::M1:
            return "M1";
        case Step::M2:
            return "M2";
        case Step::M3:
            return "M3";
        case Step::M4:
            return "M4";
        case Step::M5a:
            return "M5a";
        case Step::M6a:
            return "M6a";
        case Step::M5b:
            return "M5b";
        case Step::M7:
            return "M7";
    }
    return "?";
}

std::string describe(const State& before, const Transition& transition) {
    const State& after = transition.after;
    const Place place = transition.event.place;
    const Key key = transition.event.key;
    switch (transition.event.kind) {
        case EventKind::user_write:
            return fmt::format("a user WRITES{} at the {}: {}", member(key), name(place),
                               version(side_at(after, place).row[key]));
        case EventKind::user_delete:
            return fmt::format("a user DELETES{} at the {}: {}", member(key), name(place),
                               version(side_at(after, place).row[key]));
        case EventKind::runner_step:
            return describe_step(before, after);
        case EventKind::apply_fails:
            return fmt::format("the apply at the {} FAILS, rolled back", name(place));
        case EventKind::crash:
            return "the runner CRASHES";
        case EventKind::crash_in_doubt:
            return fmt::format("the runner CRASHES, its commit at the {} is in doubt", name(place));
        case EventKind::in_doubt_commits:
            return "in-doubt " + describe_apply(place, before, after);
        case EventKind::in_doubt_aborts:
            return fmt::format("the in-doubt apply at the {} aborts", name(place));
        case EventKind::backup:
            return fmt::format("a BACKUP of the {} is taken", name(place));
        case EventKind::restore:
            return fmt::format("the {} is RESTORED, its row is {}", name(place),
                               versions(side_at(after, place).row));
    }
    return "?";
}

}  // namespace tideway::protocol
