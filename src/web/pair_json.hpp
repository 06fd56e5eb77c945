// What the service shows of its pairs, as JSON (docs/api.md). Pure.
#pragma once
#include "daemon/service.hpp"
#include "report/report_json.hpp"

namespace tideway::web {

// steady: now, by the steady clock.
Json pair_json(const daemon::PairState& pair, std::int64_t steady);
// Without its report, but with the report's sums.
Json past_run_json(const daemon::PastRun& run);

}  // namespace tideway::web
