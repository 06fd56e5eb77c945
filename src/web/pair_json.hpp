// What the service shows of its pairs, as JSON (docs/api.md). Pure.
#pragma once
#include "daemon/service.hpp"
#include "report/report_json.hpp"

namespace tideway::web {

Json pair_json(const daemon::PairState& pair);
// Without its report, but with the report's sums.
Json past_run_json(const daemon::PastRun& run);

}  // namespace tideway::web
