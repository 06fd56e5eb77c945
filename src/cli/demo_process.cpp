#include "cli/demo_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.hpp"

extern char** environ;

namespace tideway::cli {
namespace {

std::vector<std::string> clean_environment() {
    std::vector<std::string> out = {"LC_ALL=C.UTF-8"};
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        if (!text.starts_with("PG") && !text.starts_with("LC_ALL=")) out.emplace_back(text);
    }
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

bool become(const OsUser& as) {
    return setgroups(0, nullptr) == 0 && setgid(as.group) == 0 && setuid(as.user) == 0 && chdir("/") == 0;
}

struct Launch {
    std::vector<std::string> argv;
    ProgramOptions options;
    int out = -1;  // for stdout; -1: the log
    bool own_session = false;
    bool dies_with_us = false;
};

// Only calls that are safe between fork and exec; everything that allocates happens before.
pid_t launch(Launch request) {
    std::vector<std::string> environment = clean_environment();
    const std::vector<char*> argv = pointers(request.argv), envp = pointers(environment);
    const pid_t pid = fork();
    if (pid < 0)
        throw Error(Code::usage,
                    fmt::format("cannot start {}: {}", request.argv.front(), std::strerror(errno)));
    if (pid > 0) return pid;
    const int log = open(request.options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(request.out >= 0 ? request.out : log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (request.own_session) setsid();
    if (request.options.as && !become(*request.options.as)) _exit(126);
    if (request.dies_with_us) prctl(PR_SET_PDEATHSIG, SIGINT);  // after setuid(), which would clear it
    execve(argv.front(), argv.data(), envp.data());
    _exit(127);
}

int exit_code_of(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Finished run_to_end(const std::vector<std::string>& argv, const ProgramOptions& options) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        throw Error(Code::usage, fmt::format("no pipe: {}", std::strerror(errno)));
    const pid_t pid = launch({argv, options, ends[1]});
    close(ends[1]);
    Finished finished;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = read(ends[0], buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0) finished.out.append(buffer, static_cast<std::size_t>(got));
    close(ends[0]);
    finished.exit_code = exit_code_of(pid);
    return finished;
}

pid_t start_server(const std::vector<std::string>& argv, const ProgramOptions& options, bool may_outlive_us) {
    return launch({argv, options, -1, true, !may_outlive_us});
}

}  // namespace tideway::cli
