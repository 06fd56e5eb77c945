// What stands behind the routes. Each gets a request that the gate has let through, and may throw Error.
#pragma once
#include "web/routes.hpp"

namespace tideway::web {

// login.cpp
Response login_page(const Call& call);
Response log_in(const Call& call);
Response log_out(const Call& call);
Response show_session(const Call& call);

// pages.cpp
Response console_page(const Call& call);
Response asset(const Call& call);
Response icon(const Call& call);

// api_pairs.cpp
Response list_pairs(const Call& call);
Response show_pair(const Call& call);
Response list_runs(const Call& call);
Response show_run(const Call& call);
Response list_runs_of_table(const Call& call);
Response request_run(const Call& call);

// api_checks.cpp
Response show_status(const Call& call);
Response show_plan(const Call& call);
Response show_findings(const Call& call);
Response show_settings(const Call& call);

// api_rows.cpp
Response list_conflicts(const Call& call);
Response show_conflict(const Call& call);
Response resolve_conflicts(const Call& call);
Response list_parked(const Call& call);
Response retry_parked(const Call& call);

// api_journal.cpp
Response list_kept_runs(const Call& call);
Response undo(const Call& call);
Response explain(const Call& call);

// api_events.cpp
Response watch_events(const Call& call);

// health.cpp
Response show_metrics(const Call& call);
Response show_liveness(const Call& call);
Response show_readiness(const Call& call);

}  // namespace tideway::web
