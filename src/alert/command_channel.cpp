// A command of the user's that gets the message as JSON on stdin.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "alert/channel.hpp"

extern "C" {  // glibc 2.36 forgets to say so
#include <sys/pidfd.h>
}

extern char** environ;

namespace tideway::alert {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw Error(Code::alert_command, "the alert command " + what);
}

class File {
  public:
    explicit File(int number) : number_(number) {}
    ~File() {
        if (number_ >= 0) ::close(number_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int number() const { return number_; }

  private:
    int number_;
};

// The message as a file in memory: a command that does not read it cannot make us wait or end us.
void fill(const File& input, const std::string& text) {
    const auto length = static_cast<ssize_t>(text.size());
    if (input.number() < 0 || ::write(input.number(), text.data(), text.size()) != length ||
        ::lseek(input.number(), 0, SEEK_SET) != 0)
        fail(fmt::format("cannot be given its input: {}", std::strerror(errno)));
}

// In a process group of its own, so that all it starts can be ended with it. Its stdout is not ours: that is
// for results.
pid_t start(const std::string& command, const File& input) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.number(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    std::string shell = "sh", flag = "-c", text = command;
    char* argv[] = {shell.data(), flag.data(), text.data(), nullptr};
    pid_t pid = -1;
    const int error = posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) fail(fmt::format("cannot be started: {}", std::strerror(error)));
    return pid;
}

bool ended_within(pid_t pid, std::chrono::milliseconds limit) {
    const File handle(::pidfd_open(pid, 0));
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd wait{handle.number(), POLLIN, 0};
        const int ready = left.count() > 0 ? ::poll(&wait, 1, static_cast<int>(left.count())) : 0;
        if (ready >= 0) return ready > 0;  // else a signal; the deadline still counts
    }
}

class CommandChannel : public Channel {
  public:
    CommandChannel(std::string command, std::chrono::seconds timeout)
        : command_(std::move(command)), timeout_(timeout) {}
    std::string name() const override { return "command"; }
    std::string where() const override { return "alert.command"; }

    void send(const Message& message) override {
        const File input(::memfd_create("tideway alert", MFD_CLOEXEC));
        fill(input, json(message) + "\n");
        const pid_t pid = start(command_, input);
        const bool ended = ended_within(pid, timeout_);
        if (!ended) ::kill(-pid, SIGKILL);
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (!ended) fail(fmt::format("did not end within {} s and was stopped", timeout_.count()));
        if (WIFSIGNALED(status)) fail(fmt::format("was ended by signal {}", WTERMSIG(status)));
        if (WEXITSTATUS(status) != 0) fail(fmt::format("ended with exit code {}", WEXITSTATUS(status)));
    }

  private:
    std::string command_;
    std::chrono::seconds timeout_;
};

}  // namespace

std::unique_ptr<Channel> command_channel(const std::string& command, std::chrono::seconds timeout) {
    return std::make_unique<CommandChannel>(command, timeout);
}

}  // namespace tideway::alert
