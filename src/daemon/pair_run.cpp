// One run of a pair, on an engine of its own.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <list>

#include <fmt/format.h>

#include "alert/alert.hpp"
#include "alert/telling.hpp"
#include "daemon/pair_runner.hpp"
#include "engine/guard.hpp"
#include "engine/session.hpp"

namespace tideway::daemon {
namespace {

// Every connection that waits shows that the pair's thread lives.
class Beating : public Connector {
  public:
    Beating(Connector& inner, std::function<void()> beat) : inner_(inner), beat_(std::move(beat)) {}
    std::unique_ptr<Store> open(Side side, WaitHook& hook) override {
        hooks_.emplace_back(hook, beat_);
        return inner_.open(side, hooks_.back());
    }

  private:
    class Hook : public WaitHook {
      public:
        Hook(WaitHook& inner, const std::function<void()>& beat) : inner_(inner), beat_(beat) {}
        void tick() override {
            beat_();
            inner_.tick();
        }

      private:
        WaitHook& inner_;
        const std::function<void()>& beat_;
    };
    Connector& inner_;
    std::function<void()> beat_;
    std::list<Hook> hooks_;
};

std::int64_t rows_written(const RunReport& report) {
    std::int64_t rows = 0;
    for (const TableReport& table : report.tables)
        rows += table.to_cloud.total() + table.to_desktop.total() + table.adopted + table.conflicts;
    return rows;
}

Exit exit_of_status(const std::string& status) {
    if (status == "guard") return Exit::guard;
    if (status == "differs") return Exit::differs;
    return status == "attention" ? Exit::attention : Exit::ok;
}

// Somebody gave the hash of a plan that covers nothing any more, and nothing else is stopped.
bool covers_nothing(const RunReport& report) {
    return report.status == "guard" && std::all_of(report.guard.begin(), report.guard.end(), [](const GuardStop& stop) {
               return !stop.stopped || stop.reason == reason_confirmation;
           });
}

bool side_is_down(const Error& error) {
    return error.code() == Code::server_unreachable || error.code() == Code::connection_lost ||
           error.code() == Code::commit_unknown;
}

}  // namespace

PairRunner::Outcome PairRunner::run(const Task& task) {
    Outcome outcome;
    PastRun& past = outcome.run;
    outcome.began = moment_of(shared_.world.clock);
    past.command = task.request.command;
    past.job = task.job;
    past.why = task.why;
    const bool proves = past.command == "verify";
    past.mode = task.request.sync.mode;
    past.direction = task.request.sync.direction;
    past.tables = proves ? task.request.verify.tables : task.request.sync.tables;
    past.started_at = outcome.began.wall;
    try {
        attempt(task, outcome);
    } catch (const Error& error) {
        fail(task, outcome, error);
    } catch (const std::exception& error) {
        fail(task, outcome, Defect(error.what()));
    }
    const std::int64_t end = steady(), took = end - outcome.began.steady;
    outcome.took = Millis(took / 1000);
    past.finished_at = past.started_at + took;
    if (outcome.behind_since) past.lag_ms = (end - *outcome.behind_since) / 1000;
    return outcome;
}

void PairRunner::attempt(const Task& task, Outcome& outcome) {
    if (!reach_) reach_ = shared_.wiring.reach(*config_);
    const std::string desktop = reach_->server(Side::desktop), cloud = reach_->server(Side::cloud);
    const ConnectionLimits::Permit permit =
        shared_.limits.take(desktop, cloud, shared_.world.stop, [this] { beat(); });
    reach_->spare_connections(shared_.limits.limited(cloud));
    Beating connector(*reach_, [this] { beat(); });
    LiveProgress progress([this](const LiveProgress::Step& step) { show(step); });
    if (broke_off_) forget_own_lease();
    Engine engine(*config_, connector, shared_.world, progress);
    engine.serialize = shared_.wiring.run_json;
    task.request.command == "verify" ? verify(engine, task, outcome) : sync(engine, task, outcome);
    outcome.run.exit_code = static_cast<int>(exit_of_status(outcome.run.status));
    broke_off_ = false;
    if (shared_.limits.limited(desktop) || shared_.limits.limited(cloud)) reach_->rest();
}

void PairRunner::fail(const Task& task, Outcome& outcome, const Error& error) {
    const bool busy = error.exit() == Exit::locked;
    const bool refused = error.exit() == Exit::usage && task.why == "console";
    PastRun& past = outcome.run;
    past.status = busy ? "busy" : "failed";
    past.exit_code = static_cast<int>(error.exit());
    past.error_code = error.id();
    past.error_text = error.what();
    past.error_hint = error.hint().empty() ? std::string(info(error.code()).way_out) : error.hint();
    outcome.end = busy                  ? End::busy
                  : refused             ? End::refused
                  : side_is_down(error) ? End::side_down
                                        : End::told;
    broke_off_ = broke_off_ || !busy;
    // What it keeps may be the reason, a password that has changed for one.
    if (reach_) reach_->rest();
    if (error.code() != Code::interrupted)
        spdlog::log(busy ? spdlog::level::info : spdlog::level::err, "pair {}: {}: {} {}", config_->pair,
                    past.command, past.error_code, past.error_text);
}

// A run that a lost connection ended holds its leases for twenty seconds, and this process lives. Where nothing else of
// it was at work on the pair meanwhile, a lease in its name is that run's.
void PairRunner::forget_own_lease() {
    Pulse pulse(shared_.world);
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::unique_ptr<Store> store = reach_->open(side, pulse);
        const int begun = engines_begun_;
        if (begun != engines_ended_ || !store->identity(config_->pair)) continue;
        const LeaseState lease = store->lease();
        if (lease.held && lease.holder == process_identity() && begun == engines_begun_)
            store->release_lease(lease.run);
    }
}

