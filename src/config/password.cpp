#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "base/error.hpp"
#include "config/config.hpp"

extern char** environ;

namespace tideway {
namespace {

using std::chrono::steady_clock;

// Long enough for a person to unlock a key ring, short enough that a scheduled run does not hang for ever.
constexpr std::chrono::seconds command_deadline{60};

[[noreturn]] void fail(const std::string& what, const std::string& hint) {
    throw Error(Code::password_source, what, hint);
}

std::string first_line(const std::string& text) {
    std::string line = text.substr(0, text.find('\n'));
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::string read_file(const std::string& path) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0)
        fail(fmt::format("password_file {}: {}", path, std::strerror(errno)),
             "check the path in the configuration");
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fail(fmt::format("password_file {} may be used by other users (mode {:03o})", path,
                         found.st_mode & 0777),
             fmt::format("chmod 600 {}", path));
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    if (first_line(line).empty())
        fail(fmt::format("password_file {} is empty or cannot be read", path),
             "its first line is the password");
    return first_line(line);
}

struct Child {
    pid_t pid = -1;
    int out = -1;  // the reading end of its stdout
};

// stdin is /dev/null: a command that wants to ask somebody fails instead of waiting. stderr stays ours, so
// that the command's own complaint is seen.
Child start_shell(const std::string& command) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail(fmt::format("no pipe: {}", std::strerror(errno)), "");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string shell = "sh", flag = "-c", text = command;
    char* argv[] = {shell.data(), flag.data(), text.data(), nullptr};
    Child child;
    const int error = posix_spawn(&child.pid, "/bin/sh", &actions, nullptr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    child.out = ends[0];
    if (error != 0) {
        close(ends[0]);
        fail(fmt::format("password_command cannot be started: {}", std::strerror(error)), "");
    }
    return child;
}

// All that the child writes until it closes its stdout; nothing when the deadline passed first.
std::optional<std::string> read_all(int fd) {
    const auto end = steady_clock::now() + command_deadline;
    std::string out;
    char buffer[4096];
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_clock::now()).count();
        pollfd wait{fd, POLLIN, 0};
        const int ready = left > 0 ? poll(&wait, 1, static_cast<int>(left)) : 0;
        if (ready == 0) return std::nullopt;
        if (ready < 0) continue;  // a signal; the deadline still counts
        const ssize_t got = read(fd, buffer, sizeof buffer);
        if (got <= 0) return out;
        out.append(buffer, static_cast<std::size_t>(got));
    }
}

std::string run_command(const std::string& command) {
    const Child child = start_shell(command);
    const std::optional<std::string> out = read_all(child.out);
    close(child.out);
    if (!out) kill(child.pid, SIGKILL);
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!out)
        fail(fmt::format("password_command gave no answer within {} s", command_deadline.count()),
             "run it by hand as the user that runs tideway");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail(fmt::format("password_command failed ({})",
                         WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                           : fmt::format("signal {}", WTERMSIG(status))),
             "run it by hand as the user that runs tideway; it must print the password on its first line");
    if (first_line(*out).empty())
        fail("password_command printed nothing", "it must print the password on its first line");
    return first_line(*out);
}

}  // namespace

std::optional<std::string> read_password(const SideSetting& side) {
    if (side.password_file) return read_file(*side.password_file);
    if (side.password_command) return run_command(*side.password_command);
    return std::nullopt;
}

}  // namespace tideway
