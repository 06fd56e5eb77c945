// A child process: started at once, signalled, waited for with a deadline, killed at the end of life.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tideway::test {

using Environment = std::map<std::string, std::optional<std::string>>;  // no value = unset the variable
using Millis = std::chrono::milliseconds;

struct ProcessOptions {
    Environment env = {};        // on top of this process's environment
    bool as_postgres = false;    // run as the user that servers run as (os_user.hpp), in directory /
    std::string append_to = {};  // stdout and stderr go to the end of this file instead of out() and err()
    std::string input = {};      // what the child reads from stdin
};

class Process {
  public:
    // argv[0] is a path, or a name that PATH knows. Throws when it cannot be executed.
    Process(const std::vector<std::string>& argv, const ProcessOptions& options);
    explicit Process(const std::vector<std::string>& argv) : Process(argv, ProcessOptions{}) {}
    ~Process();  // SIGKILL to it and its children when it still runs
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    bool running();
    void signal(int number) const;
    // The exit code, or minus the number of the signal that ended it; nothing when the deadline passed first.
    std::optional<int> wait(Millis deadline);
    void signal_tree(int number) const;  // to it and its direct children
    int kill_tree();  // SIGKILL to it and its direct children; all are gone after; returns what wait() would
    // The most memory that it held, in KiB; known once it has ended. Never less than what this process held
    // when it started the other one.
    long peak_kib() const { return peak_kib_; }

    // What it has written so far; may be read while it runs.
    std::string out() const;
    std::string err() const;

  private:
    void start(const std::vector<std::string>& argv, const ProcessOptions& options);
    std::optional<int> reap(bool block);

    pid_t pid_ = -1;
    int out_ = -1;
    int err_ = -1;
    long peak_kib_ = 0;
    std::optional<int> exit_code_;
};

struct Finished {
    int exit_code;
    std::string out;
    std::string err;
};

// Runs to its end; throws when the deadline passes.
Finished run(const std::vector<std::string>& argv, const ProcessOptions& options = {},
             Millis deadline = std::chrono::seconds(120));
// The same, and throws with its stderr unless it ends with exit code 0.
std::string run_checked(const std::vector<std::string>& argv, const ProcessOptions& options = {},
                        Millis deadline = std::chrono::seconds(120));

}  // namespace tideway::test
