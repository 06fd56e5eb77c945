#include "web/routes.hpp"

#include "web/handlers.hpp"

namespace tideway::web {

const std::vector<Route>& routes() {
    using enum Access;
    static const std::vector<Route> table = {
        {"GET", "/", everyone, console_page, "The console: all pairs."},
        {"GET", "/pairs/{pair}", everyone, console_page, "The console: one pair."},
        {"GET", "/pairs/{pair}/{page}", everyone, console_page, "The console: one page of a pair."},
        {"GET", "/pairs/{pair}/{page}/{item}", everyone, console_page, "The console: one run, conflict or table."},
        {"GET", "/assets/{name}", everyone, asset, "Scripts, styles and icons of the console."},
        {"GET", "/favicon.ico", everyone, icon, "The icon."},
        {"GET", "/login", everyone, login_page, "The page that asks for the token."},
        {"POST", "/login", login, log_in, "Form with `token`: begins a session."},
        {"POST", "/logout", writer, log_out, "Ends the session."},
        {"GET", "/api/v1/session", reader, show_session, "The session's secret for `X-Tideway-CSRF`."},
        {"GET", "/api/v1/pairs", reader, list_pairs, "All pairs: phase, jobs, what runs, the last runs."},
        {"GET", "/api/v1/pairs/{pair}", reader, show_pair, "One of them."},
        {"GET", "/api/v1/pairs/{pair}/status", reader, show_status, "As `status --json`."},
        {"GET", "/api/v1/pairs/{pair}/runs", reader, list_runs,
         "Past runs of this process, newest first; `limit` (50, at most 500)."},
        {"GET", "/api/v1/pairs/{pair}/runs/{number}", reader, show_run, "One of them, with its report."},
        {"POST", "/api/v1/pairs/{pair}/runs", writer, request_run,
         "Asks for a run: `command` (`sync`, `verify`), `mode`, `direction`, `tables`, `confirm` (the hash "
         "of a plan "
         "that a guard stopped), `repair`."},
        {"GET", "/api/v1/pairs/{pair}/tables/{table}/runs", reader, list_runs_of_table,
         "Recorded runs that did something to this table, or should have, newest first; `limit` (50, at most 500)."},
        {"GET", "/api/v1/pairs/{pair}/plan", reader, show_plan,
         "As `plan --rows --json`; `mode`, `direction`, `table`."},
        {"GET", "/api/v1/pairs/{pair}/doctor", reader, show_findings, "As `doctor --json`."},
        {"GET", "/api/v1/pairs/{pair}/settings", reader, show_settings,
         "The configuration with every default, secrets hidden."},
        {"GET", "/api/v1/pairs/{pair}/conflicts", reader, list_conflicts,
         "As `conflicts list --json`, newest first; `table`, `kind`, `since`, `open=1`; `limit` (100, at most 500), `after`."},
        {"GET", "/api/v1/pairs/{pair}/conflicts/{id}", reader, show_conflict,
         "One of them, with `columns`: name, the text on each side, and whether they differ."},
        {"POST", "/api/v1/pairs/{pair}/conflicts/resolve", writer, resolve_conflicts,
         "`ids` and `take` (`desktop`, `cloud`), or one id and `row` (a JSON object): as `conflicts "
         "resolve`."},
        {"GET", "/api/v1/pairs/{pair}/parked", reader, list_parked, "As `parked list --json`, newest first; `limit` (100, at most 500), `after`."},
        {"POST", "/api/v1/pairs/{pair}/parked/retry", writer, retry_parked,
         "Asks for a sync of the tables with parked rows."},
        {"GET", "/api/v1/pairs/{pair}/journal", reader, list_kept_runs, "As `undo --list --json`."},
        {"POST", "/api/v1/pairs/{pair}/undo", writer, undo,
         "`run`, or `table` and `key` (a list of texts), and `dry_run`: as `undo --json`."},
        {"GET", "/api/v1/pairs/{pair}/explain", reader, explain, "As `explain --json`; `table`, `key`."},
        {"GET", "/api/v1/events", reader, watch_events,
         "What happens, as server-sent events; `Last-Event-ID` or `after` takes up again."},
        {"GET", "/metrics", reader, show_metrics, "Metrics in the text format of Prometheus."},
        {"GET", "/livez", everyone, show_liveness, "200 while the service works, else 503: restart it."},
        {"GET", "/readyz", everyone, show_readiness, "200 while every pair is kept in sync, else 503."},
    };
    return table;
}

}  // namespace tideway::web
