// What Prometheus reads: pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/service.hpp"

namespace tideway::daemon {

// In the text format 0.0.4. `now`: by the steady clock. Names never change their meaning.
std::string metrics_text(const std::vector<PairState>& pairs, const std::string& version, std::int64_t now);

}  // namespace tideway::daemon
