// The real failpoints; empty without the build option.
#include "base/failpoint.hpp"

#ifdef TIDEWAY_FAILPOINTS
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "base/world.hpp"

namespace tideway {
namespace {

using Action = FailpointRule::Action;

const char* environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

// What this process was told to do, and how often each name was passed.
struct Plan {
    std::vector<FailpointRule> rules = parse_failpoints(environment("TIDEWAY_FAILPOINTS"));
    std::string trace = environment("TIDEWAY_FAILPOINT_TRACE");
    std::map<std::string, unsigned, std::less<>> passed;
    std::mutex guard;
};

// One write(2) in append mode, so that a kill right after it and other processes cannot tear a line.
void append_trace(const std::string& file, std::string_view name) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const std::string line = std::string(name) + "\n";
    const bool written =
        fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    if (fd >= 0) ::close(fd);
    ensure(written, "the failpoint trace can be written");
}

void pause(const std::string& file) {
    std::ofstream(file + ".reached") << "reached\n";
    while (!std::filesystem::exists(file + ".go")) std::this_thread::sleep_for(Millis(5));
}

// As a network does that goes away: what the process waits for on any socket ends.
void break_connections() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ::shutdown(std::stoi(entry.path().filename()), SHUT_RDWR);
}

void act(const FailpointRule& rule) {
    switch (rule.action) {
        case Action::kill9:
            ::kill(::getpid(), SIGKILL);
            break;
        case Action::exit:
            ::_exit(1);
        case Action::sleep:
            std::this_thread::sleep_for(Millis(std::stol(rule.argument)));
            break;
        case Action::pause:
            pause(rule.argument);
            break;
        case Action::close:
            break_connections();
            break;
        case Action::raise:
            throw Error(Code::interrupted, "failpoint " + rule.name);
    }
}

Plan& plan_of_this_process() {
    static Plan plan;
    return plan;
}

}  // namespace

bool failpoint_is_armed(std::string_view name) {
    const Plan& plan = plan_of_this_process();
    return std::any_of(plan.rules.begin(), plan.rules.end(),
                       [&](const FailpointRule& rule) { return rule.name == name; });
}

void failpoint(std::string_view name) {
    Plan& plan = plan_of_this_process();
    if (plan.rules.empty() && plan.trace.empty()) return;
    unsigned hit = 0;
    {
        const std::lock_guard lock(plan.guard);
        if (!plan.trace.empty()) append_trace(plan.trace, name);
        hit = ++plan.passed.try_emplace(std::string(name), 0).first->second;
    }
    for (const FailpointRule& rule : plan.rules)
        if (rule.name == name && rule.hit == hit) act(rule);
}

}  // namespace tideway
#else
namespace tideway {
bool failpoint_is_armed(std::string_view) { return false; }
}  // namespace tideway
#endif
