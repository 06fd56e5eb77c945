// Many simulated lives, one after the other or side by side; the first that fails is shrunk.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "simulate/scene.hpp"
#include "simulate/selftest_options.hpp"

namespace tideway::simulate {

// A seed that failed.
struct Failure {
    std::uint64_t seed = 0;
    std::string script, config;  // shrunk; the configuration of its tables
    std::string verdict;         // each violation with its story
    std::string history;         // JSON that the checker reads
    int steps = 0, steps_before = 0;
};

struct SelftestReport {
    int seeds = 0;
    Counts counts;
    std::optional<Failure> failure;  // of the lowest seed that failed
};

// Seeds first, first + 1, ... until all are played or one has failed. `told` is called with how many were
// played.
SelftestReport selftest(const SelftestOptions& options, const std::function<void(int)>& told);

// One seed alone: what it does by itself, before anything is shrunk.
Life play_seed(std::uint64_t seed, int steps, Sabotage sabotage = Sabotage::none);
Script script_of(std::uint64_t seed, int steps);

}  // namespace tideway::simulate
