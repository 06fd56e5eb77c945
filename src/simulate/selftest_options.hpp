// What `tideway selftest` is asked for.
#pragma once
#include <cstdint>

#include "simulate/sabotage.hpp"

namespace tideway::simulate {

struct SelftestOptions {
    std::uint64_t first = 1;
    int seeds = 1'000;
    int steps = 25;  // of a script, about
    int jobs = 1;
    int most_tries = 400;  // of shrinking
    Sabotage sabotage = Sabotage::none;
};

}  // namespace tideway::simulate
