// The end of a run: what it says of the pair, and what comes next.
#include <spdlog/spdlog.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "daemon/job_memory.hpp"
#include "daemon/pair_runner.hpp"

namespace tideway::daemon {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kept_runs = 500;
// A run that another one kept from working comes back soon.
constexpr Millis after_busy{2'000};
// A change that turned out to be none: such runs may take this share of the time.
constexpr int share_of_fruitless = 10;
constexpr Millis longest_pause{60'000};

bool is_good(const PastRun& run) { return run.exit_code == 0 || run.exit_code == 3; }

std::string summary(const PastRun& run) {
    const Json json = {{"number", run.number},         {"command", run.command},
                       {"job", run.job},               {"why", run.why},
                       {"started_at", run.started_at}, {"finished_at", run.finished_at},
                       {"exit_code", run.exit_code},   {"status", run.status},
                       {"error_code", run.error_code}, {"error_text", run.error_text}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void PairRunner::settle(Task task, Outcome outcome, const std::string& needed) {
    PastRun& run = outcome.run;
    record(task, outcome);
    shared_.events.add(config_->pair, "finished", summary(run));
    pace(task, outcome);
    if (outcome.end == End::side_down) {
        try_again(std::move(task), back_off_.wait(shared_.world.random));
        return set_phase(PairPhase::backing_off, run.error_text);
    }
    if (outcome.end == End::busy) {
        try_again(std::move(task), after_busy);
        return go_on_as_before(needed, run.error_text);
    }
    back_off_.succeeded();
    if (!shared_.world.stop.requested()) remember(task, outcome.began.wall);
    if (outcome.end == End::fruitless || outcome.end == End::refused) return go_on_as_before(needed, "");
    const bool needs_person = !is_good(run) && run.status != "differs";
    set_phase(needs_person ? PairPhase::failed : PairPhase::idle,
              run.status == "guard" ? "a guard stopped something" : run.error_text);
}

// What says nothing about the pair is no part of its story, nor is a change's run that had nothing to write.
void PairRunner::record(const Task& task, Outcome& outcome) {
    const Lock lock(guard_);
    state_.live.reset();
    state_.totals.busy_ms += outcome.took.count();
    if (outcome.end == End::fruitless || outcome.end == End::busy) return;
    PastRun& run = outcome.run;
    run.number = ++runs_;
    ++state_.totals.runs[run.status];
    state_.last = run;
    if (is_good(run)) state_.last_good = run;
    if (task.why != "change" || outcome.wrote || !is_good(run)) history_.push_front(run);
    if (history_.size() > kept_runs) history_.pop_back();
}

// The task stays, and with it whatever it stands for. What a run has begun is for an ordinary one to end.
void PairRunner::try_again(Task task, Millis wait) {
    task.why = "retry";
    task.request.sync.on_change = false;
    const Moment moment = moment_of(shared_.world.clock);
    const Lock lock(guard_);
    schedule_.ask(std::move(task));
    retry_at_ = moment.steady + wait.count() * 1000;
    state_.until = moment.wall + wait.count() * 1000;
}

void PairRunner::go_on_as_before(const std::string& needed, const std::string& reason) {
    needed.empty() ? set_phase(PairPhase::idle, reason) : set_phase(PairPhase::failed, needed);
}

// What a change on a side calls for is done at once. Where it is nothing to us, as a rule, we look less often.
void PairRunner::pace(const Task& task, const Outcome& outcome) {
    if (task.why != "change") return;
    const Millis pause = std::max(outcome.took * share_of_fruitless, fruitless_ * 2);
    fruitless_ = outcome.wrote ? Millis(0) : std::min(pause, longest_pause);
    const Lock lock(guard_);
    pushes_from_ = steady() + fruitless_.count() * 1000;
}

void PairRunner::remember(const Task& task, std::int64_t began) {
    if (task.jobs.empty()) return;
    for (const std::string& job : task.jobs) ran_[job] = began;
    if (remember_jobs(config_->serve.memory, ran_)) {
        memory_failed_ = false;
        return;
    }
    if (!memory_failed_)
        spdlog::warn("pair {}: {} cannot be written: what is missed while the service is down will not be known",
                     config_->pair, config_->serve.memory);
    memory_failed_ = true;
}

}  // namespace tideway::daemon
