// What is to be run next, and why: pure. One task at a time is handed out.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/serve_config.hpp"
#include "daemon/moment.hpp"
#include "daemon/service.hpp"

namespace tideway::daemon {

struct Task {
    RunRequest request;
    std::string job;                // empty: of no job
    std::string why;                // as in LiveRun
    std::vector<std::string> jobs;  // all that are done with it
    int passed_over = 0;            // how often another one went first while this one waited
    std::optional<std::int64_t> changed_at = {};  // by the steady clock: when a side told of the change
};

// Whether a run of `wide` does all that one of `narrow` would do.
bool covers(const RunRequest& wide, const RunRequest& narrow);
// "every 5m", "cron 0 2 * * *"; a number is added where several jobs have the same time.
std::vector<std::string> job_names(const std::vector<JobSetting>& jobs);
RunRequest request_of(const JobSetting& job);

class Schedule {
  public:
    using Times = std::map<std::string, std::int64_t>;  // by a job's name; as Moment::wall

    // `last`: when each job last began. What was missed since is due now, once; an interval that never ran is
    // due now as well.
    Schedule(const std::vector<JobSetting>& jobs, const Times& last, Moment now);
    // Other jobs from now on; what waits stays, and jobs of the same name keep their times.
    void use(const std::vector<JobSetting>& jobs, Moment now);

    // Unless something that covers it waits already.
    void ask(Task task);
    // What is to be run now, if anything: the widest sync first, proofs last. What it covers goes with it. What
    // was passed over moves up, so that it comes to its turn however much is asked for meanwhile.
    std::optional<Task> take(Moment now);
    std::vector<JobState> jobs(Moment now) const;

  private:
    struct Job {
        std::string name;
        JobSetting setting;
        RunRequest request;
        std::optional<std::int64_t> next;  // an interval's by the steady clock, a time of day's by the other
        bool missed = false;
    };
    static Job job(const std::string& name, const JobSetting& setting, const Times& last, Moment now);
    static std::optional<std::int64_t> next_of(const JobSetting& setting, Moment after);
    void collect(Moment now);

    std::vector<Job> jobs_;
    std::vector<Task> waiting_;
};

}  // namespace tideway::daemon
