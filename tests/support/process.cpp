#include "support/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "support/janitor.hpp"
#include "support/os_user.hpp"

namespace tideway::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// All that the child needs between fork and exec, where nothing may allocate.
struct Launch {
    std::vector<std::string> argv;
    std::vector<std::string> env;
    std::vector<char*> argv_pointers;
    std::vector<char*> env_pointers;
    int in, out, err, report;
    bool change_user;
    OsUser user;
};

std::vector<std::string> merged_environment(const Environment& changes) {
    std::vector<std::string> merged;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (!changes.contains(text.substr(0, text.find('=')))) merged.push_back(text);
    }
    for (const auto& [name, value] : changes)
        if (value) merged.push_back(name + "=" + *value);
    return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& text : strings) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

int memory_file(const std::string& text = "") {
    const int fd = memfd_create("tideway-test", MFD_CLOEXEC);
    if (fd < 0 || (fcntl(fd, F_SETFL, O_APPEND) < 0)) fail("memfd_create");
    if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail("write");
    lseek(fd, 0, SEEK_SET);
    return fd;
}

std::string content(int fd) {
    std::string text;
    char buffer[65536];
    ssize_t got = 0;
    while (fd >= 0 && (got = pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0)
        text.append(buffer, static_cast<std::size_t>(got));
    return text;
}

bool become(const OsUser& user) {
    return setgroups(0, nullptr) == 0 && setgid(user.gid) == 0 && setuid(user.uid) == 0 && chdir("/") == 0;
}

[[noreturn]] void execute(const Launch& launch) {
    dup2(launch.in, STDIN_FILENO);
    dup2(launch.out, STDOUT_FILENO);
    dup2(launch.err, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (!launch.change_user || become(launch.user))
        execvpe(launch.argv_pointers[0], launch.argv_pointers.data(), launch.env_pointers.data());
    const int error = errno;
    (void)!write(launch.report, &error, sizeof error);
    _exit(127);
}

std::vector<pid_t> children_of(pid_t pid) {
    std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", pid));
    std::vector<pid_t> children;
    for (pid_t child = 0; list >> child;) children.push_back(child);
    return children;
}

void stop_and_wait(pid_t pid) {
    kill(pid, SIGSTOP);
    siginfo_t ignored;
    waitid(P_PID, static_cast<id_t>(pid), &ignored, WSTOPPED | WEXITED | WNOWAIT);
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, const ProcessOptions& options) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // kill_tree() waits for grandchildren
    if (options.append_to.empty()) {
        out_ = memory_file();
        err_ = memory_file();
    } else {
        out_ = open(options.append_to.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (out_ < 0) fail("open " + options.append_to);
    }
    start(argv, options);
}

void Process::start(const std::vector<std::string>& argv, const ProcessOptions& options) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) fail("pipe2");
    Launch launch{.argv = argv,
                  .env = merged_environment(options.env),
                  .argv_pointers = {},
                  .env_pointers = {},
                  .in = memory_file(options.input),
                  .out = out_,
                  .err = err_ < 0 ? out_ : err_,
                  .report = report[1],
                  .change_user = options.as_postgres && running_as_root(),
                  .user = postgres_user()};
    launch.argv_pointers = pointers(launch.argv);
    launch.env_pointers = pointers(launch.env);
    pid_ = fork();
    if (pid_ == 0) execute(launch);
    close(report[1]);
    close(launch.in);
    if (pid_ < 0) fail("fork");
    janitor::process_started(pid_);
    int error = 0;
    const ssize_t got = read(report[0], &error, sizeof error);
    close(report[0]);
    if (got == 0) return;
    reap(true);
    errno = error;
    fail("cannot execute " + argv[0]);
}

Process::~Process() {
    kill_tree();
    close(out_);
    if (err_ >= 0) close(err_);
}

std::optional<int> Process::reap(bool block) {
    if (exit_code_) return exit_code_;
    int status = 0;
    rusage usage{};
    if (wait4(pid_, &status, block ? 0 : WNOHANG, &usage) != pid_) return std::nullopt;
    peak_kib_ = usage.ru_maxrss;
    exit_code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    janitor::process_reaped(pid_);
    return exit_code_;
}

bool Process::running() { return !reap(false); }

void Process::signal(int number) const {
    if (!exit_code_ && kill(pid_, number) != 0) fail("kill");
}

std::optional<int> Process::wait(Millis deadline) {
    if (exit_code_) return exit_code_;
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    if (fd < 0) fail("pidfd_open");
    const auto end = std::chrono::steady_clock::now() + deadline;
    pollfd ended{fd, POLLIN, 0};
    int ready = 0;
    do {
        const auto left = std::chrono::duration_cast<Millis>(end - std::chrono::steady_clock::now()).count();
        ready = poll(&ended, 1, static_cast<int>(std::max<Millis::rep>(left, 0)));
    } while (ready < 0 && errno == EINTR);
    close(fd);
    return reap(ready > 0);
}

void Process::signal_tree(int number) const {
    if (exit_code_) return;
    if (number == SIGSTOP) stop_and_wait(pid_);  // so that it starts no more children
    for (const pid_t child : children_of(pid_)) kill(child, number);
    kill(pid_, number);
}

int Process::kill_tree() {
    if (exit_code_) return *exit_code_;
    stop_and_wait(pid_);
    const std::vector<pid_t> children = children_of(pid_);
    for (const pid_t child : children) kill(child, SIGKILL);
    kill(pid_, SIGKILL);
    const int code = *reap(true);
    for (const pid_t child : children) waitpid(child, nullptr, 0);  // ours since their parent died
    return code;
}

std::string Process::out() const { return content(out_); }
std::string Process::err() const { return content(err_); }

Finished run(const std::vector<std::string>& argv, const ProcessOptions& options, Millis deadline) {
    Process process(argv, options);
    const auto code = process.wait(deadline);
    if (!code) {
        process.kill_tree();
        throw std::runtime_error(fmt::format("no end within {} ms: {}\n{}{}", deadline.count(),
                                             fmt::join(argv, " "), process.out(), process.err()));
    }
    return {*code, process.out(), process.err()};
}

std::string run_checked(const std::vector<std::string>& argv, const ProcessOptions& options,
                        Millis deadline) {
    const Finished finished = run(argv, options, deadline);
    if (finished.exit_code != 0)
        throw std::runtime_error(fmt::format("exit code {}: {}\n{}{}", finished.exit_code,
                                             fmt::join(argv, " "), finished.out, finished.err));
    return finished.out;
}

}  // namespace tideway::test
