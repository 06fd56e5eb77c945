#include "daemon/schedule.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/duration.hpp"
#include "daemon/cron_time.hpp"

namespace tideway::daemon {
namespace {

// A job that comes this late was slept through: the machine was off, or busy with a longer run.
constexpr std::int64_t late_micros = 60'000'000;

bool is_verify(const RunRequest& request) { return request.command == "verify"; }

bool includes(const std::vector<std::string>& wide, const std::vector<std::string>& narrow) {
    if (wide.empty()) return true;
    return !narrow.empty() && std::all_of(narrow.begin(), narrow.end(), [&](const std::string& table) {
        return std::find(wide.begin(), wide.end(), table) != wide.end();
    });
}

int rank(const RunRequest& request) {
    if (is_verify(request)) return 3;
    if (request.sync.on_change) return 2;
    return request.sync.mode == Mode::full ? 0 : 1;
}

int turn(const Task& task) { return rank(task.request) - task.passed_over; }

std::int64_t by_its_clock(const JobSetting& setting, Moment now) { return setting.every ? now.steady : now.wall; }

}  // namespace

bool covers(const RunRequest& wide, const RunRequest& narrow) {
    if (wide.command != narrow.command) return false;
    if (is_verify(wide))
        return includes(wide.verify.tables, narrow.verify.tables) && wide.verify.repair >= narrow.verify.repair &&
               wide.verify.anew >= narrow.verify.anew;
    if (narrow.sync.confirm && narrow.sync.confirm != wide.sync.confirm) return false;
    // A look at what has changed leaves alone what waits for other reasons.
    if (wide.sync.on_change && !narrow.sync.on_change) return false;
    return includes(wide.sync.tables, narrow.sync.tables) &&
           (wide.sync.mode == Mode::full || wide.sync.mode == narrow.sync.mode) &&
           (wide.sync.direction == Direction::both || wide.sync.direction == narrow.sync.direction);
}

std::vector<std::string> job_names(const std::vector<JobSetting>& jobs) {
    std::vector<std::string> names;
    for (const JobSetting& job : jobs) {
        const std::string name =
            job.every ? "every " + config::duration_text(*job.every) : "cron " + job.cron.value_or("");
        std::string unique = name;
        for (int number = 2; std::find(names.begin(), names.end(), unique) != names.end(); ++number)
            unique = fmt::format("{} ({})", name, number);
        names.push_back(unique);
    }
    return names;
}

RunRequest request_of(const JobSetting& job) {
    RunRequest request;
    request.command = job.verify ? "verify" : "sync";
    request.sync.mode = job.mode;
    request.sync.direction = job.direction;
    request.sync.tables = request.verify.tables = job.tables;
    return request;
}

std::optional<std::int64_t> Schedule::next_of(const JobSetting& setting, Moment after) {
    if (setting.every) return after.steady + std::chrono::microseconds(*setting.every).count();
    const TimeZone zone = setting.zone.empty() ? TimeZone::local()
                                               : TimeZone::named(setting.zone).value_or(TimeZone::utc());
    const auto cron = config::parse_cron(setting.cron.value_or(""));
    return cron ? next_time(*cron, zone, after.wall) : std::nullopt;
}

// A time that lies in the future (the clock was set back) says nothing.
Schedule::Job Schedule::job(const std::string& name, const JobSetting& setting, const Times& last, Moment now) {
    Job job{name, setting, request_of(setting), std::nullopt, false};
    const auto before = last.find(name);
    if (before == last.end() || before->second > now.wall) {
        job.next = setting.every ? std::optional(now.steady) : next_of(setting, now);
        return job;
    }
    const std::int64_t ago = now.wall - before->second;
    job.next = next_of(setting, {before->second, now.steady - ago});
    job.missed = job.next && *job.next < by_its_clock(setting, now);
    if (job.missed) job.next = by_its_clock(setting, now);
    return job;
}

Schedule::Schedule(const std::vector<JobSetting>& jobs, const Times& last, Moment now) {
    const std::vector<std::string> names = job_names(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs_.push_back(job(names[i], jobs[i], last, now));
}

void Schedule::use(const std::vector<JobSetting>& jobs, Moment now) {
    const std::vector<Job> before = std::move(jobs_);
    jobs_.clear();
    const std::vector<std::string> names = job_names(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto same = std::find_if(before.begin(), before.end(), [&](const Job& each) {
            return each.name == names[i] && each.setting == jobs[i];
        });
        jobs_.push_back(same != before.end()
                            ? *same
                            : Job{names[i], jobs[i], request_of(jobs[i]), next_of(jobs[i], now), false});
    }
}

void Schedule::ask(Task task) {
    for (Task& other : waiting_)
        if (covers(other.request, task.request)) {
            other.jobs.insert(other.jobs.end(), task.jobs.begin(), task.jobs.end());
            return;
        }
    waiting_.push_back(std::move(task));
}

void Schedule::collect(Moment now) {
    for (Job& job : jobs_) {
        const std::int64_t its_now = by_its_clock(job.setting, now);
        if (!job.next || *job.next > its_now) continue;
        const bool missed = job.missed || its_now - *job.next > late_micros;
        ask({job.request, job.name, missed ? "missed" : "schedule", {job.name}});
        job.missed = false;
        job.next = next_of(job.setting, now);
    }
}

std::optional<Task> Schedule::take(Moment now) {
    collect(now);
    if (waiting_.empty()) return std::nullopt;
    const auto first = std::min_element(waiting_.begin(), waiting_.end(),
                                        [](const Task& a, const Task& b) { return turn(a) < turn(b); });
    Task task = std::move(*first);
    waiting_.erase(first);
    std::erase_if(waiting_, [&](const Task& other) {
        if (!covers(task.request, other.request)) return false;
        task.jobs.insert(task.jobs.end(), other.jobs.begin(), other.jobs.end());
        return true;
    });
    for (Task& other : waiting_) ++other.passed_over;
    return task;
}

std::vector<JobState> Schedule::jobs(Moment now) const {
    std::vector<JobState> states;
    for (const Job& job : jobs_) {
        std::optional<std::int64_t> next_at = job.next;
        if (next_at) *next_at += now.wall - by_its_clock(job.setting, now);
        states.push_back(
            {job.name, job.request.command, job.request.sync.mode, job.request.sync.direction, next_at});
    }
    return states;
}

}  // namespace tideway::daemon
