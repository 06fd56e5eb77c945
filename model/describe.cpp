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

const Side& side_of(const State& s, Place place) {
    return place == Place::cloud ? static_cast<const Side&>(s.cloud) : s.desktop;
}

std::string describe_recovery(const State& before, const State& after) {
    std::string text = fmt::format("S2 recover: {} receipt(s) read", before.cloud.receipts);
    if (before.desktop.base != after.desktop.base)
        text += fmt::format(", base {} -> {}", version(before.desktop.base), version(after.desktop.base));
    if (before.desktop.seen_cloud != after.desktop.seen_cloud) text += ", watermarks dropped";
    return text + fmt::format(", desktop fence {}", after.desktop.seq);
}

std::string describe_plan(const State& before, const State& after) {
    const Runner& r = after.runner;
    const std::string kept = r.retain ? ", loser kept" : "";
    switch (r.action) {
        case Action::none:
            return "M4 decide: nothing to do";
        case Action::agree:
            return fmt::format("M4 decide: equal, base := {}", version(r.write));
        case Action::to_cloud:
            return fmt::format("M4 decide: {} to the cloud{}", version(r.write), kept);
        case Action::to_desktop:
            return fmt::format("M4 decide: {} to the desktop{}", version(r.write), kept);
        case Action::hold:
            return "M4 decide: held for a person";
        case Action::merge:
            return fmt::format("M4 decide: merge {} and {} into {}", version(before.runner.desktop_read),
                               version(before.runner.cloud_read), version(r.write));
    }
    return "M4";
}

// Applied is seen from the changelog: a refused commit adds nothing to it.
std::string describe_apply(const char* step, Place place, const State& before, const State& after) {
    if (side_of(before, place).changes == side_of(after, place).changes)
        return fmt::format("{} apply at the {}: refused by fence or guard", step, name(place));
    return fmt::format("{} apply at the {}: {} replaced by {}", step, name(place),
                       version(side_of(before, place).row), version(side_of(after, place).row));
}

std::string describe_end(const char* step, const State& before, const State& after) {
    const bool moved = before.desktop.seen_desktop != after.desktop.seen_desktop ||
                       before.desktop.seen_cloud != after.desktop.seen_cloud;
    return fmt::format("{} end of the run{}", step, moved ? ", watermarks advanced" : "");
}

std::string describe_step(const State& before, const State& after) {
    const Runner& r = after.runner;
    switch (before.runner.step) {
        case Step::idle:
            return "a run starts";
        case Step::S1:
            return fmt::format("S1 lock the cloud's lease: {}", r.cloud_seen);
        case Step::S2:
            return describe_recovery(before, after);
        case Step::S3:
            return fmt::format("S3 cloud fence {}, receipts purged", after.cloud.seq);
        case Step::M1:
            return fmt::format("M1 read desktop: {}, base {}", version(r.desktop_read), version(r.base_read));
        case Step::M2:
            return fmt::format("M2 read cloud: {}", version(r.cloud_read));
        case Step::M3:
            if (r.step == Step::idle) return "M3 no hints, end of the run";
            return fmt::format("M3 barriers: desktop {}, cloud {}", r.desktop_barrier, r.cloud_fence);
        case Step::M4:
            return describe_plan(before, after);
        case Step::M5a:
            return describe_apply("M5a", Place::cloud, before, after);
        case Step::M6a:
            return fmt::format("M6a book: base := {}", version(after.desktop.base));
        case Step::M5b:
            return describe_apply("M5b", Place::desktop, before, after);
        case Step::M7:
            return describe_end("M7", before, after);
    }
    return "?";
}

}  // namespace

std::string describe(const State& before, const Transition& transition) {
    const State& after = transition.after;
    const Place place = transition.event.place;
    switch (transition.event.kind) {
        case EventKind::user_write:
            return fmt::format("a user WRITES at the {}: {}", name(place),
                               version(side_of(after, place).row));
        case EventKind::user_delete:
            return fmt::format("a user DELETES at the {}: {}", name(place),
                               version(side_of(after, place).row));
        case EventKind::runner_step:
            return describe_step(before, after);
        case EventKind::apply_fails:
            return fmt::format("the apply at the {} FAILS, rolled back", name(place));
        case EventKind::crash:
            return "the runner CRASHES";
        case EventKind::crash_in_doubt:
            return fmt::format("the runner CRASHES, its commit at the {} is in doubt", name(place));
        case EventKind::in_doubt_commits:
            return describe_apply("in-doubt", place, before, after);
        case EventKind::in_doubt_aborts:
            return fmt::format("the in-doubt apply at the {} aborts", name(place));
        case EventKind::backup:
            return fmt::format("a BACKUP of the {} is taken", name(place));
        case EventKind::restore:
            return fmt::format("the {} is RESTORED, its row is {}", name(place),
                               version(side_of(after, place).row));
    }
    return "?";
}

}  // namespace tideway::protocol
