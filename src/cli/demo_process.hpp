// Programs that the demo starts: PostgreSQL's own, as a user that PostgreSQL accepts.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace tideway::cli {

struct OsUser {
    uid_t user;
    gid_t group;
};

struct ProgramOptions {
    std::optional<OsUser> as;  // none: ourselves
    std::string log;           // stderr (and a server's stdout) is appended to this file
};

struct Finished {
    int exit_code = 0;  // 128 + signal when one ended it
    std::string out;
};

// argv[0] is a path. Runs to its end; stdin is /dev/null; no PG* variable of ours reaches it.
Finished run_to_end(const std::vector<std::string>& argv, const ProgramOptions& options);

// A server in a session of its own, so that a Ctrl-C on our terminal does not reach it. Unless it may outlive
// us, it is told to stop when this process dies, however that happens.
pid_t start_server(const std::vector<std::string>& argv, const ProgramOptions& options, bool may_outlive_us);

}  // namespace tideway::cli
