// The engine: everything the commands do, on two stores. It knows no SQL and no driver.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/world.hpp"
#include "config/config.hpp"
#include "model/journal_report.hpp"
#include "model/report.hpp"
#include "model/verify_report.hpp"
#include "store/store.hpp"

namespace tideway {

struct RunOptions {
    Mode mode = Mode::incremental;
    Direction direction = Direction::both;
    std::vector<std::string> tables;     // desktop or cloud names; empty = all
    std::optional<std::string> confirm;  // hash of a plan that a guard stopped
    bool rows = false;                   // plan only: list every change,
    std::size_t most_rows = SIZE_MAX;    // but no more than so many
    // Something may have been written: a run that can tell at a glance that nothing was ends without a trace.
    bool on_change = false;
};

struct VerifyOptions {
    std::vector<std::string> tables = {};   // desktop or cloud names; empty = all
    bool repair = false;                    // decide what differs again, in an ordinary run
    bool anew = false;                      // do not take up an interrupted verify
    int load = 100;                         // percent of the time that a server is kept busy
    std::int64_t rows_at_once = 5'000'000;  // read in one snapshot: where an interrupted verify goes on
    std::size_t show = 100;                 // differences of a table that are shown with their rows
};

struct UndoOptions {
    std::optional<std::string> run = {};     // the beginning of its id
    std::optional<std::string> table = {};   // a name of either side
    std::vector<std::string> key = {};       // one text as display() writes it, or the cells one by one
    std::optional<std::int64_t> since = {};  // microseconds since 1970, by each server's clock
    bool dry_run = false;
};

// Told what goes on; called often, must be quick.
class Progress {
  public:
    virtual ~Progress() = default;
    virtual void phase(std::string_view what) = 0;  // "connecting", "reading desktop", ...
    virtual void table(std::string_view name, std::int64_t done, std::int64_t total) = 0;
};

// Opens the two sides. The hook must be handed to the driver: it renews leases and stops the run.
class Connector {
  public:
    virtual ~Connector() = default;
    virtual std::unique_ptr<Store> open(Side side, WaitHook& hook) = 0;
};

// All methods throw Error. Every object outlives the engine.
class Engine {
  public:
    Engine(const Config& config, Connector& connector, World& world, Progress& progress);
    // Turns a report into the JSON that the run history keeps; optional.
    std::function<std::string(const RunReport&)> serialize;

    RunReport plan(const RunOptions& options);  // creates and writes nothing, anywhere
    RunReport sync(const RunOptions& options);  // status is never "failed": that is an exception
    VerifyReport verify(const VerifyOptions& options);
    StatusReport status();
    std::vector<Finding> doctor();
    std::string grants();  // SQL for both sides: the least rights that sync needs
    // Conflicts and held rows. Throws Error(usage) for a kind that no conflict has.
    ConflictPage conflicts(const ConflictFilter& filter, const PageRequest& page = {});
    ConflictEntry conflict(std::int64_t id);
    ParkedPage parked(const PageRequest& page = {});
    std::vector<std::string> tables_with_parked();  // by their desktop names
    // The last recorded runs that did something to the table, or should have; the newest first.
    std::vector<RunOfTable> runs_of(const std::string& table, int most);
    // take: the side whose row holds. An open conflict is carried out by the next sync; a settled one is reversed
    // by writing the loser back as an edit. Error(conflict_unknown) before anything is done.
    std::vector<Resolution> resolve(const std::vector<std::int64_t>& ids, Side take);
    // An open conflict gets this row, a JSON object of the desktop's columns: written there as an edit.
    Resolution resolve_with_row(std::int64_t id, const std::string& row);
    std::vector<std::string> uninstall(bool check_only);  // what is (or was) there, readable
    // sync on copies of both sides, to which this engine's connector leads. Error(rehearsal_refused) unless both
    // are proven not to be the sides of `real`.
    RunReport rehearse(const RunOptions& options, Connector& real);
    UndoReport undo(const UndoOptions& options);
    std::vector<KeptRun> kept_runs();  // runs that can be undone, the newest first
    Story explain(const std::string& table, const std::vector<std::string>& key);

  private:
    const Config& config_;
    Connector& connector_;
    World& world_;
    Progress& progress_;
};

// init: reads both catalogues and proposes a commented configuration file.
std::string propose_config(Store& desktop, Store& cloud, const std::string& desktop_url,
                           const std::string& cloud_url);

}  // namespace tideway
