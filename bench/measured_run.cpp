#include "measured_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "support/janitor.hpp"
#include "support/temp_dir.hpp"

namespace tideway::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> clean_environment() {
    std::vector<std::string> clean;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (!text.starts_with("PG") && !text.starts_with("TIDEWAY_")) clean.push_back(text);
    }
    return clean;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& text : strings) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

pid_t start(std::vector<std::string> argv, const std::string& out, const std::string& err) {
    std::vector<std::string> environment = clean_environment();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    pid_t pid = -1;
    const int error = posix_spawnp(&pid, argv[0].c_str(), &actions, nullptr, pointers(argv).data(),
                                   pointers(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot execute " + argv[0]);
    test::janitor::process_started(pid);
    return pid;
}

// False: the deadline passed first.
bool ends_before(pid_t pid, Clock::time_point deadline) {
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "pidfd_open");
    pollfd ended{fd, POLLIN, 0};
    int ready = 0;
    do {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        ready = poll(&ended, 1, left > 0 ? static_cast<int>(left) : 0);
    } while (ready < 0 && errno == EINTR);
    close(fd);
    return ready > 0;
}

}  // namespace

MeasuredRun measured_run(const std::vector<std::string>& argv, std::chrono::seconds deadline) {
    const test::TempDir dir;
    const Clock::time_point begin = Clock::now();
    const pid_t pid = start(argv, dir / "out", dir / "err");
    const bool in_time = ends_before(pid, begin + deadline);
    if (!in_time) kill(pid, SIGKILL);
    int status = 0;
    rusage usage{};
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) continue;
    const std::chrono::duration<double> elapsed = Clock::now() - begin;
    test::janitor::process_reaped(pid);
    MeasuredRun run{WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status),
                    test::read_file(dir / "out"), test::read_file(dir / "err"), elapsed.count(),
                    usage.ru_maxrss};
    if (!in_time) throw std::runtime_error(argv[0] + " did not end in time:\n" + run.err);
    return run;
}

}  // namespace tideway::bench
