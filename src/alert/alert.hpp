// Telling people: the one function that commands call after they have found something out.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "alert/event.hpp"
#include "alert/ledger.hpp"
#include "base/world.hpp"
#include "config/config.hpp"

namespace tideway::alert {

// Sends to every channel what is due there, and after a run with status ok the heartbeat. Never throws: what
// a channel, or the memory of what was told, did not do is returned, and remembered for `status`.
std::vector<Failure> tell(const Config& config, const Observation& seen, World& world);

struct Tried {
    std::string channel, where;
    std::optional<Failure> failure;
};
// A test message through every channel, the heartbeat included.
std::vector<Tried> try_all(const Config& config, World& world);

// Channels whose last attempt failed.
std::vector<Failure> failing(const Config& config);

}  // namespace tideway::alert
