// Breadth-first search of all states that the options allow.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "options.hpp"

namespace tideway::protocol {

struct Counterexample {
    std::vector<std::string> steps;  // from the initial state, shortest possible
    std::string fault;               // empty: none was found
};

struct Report {
    std::uint64_t states = 0;
    std::uint64_t transitions = 0;
    std::uint64_t lost_writes = 0;  // sync commits that break S1; the search does not go on behind them
    std::uint64_t stuck = 0;  // states from which undisturbed runs do not converge, or never come to rest
    std::uint64_t false_conflicts = 0;  // retained without need; in the search and in the undisturbed runs
    Counterexample lost_write;
    Counterexample no_convergence;
    bool complete =
        true;  // false: the state limit was reached, or the search stopped at its first counterexample
    double seconds = 0;
};

// 60 million states take about 8 GB.
Report explore(const Options& options, std::uint32_t state_limit = 60'000'000);

}  // namespace tideway::protocol
