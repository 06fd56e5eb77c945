// The life of a pair: what it shows and what it waits for.
#include "daemon/pair_runner.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "daemon/health.hpp"
#include "daemon/job_memory.hpp"

namespace tideway::daemon {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t event_every_micros = 200'000;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

PairRunner::PairRunner(Config config, Shared shared)
    : shared_(shared),
      config_(std::make_shared<const Config>(std::move(config))),
      schedule_(config_->serve.jobs, recall_jobs(config_->serve.memory), moment_of(shared.world.clock)),
      ran_(recall_jobs(config_->serve.memory)) {
    state_.name = config_->pair;
    state_.config_path = config_->path;
    beat();
    thread_ = std::thread([this] { work(); });
}

PairRunner::~PairRunner() { end(); }

void PairRunner::end() {
    retire();
    if (thread_.joinable()) thread_.join();
}

PairState PairRunner::state() const {
    const Lock lock(guard_);
    PairState state = state_;
    state.jobs = schedule_.jobs(moment_of(shared_.world.clock));
    // Between runs only the watches know that a side is down; they look for it again all the time.
    for (const std::string& trouble : trouble_) {
        if (state.phase != PairPhase::idle || trouble.empty()) continue;
        state.phase = PairPhase::backing_off;
        state.reason = trouble;
    }
    return state;
}

std::vector<PastRun> PairRunner::history(std::size_t limit) const {
    const Lock lock(guard_);
    return {history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, history_.size()))};
}

void PairRunner::ask(const RunRequest& request) {
    const Lock lock(guard_);
    if (standing_ == Standing::theirs)
        throw Error(Code::lease_held, fmt::format("another service works on pair \"{}\"", state_.name),
                    "ask that one; this one takes over when it ends");
    schedule_.ask({request, "", "console", {}});
    changed_.notify_all();
}

void PairRunner::with_engine(const std::function<void(Engine&, const Config&)>& work) {
    Lock lock(guard_);
    const std::shared_ptr<const Config> config = config_;
    lock.unlock();
    const std::unique_ptr<Reach> reach = shared_.wiring.reach(*config);
    LiveProgress silent([](const LiveProgress::Step&) {});
    Engine engine(*config, *reach, shared_.world, silent);
    engine.serialize = shared_.wiring.run_json;
    struct Ended {
        std::atomic<int>& count;
        ~Ended() { ++count; }
    } ended{engines_ended_};
    ++engines_begun_;
    work(engine, *config);
}

void PairRunner::use(Config config) {
    const Lock lock(guard_);
    next_config_ = std::move(config);
    changed_.notify_all();
}

void PairRunner::retire() {
    const Lock lock(guard_);
    retired_ = true;
    changed_.notify_all();
}

void PairRunner::beat() {
    const Lock lock(guard_);
    state_.alive_at = steady();
}

void PairRunner::set_phase(PairPhase phase, const std::string& reason) {
    Lock lock(guard_);
    if (state_.phase == phase && state_.reason == reason) return;
    state_.phase = phase;
    state_.reason = reason;
    const std::string name = state_.name;
    lock.unlock();
    shared_.events.add(name, "phase", dump({{"phase", phase_name(phase)}, {"reason", reason}}));
}

// --------------------------------------------------------------------------- the thread

void PairRunner::work() {
    watch_sides();
    while (!ended()) {
        try {
            step();
        } catch (const std::exception& error) {  // one pair's failure ends no other pair
            const Defect defect(error.what());
            spdlog::error("pair {}: {} {}", config_->pair, defect.id(), defect.what());
            set_phase(PairPhase::failed, defect.what());
            wait_a_moment();
        }
    }
    desktop_watch_.reset();
    cloud_watch_.reset();
}

bool PairRunner::ended() const {
    const Lock lock(guard_);
    return retired_ || shared_.world.stop.requested();
}

void PairRunner::step() {
    beat();
    take_over_config();
    Lock lock(guard_);
    std::optional<Task> task = next_task();
    lock.unlock();
    if (task)
        carry_out(std::move(*task));
    else
        wait_a_moment();
}

void PairRunner::wait_a_moment() {
    Lock lock(guard_);
    const bool theirs = standing_ == Standing::theirs;
    if (theirs != (state_.phase == PairPhase::standby)) {
        const std::string holder = holder_;
        lock.unlock();
        spdlog::info("pair {}: {}", config_->pair,
                     theirs ? fmt::format("stands by: {} works on it", holder) : "this service works on it now");
        set_phase(theirs ? PairPhase::standby : PairPhase::idle,
                  theirs ? fmt::format("{} works on it", holder) : "");
        lock.lock();
    }
    changed_.wait_for(lock, Millis(200));
}

// Nobody else has the pair; and where nobody could be asked, the lease of each run decides.
bool PairRunner::may_run() const { return standing_ == Standing::ours || standing_ == Standing::nobody_to_ask; }

std::optional<Task> PairRunner::next_task() {
    const Moment moment = moment_of(shared_.world.clock);
    if (!may_run()) return std::nullopt;
    if (retry_at_) {
        const bool back = state_.phase == PairPhase::backing_off && came_back_ && up_[0] && up_[1];
        if (!back && moment.steady < *retry_at_) return std::nullopt;
        retry_at_.reset();
        state_.until.reset();
    }
    came_back_ = false;
    if (change_seen_ && config_->serve.push && moment.steady >= pushes_from_) {
        change_seen_ = false;
        Task task;
        task.why = "change";
        task.request.sync.on_change = true;
        task.changed_at = changed_at_;
        schedule_.ask(std::move(task));
    }
    return schedule_.take(moment);
}

void PairRunner::carry_out(Task task) {
    std::string needed;  // why a person is needed, as far as was known before
    {
        const Lock lock(guard_);
        if (state_.phase == PairPhase::failed) needed = state_.reason;
        state_.live = LiveRun{task.job, task.why, shared_.world.clock.now_micros(), "", "", 0, 0};
    }
    set_phase(PairPhase::running, "");
    shared_.events.add(config_->pair, "started",
                       dump({{"command", task.request.command}, {"job", task.job}, {"why", task.why}}));
    Outcome outcome = run(task);
    settle(std::move(task), std::move(outcome), needed);
}

void PairRunner::show(const LiveProgress::Step& step) {
    Lock lock(guard_);
    const std::int64_t moment = steady();
    state_.alive_at = moment;
    if (!state_.live) return;
    LiveRun& live = *state_.live;
    const bool turned = live.phase != step.phase || live.table != step.table;
    live.phase = step.phase;
    live.table = step.table;
    live.done = step.done;
    live.total = step.total;
    if (!turned && moment - shown_at_ < event_every_micros) return;
    shown_at_ = moment;
    const Json data = {{"phase", step.phase}, {"table", step.table}, {"done", step.done}, {"total", step.total}};
    lock.unlock();
    shared_.events.add(config_->pair, "progress", dump(data));
}

}  // namespace tideway::daemon
