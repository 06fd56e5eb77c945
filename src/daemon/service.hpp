// The service as the console and the metrics see it: what it does now, what it did, and what it may be asked
// to do. The service that runs implements it; tests of the console bring one of their own.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "daemon/totals.hpp"
#include "engine/engine.hpp"

namespace tideway::daemon {

enum class PairPhase {
    idle,         // waits for the next job or for a change
    running,      // a run or a verify is under way
    backing_off,  // a side is down: tries again at `until`, or as soon as it is there
    standby,      // another service holds this pair
    failed,       // needs a person: configuration, a guard stop, a defect; jobs go on by their schedule
};

struct JobState {
    std::string name;                       // "every 5m", "cron 0 2 * * *": unique within the pair
    std::string command;                    // "sync" | "verify"
    Mode mode = Mode::incremental;          // of sync
    Direction direction = Direction::both;  // of sync
    std::optional<std::int64_t> next_at;    // UTC, microseconds since 1970
};

// What is under way right now; of the same shape as the progress on a terminal.
struct LiveRun {
    std::string job, why;  // why: "schedule" | "missed" | "change" | "console" | "retry"
    std::int64_t started_at = 0;
    std::string phase, table;
    std::int64_t done = 0, total = 0;
};

struct PastRun {
    std::uint64_t number = 0;  // counts the runs of this process, from 1
    std::string command, job, why;
    // As it was asked for; mode and direction: of sync.
    Mode mode = Mode::incremental;
    Direction direction = Direction::both;
    std::vector<std::string> tables;  // empty: all
    std::int64_t started_at = 0, finished_at = 0;
    // What it brought had waited for so long at most, where that is known: since a side told of a change, or, where
    // nothing tells of changes, since the run before.
    std::optional<std::int64_t> lag_ms;
    int exit_code = 0;                               // as the command line would have ended
    // ok | attention | guard | failed | differs; in events also: busy (another run is at work), nothing new
    std::string status;
    std::string error_code, error_text, error_hint;  // of a failure
    std::string report;  // JSON as `sync --json` or `verify --json` prints it; empty: there is none
};

struct PairState {
    std::string name, config_path;
    PairPhase phase = PairPhase::idle;
    std::string reason;                                   // why it is in this phase, for people; may be empty
    std::optional<std::int64_t> until;                    // backing_off, standby: when it looks again
    bool listens_desktop = false, listens_cloud = false;  // LISTEN works there; else probes
    std::vector<JobState> jobs;
    std::optional<LiveRun> live;
    std::optional<PastRun> last, last_good;
    std::int64_t alive_at = 0;  // by the steady clock: when its thread last showed a sign of life
    Totals totals;              // for the metrics
};

// Something that happened, for a browser that watches.
struct Event {
    std::uint64_t number = 0;  // counts up from 1
    std::string pair;
    std::string kind;  // "progress" | "started" | "finished" | "phase"
    std::string data;  // JSON object
};

struct RunRequest {
    std::string command = "sync";  // or "verify"
    RunOptions sync = {};
    VerifyOptions verify = {};
};

// All methods are thread safe and throw Error.
class Service {
  public:
    virtual ~Service() = default;
    // False in the first moment: which pairs there will be is not known yet.
    virtual bool serving() const = 0;
    virtual std::vector<PairState> pairs() const = 0;
    // Newest first, at most `limit`. Error(usage) for a pair that is not served; so do the others below.
    virtual std::vector<PastRun> history(const std::string& pair, std::size_t limit) const = 0;
    // What happened after number `after`, oldest first; waits at most that long for something, and no longer
    // than until the service stops. A bounded number is kept: `after` may lie before the oldest.
    virtual std::vector<Event> events_after(std::uint64_t after, Millis wait) const = 0;
    // Runs as soon as the pair is free; returns at once. What a job of the same kind already waits for is not
    // doubled.
    virtual void request_run(const std::string& pair, const RunRequest& request) = 0;
    // Work on an engine of its own with connections of its own, on the caller's thread, beside a run that may
    // be under way.
    virtual void with_engine(const std::string& pair,
                             const std::function<void(Engine&, const Config&)>& work) = 0;
};

}  // namespace tideway::daemon
