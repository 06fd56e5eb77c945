#include "daemon/health.hpp"

#include <fmt/format.h>

namespace tideway::daemon {
namespace {

// A connection that waits shows a sign of life every quarter of a second; looking up a host's name, or an alert
// that nobody takes, may keep a thread for longer.
constexpr std::int64_t longest_silence_micros = 120'000'000;

}  // namespace

std::string_view phase_name(PairPhase phase) {
    switch (phase) {
        case PairPhase::idle:
            return "idle";
        case PairPhase::running:
            return "running";
        case PairPhase::backing_off:
            return "backing off";
        case PairPhase::standby:
            return "standby";
        case PairPhase::failed:
            return "failed";
    }
    return "";
}

Health live(const std::vector<PairState>& pairs, std::int64_t now) {
    Health health;
    for (const PairState& pair : pairs) {
        const bool silent = now - pair.alive_at > longest_silence_micros;
        health.good = health.good && !silent;
        health.text += silent ? fmt::format("{}: no sign of life for {} s\n", pair.name,
                                            (now - pair.alive_at) / 1'000'000)
                              : fmt::format("{}: alive\n", pair.name);
    }
    return health;
}

Health ready(const std::vector<PairState>& pairs) {
    Health health;
    for (const PairState& pair : pairs) {
        const bool works = pair.phase != PairPhase::backing_off && pair.phase != PairPhase::failed;
        health.good = health.good && works;
        health.text += fmt::format("{}: {}{}{}\n", pair.name, phase_name(pair.phase),
                                   pair.reason.empty() ? "" : ": ", pair.reason);
    }
    return health;
}

}  // namespace tideway::daemon
