// [serve] of the configuration as a value: what the service does with a pair.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model/policy.hpp"

namespace tideway {

struct JobSetting {  // [[serve.job]]; either `every` or `cron`
    std::optional<std::chrono::seconds> every;
    std::optional<std::string> cron;
    std::string zone;          // of cron; empty: the system's
    bool verify = false;       // run = "verify"
    Mode mode = Mode::incremental;          // of sync
    Direction direction = Direction::both;  // of sync
    std::vector<std::string> tables;        // empty: all
    bool operator==(const JobSetting&) const = default;
};

// Changes every few minutes, all rows every night, a proof every week.
inline std::vector<JobSetting> default_jobs() {
    JobSetting often, nightly, weekly;
    often.every = std::chrono::minutes(5);
    nightly.cron = "0 2 * * *";
    nightly.mode = Mode::full;
    weekly.cron = "0 3 * * sun";
    weekly.verify = true;
    return {often, nightly, weekly};
}

struct ServeConfig {
    std::string listen = "127.0.0.1:8484";  // of the console; empty: nowhere
    std::string token_file;                 // absolute path of the file with the console's login token
    std::vector<std::string> hosts;         // names under which a browser may ask, besides the address itself
    bool is_public = false;                 // listens on more than loopback
    bool push = true;                       // a change starts a run
    int max_connections = 0;                // to one server, all pairs of the service together; 0: no limit
    std::string memory;                     // absolute path of the file that says when jobs ran
    std::vector<JobSetting> jobs = default_jobs();
};

}  // namespace tideway
