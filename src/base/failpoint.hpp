// The text form of TIDEWAY_FAILPOINTS (world.hpp), apart from carrying it out, so that it can be tested
// alone.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tideway {

struct FailpointRule {
    enum class Action { kill9, raise, exit, sleep, pause, close };
    std::string name;
    Action action = Action::raise;
    std::string argument;  // milliseconds of sleep, file of pause
    unsigned hit = 1;      // acts when the name is passed for this time, and only then
};

// Throws Error(config_env) on anything that is not exactly in the form: a fault that is silently not injected
// would make a test pass for the wrong reason.
std::vector<FailpointRule> parse_failpoints(std::string_view spec);

// Whether something is to happen at that failpoint: what would be put off may have to be done before. Never without the
// build option.
bool failpoint_is_armed(std::string_view name);

}  // namespace tideway
