// Everything that can happen next: the runner's step, and what users, networks, crashes and restores do to
// it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "protocol.hpp"
#include "state.hpp"

namespace tideway::protocol {

enum class EventKind {
    user_write,
    user_delete,
    runner_step,
    apply_fails,
    crash,
    crash_in_doubt,
    in_doubt_commits,
    in_doubt_aborts,
    backup,
    restore
};

struct Event {
    EventKind kind;
    Place place;       // none where the event has no side of its own
    Key key = parent;  // of a user's change
};

struct Transition {
    Event event;
    State after;
    Effect effect;
};

// Replaces the content of `next` with all transitions that are possible in s.
void list_transitions(const State& s, const Options& options, std::vector<Transition>& next);

// As in correctness.md 2.10, in the engine and in its failpoints.
std::string_view name_of(Step step);

// One line of a trace.
std::string describe(const State& before, const Transition& transition);

}  // namespace tideway::protocol