// Where sides tell of changes nobody knows how long what a job finds has been there.
std::optional<std::int64_t> PairRunner::behind_since(const Task& task) const {
    if (task.changed_at) return task.changed_at;
    const Totals& totals = state_.totals;
    const bool told = config_->serve.push && (up_[0] || up_[1]);
    if (told || !totals.forward_at || !totals.reverse_at) return std::nullopt;
    return std::min(*totals.forward_at, *totals.reverse_at);
}

void PairRunner::sync(Engine& engine, const Task& task, Outcome& outcome) {
    const RunOptions& options = task.request.sync;
    const auto run = [&] {
        RunReport report = engine.sync(options);
        if (options.on_change && report.idle)
            outcome.end = End::fruitless;
        else
            outcome.run.report = shared_.wiring.run_json(report);
        return report;
    };
    const RunReport report = alert::observed<RunReport>(run, [&](const alert::Observation& seen) {
        if (outcome.end != End::fruitless) tell(seen, task);
    });
    if (outcome.end == End::fruitless) {
        outcome.run.status = "nothing new";
        return;
    }
    const std::int64_t rows = rows_written(report);
    outcome.wrote = rows > 0;
    outcome.run.status = report.status;
    {
        const Lock lock(guard_);
        if (report.status != "guard") outcome.behind_since = behind_since(task);
        add(state_.totals, report, outcome.began, options.tables.empty());
    }
    if (covers_nothing(report)) outcome.end = End::refused;
    if (outcome.wrote || task.why != "change" || report.status == "guard")
        spdlog::info("pair {}: sync ({}): {}, {} rows, {} ms", config_->pair, task.why, report.status, rows,
                     report.duration_ms);
}

void PairRunner::verify(Engine& engine, const Task& task, Outcome& outcome) {
    const auto run = [&] {
        VerifyReport report = engine.verify(task.request.verify);
        outcome.run.report = shared_.wiring.verify_json(report);
        return report;
    };
    const VerifyReport report =
        alert::observed<VerifyReport>(run, [&](const alert::Observation& seen) { tell(seen, task); });
    outcome.run.status = report.status;
    {
        const Lock lock(guard_);
        add(state_.totals, report, outcome.began);
    }
    spdlog::info("pair {}: verify ({}): {}, {} ms", config_->pair, task.why, report.status, report.duration_ms);
}

// A change may start a run many times a second; while all is well and nothing is to be told, those of the schedule
// tell of it.
void PairRunner::tell(const alert::Observation& seen, const Task& task) {
    const bool well = seen.status == "ok";
    if (task.why == "change" && well && told_well_ && seen.present.empty()) return;
    if (!seen.status.empty()) told_well_ = well;
    for (const alert::Failure& failure : alert::tell(*config_, seen, shared_.world))
        spdlog::warn("pair {}: {}: nobody was told by {}: {}", config_->pair, failure.code, failure.channel,
                     failure.text);
}

}  // namespace tideway::daemon
