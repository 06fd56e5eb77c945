// What a run, a plan and a status say, as plain values. The command line turns them into tables and JSON.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/policy.hpp"

namespace tideway {

struct WriteCounts {
    std::int64_t inserted = 0, updated = 0, deleted = 0;
    std::int64_t total() const { return inserted + updated + deleted; }
};

// One row that a plan would write or leave waiting (plan --rows).
struct PlannedChange {
    std::string table, key, rule, action, reason;
};

struct TableReport {
    std::string desktop, cloud;
    WriteCounts to_cloud, to_desktop;
    std::int64_t adopted = 0;     // found equal on both sides and booked
    std::int64_t reasserted = 0;  // written again after a refill had brought back the old row
    std::int64_t renumbered = 0;  // desktop rows that got another key (collision = "remap")
    std::int64_t merged = 0;      // rows that both sides had edited, made one by their columns
    std::int64_t conflicts = 0;   // found in this run, the loser kept
    std::int64_t open_conflicts =
        0;  // wait for a person (conflict = "manual", unreliable clocks, collisions)
    std::int64_t held = 0, parked = 0;
    std::int64_t raced = 0;    // of pending: users changed or held them three times while they were written
    std::int64_t pending = 0;  // wait for the direction that was not run, or were raced by users three times
    std::optional<std::int64_t> protected_before, protected_after;  // rows of mobile origin in the cloud
    std::map<std::string, std::int64_t> rules;                      // "R7" -> keys decided by it
    std::string not_synced;  // why the table was left out altogether; empty = it was synced
    std::string capture_desktop, capture_cloud;  // what was used in this run: "xmin", "digest", ...
};

struct GuardStop {
    std::string table, what;         // "would delete 812 of 1000 rows in the cloud"
    std::int64_t count = 0, of = 0;  // of = 0: a single row was stopped inside its transaction (side effects)
};

struct RunReport {
    std::string run;     // uuid
    std::string status;  // ok | attention | guard | failed
    Mode mode = Mode::incremental;
    Direction direction = Direction::both;
    std::int64_t duration_ms = 0;
    std::string plan_hash;
    bool idle = false;  // nothing to do: neither side was written
    bool cloud_rolled_back = false, desktop_rolled_back = false;
    std::int64_t receipts_booked = 0;  // of an interrupted earlier run
    std::int64_t clock_offset_ms = 0;  // cloud clock minus desktop clock
    std::vector<TableReport> tables;
    std::vector<GuardStop> guard;
    std::vector<PlannedChange> rows;                 // plan --rows only
    std::vector<std::string> remarks;                // things worth knowing that need no action
    std::string error_code, error_text, error_hint;  // status failed
};

struct TableStatus {
    std::string desktop, cloud, state;  // state: "in sync", "waiting", "never synced", "not synced"
    std::int64_t rows = 0;              // live keys in the base
    std::int64_t open_conflicts = 0, held = 0, parked = 0, pending = 0;
    std::optional<std::string> last_forward, last_reverse, last_proof;  // ISO, UTC
    std::string reason;
};

struct StatusReport {
    std::string pair, last_run, last_run_at, last_run_status, lease_holder;
    std::optional<std::int64_t> lag_seconds;  // since the last completed run
    std::vector<TableStatus> tables;
};

enum class Severity { info, warning, error };

// One finding of doctor: what it means and the SQL or setting that mends it.
struct Finding {
    Severity severity = Severity::info;
    std::string code;   // "TW304" or a stable word such as "no-timestamps"
    std::string where;  // "cloud", "desktop.climaster"
    std::string text, remedy;
};

struct ParkedEntry {  // a row that the other database refuses for now
    std::string table, key, sqlstate, reason, detail, constraint, since, rule;
};

struct ConflictEntry {
    std::int64_t id = 0;
    std::string table, key, kind, winner, policy, status, at, reason;  // kind: update_update, ..., held
    std::optional<std::string> desktop_row, cloud_row;                 // JSON
};

}  // namespace tideway
