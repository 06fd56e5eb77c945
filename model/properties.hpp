// What must hold: S1 at every sync commit; C1 (convergence) and C3 (a run on a quiet pair writes nothing)
// from every state.
#pragma once
#include <optional>
#include <string>

#include "options.hpp"
#include "state.hpp"

namespace tideway::protocol {

struct LostWrite {
    Version replaced, by;
};

// S1 for a commit that has just replaced one version by another (its journal entry, if any, is already in the
// state).
std::optional<LostWrite> check_replacement(const State& s, Key key, Version replaced, Version by);

enum class SoloFault { none, blocked, lost_write, writes_again, never_equal };

struct SoloResult {
    SoloFault fault = SoloFault::none;
    State last;               // where the runs stopped
    int false_conflicts = 0;  // decided on the way
};

// Crashes the runner, lets an in-doubt transaction end (both ways are tried) and then only starts runs. They
// must make both sides equal, and two runs after that must write nothing. Under the manual policy the sides
// may stay different; and so may a row of a family that is on the list of parked rows, as long as its server
// would refuse it. Nothing else may be on that list.
SoloResult check_convergence(const State& s, const Options& options);

// The fault in words, with the rows it leaves.
std::string explain(const LostWrite& lost, const State& s);
std::string explain(const SoloResult& result);

}  // namespace tideway::protocol
