// What a run, a plan and a status say, as plain values. The command line turns them into tables and JSON.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/policy.hpp"
#include "model/value.hpp"

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
    std::map<std::pair<std::string, std::string>, std::int64_t> settled = {};  // of those: by policy and winner
    std::int64_t open_conflicts =
        0;  // wait for a person (conflict = "manual", unreliable clocks, collisions)
    std::int64_t held = 0, parked = 0;
    std::int64_t raced = 0;    // of pending: users changed or held them three times while they were written
    std::int64_t pending = 0;  // wait for the direction that was not run, or were raced by users three times
    std::optional<std::int64_t> protected_before, protected_after;  // rows of mobile origin in the cloud
    std::optional<std::int64_t> protected_removed = {};  // of those, by users' own deletes during the run
    std::int64_t lost = 0;  // protected rows that are gone and that no user removed
    std::map<std::string, std::int64_t> rules;                      // "R7" -> keys decided by it
    std::string not_synced;  // why the table was left out altogether; empty = it was synced
    std::string capture_desktop, capture_cloud;  // what was used in this run: "xmin", "digest", ...
    std::string stopped;                         // why a guard stopped it; empty = it did not
};

struct GuardStop {
    std::string table, what;         // "would delete 812 of 1000 rows in the cloud"
    std::int64_t count = 0, of = 0;  // of = 0: not a share of the table's rows
    std::string reason = {};         // "deletes", "emptied", ... (docs/configuration.md)
    bool stopped = true;             // false: only told, the run went on
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
    std::vector<std::string> only_tables = {};       // as they were asked for; empty: all
    bool rehearsal = false;                          // on copies of both sides
    std::string error_code, error_text, error_hint;  // status failed
};

struct TableStatus {
    std::string desktop, cloud, state;  // state: "in sync", "waiting", "never synced", "not synced"
    std::int64_t rows = 0;              // live keys in the base
    std::int64_t open_conflicts = 0, held = 0, parked = 0, pending = 0;
    std::optional<std::string> last_forward, last_reverse, last_proof;  // ISO, UTC
    std::string reason;
};

struct AlertFailure {  // a way of alerting whose last attempt failed
    std::string channel, code, text, since;
};

struct JournalStatus {  // what a side keeps of replaced rows and losers
    Side side = Side::desktop;
    std::int64_t bytes = 0;
    std::optional<std::string> oldest;  // ISO, UTC; none: it is empty
};

// The run that a guard stopped: only one of its kind finds the same plan.
struct StoppedRun {
    std::string plan_hash;
    Mode mode = Mode::incremental;
    Direction direction = Direction::both;
    std::vector<std::string> tables;  // empty: all
};

struct StatusReport {
    std::vector<JournalStatus> journals;  // desktop, cloud; empty before the first run
    std::string pair, last_run, last_run_at, last_run_status, lease_holder;
    std::optional<StoppedRun> stopped = {};   // the last one that a guard stopped, for --confirm
    std::optional<std::int64_t> lag_seconds;  // since the last completed run
    std::vector<TableStatus> tables;
    std::vector<AlertFailure> alerts = {};
};

enum class Severity { info, warning, error };

// One finding of doctor: what it means and the SQL or setting that mends it.
struct Finding {
    Severity severity = Severity::info;
    std::string code;   // "TW304" or a stable word such as "no-timestamps"
    std::string where;  // "cloud", "desktop.climaster"
    std::string text, remedy;
};

// Which part of a list, the newest first.
struct PageRequest {
    std::size_t most = SIZE_MAX;
    std::string after = {};  // `next` of the part before; empty: from the newest on
};

struct ParkedEntry {  // a row that the other database refuses for now
    std::string table, key, sqlstate, reason, detail, constraint, since, rule;
};

// When a side's row was written, ISO and UTC, as far as anybody knows.
struct Written {
    std::optional<std::string> stamp;     // the row's own time stamp
    std::optional<std::string> captured;  // when the side's triggers saw the change
};

struct ConflictEntry {
    std::int64_t id = 0;
    std::string table, key, kind, winner, policy, status, at, reason;  // kind: update_update, ..., held
    std::optional<std::string> desktop_row, cloud_row;                 // JSON
    std::string run = {}, rule = {};  // that settled it, or found it last
    std::string origin = {};          // the side on which the row was made
    Written desktop = {}, cloud = {};
};

struct ConflictFilter {  // what is empty lets everything through
    std::vector<std::string> tables;  // by their desktop names
    std::string kind, since;          // since: ISO, or the beginning of one
    bool open = false;
};

struct ConflictPage {
    std::vector<ConflictEntry> entries;
    std::string next;  // empty: there are no older ones
};

struct ParkedPage {
    std::vector<ParkedEntry> entries;
    std::string next;
};

// What a recorded run did to one table.
struct RunOfTable {
    std::string run, at, status, mode, direction;
    std::int64_t duration_ms = 0;
    WriteCounts to_cloud, to_desktop;
    std::int64_t adopted = 0, conflicts = 0, open_conflicts = 0, held = 0, parked = 0, pending = 0;
    std::string reason;  // why a guard stopped it, or why it was left out
};

// What became of one conflict that somebody resolved.
struct Resolution {
    std::int64_t id = 0;
    std::string table, key;
    std::string outcome;  // chosen | written_back | holds_already | changed_since | refused
    std::string reason;   // of the last two
    bool done() const { return outcome != "changed_since" && outcome != "refused"; }
};

}  // namespace tideway
