// Whether the service lives, and whether it can do its work: pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/service.hpp"

namespace tideway::daemon {

struct Health {
    bool good = true;
    std::string text;  // a line for each pair
};

// No thread is stuck. A service that is not live is to be restarted. `now`: by the steady clock.
Health live(const std::vector<PairState>& pairs, std::int64_t now);
// Every pair is kept in sync, by this service or by the one that it stands by for.
Health ready(const std::vector<PairState>& pairs);

std::string_view phase_name(PairPhase phase);

}  // namespace tideway::daemon
