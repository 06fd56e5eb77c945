#include "support/janitor.hpp"
#include "paths.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace tideway::test::janitor {
namespace {

// Returns the writing end of the watchdog's pipe. Only this process may hold it, hence O_CLOEXEC.
int start_watchdog() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    const pid_t pid = fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) {
        setsid();  // a signal to the group of the tests must not reach it
        dup2(ends[0], STDIN_FILENO);
        const int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        close_range(3, ~0U, 0);
        execl("/bin/bash", "bash", TIDEWAY_SOURCE_DIR "/tests/support/janitor.sh", nullptr);
        _exit(127);
    }
    close(ends[0]);
    return ends[1];
}

void tell(const std::string& line) {
    static const int watchdog = start_watchdog();
    if (write(watchdog, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error("the watchdog of the tests is gone");
}

}  // namespace

void process_started(pid_t pid) { tell(fmt::format("process {}\n", pid)); }
void process_reaped(pid_t pid) { tell(fmt::format("reaped {}\n", pid)); }
void directory_made(const std::string& path) { tell(fmt::format("directory {}\n", path)); }
void directory_removed(const std::string& path) { tell(fmt::format("removed {}\n", path)); }

}  // namespace tideway::test::janitor
