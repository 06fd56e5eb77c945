// The synchronising program: its decision, its apply transaction and the steps of its run
// (correctness.md 2.9, 2.10).
#pragma once
#include <optional>

#include "options.hpp"
#include "properties.hpp"
#include "state.hpp"

namespace tideway::protocol {

struct Decision {
    Action action;
    Version write = unknown;      // unknown when nothing is to be written
    bool retain = false;          // the replaced version is no ancestor of `write` and must be kept
    bool false_conflict = false;  // called a conflict although one version descends from the other
};

// Three-way decision for one key. Takes the state for ancestry alone; a merge adds its version to the
// history.
Decision decide(State& s, const Options& options, Version base, Version desktop, Version cloud);

struct Committed {
    bool fenced = false;   // another run has the lease, nothing was written
    bool applied = false;  // something was written
    bool written[keys]{};  // the guard may have said no to one row and not to the other
    bool parked[keys]{};   // refused: an orphan here, or a parent that still has its child
    Seq receipt = 0;       // of an apply at the cloud
    std::optional<LostWrite> lost = std::nullopt;
};

// The apply transaction at either side: all of it or nothing.
Committed commit(State& s, const Apply& apply, const Options& options);

// True if the server at `place` would refuse the write that makes its row equal to the other side's: a child
// without its parent, or a parent's end while the child lives.
bool blocked(const State& s, Place place, Key key, const Options& options);

// A merged row is not at the desktop yet: what both sides have in common until then is the desktop's version,
// which the merge descends from.
Version agreed_at_cloud(const Runner& r, Key key);

// What the runner would commit next. Only for a runner that stands at M5a or M5b.
Apply planned_apply(const State& s);

// Where the action writes; nowhere for those that need no write.
Place target_of(Action action);

struct Effect {
    bool moved = true;  // false: the runner waits (for a lease row that an in-doubt transaction holds) or has
                        // no runs left
    bool false_conflict = false;
    std::optional<LostWrite> lost = std::nullopt;
};

// Does the runner's next step; from idle it starts a run.
Effect advance(State& s, const Options& options);

}  // namespace tideway::protocol
