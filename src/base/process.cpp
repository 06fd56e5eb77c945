// Which process holds a lease, and whether it still runs.
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "base/world.hpp"

namespace tideway {
namespace {

std::string first_line(const std::string& path) {
    std::string line;
    std::ifstream file(path);
    std::getline(file, line);
    return line;
}

std::string pid_space() {
    char text[64] = {};
    const ssize_t length = ::readlink("/proc/self/ns/pid", text, sizeof text - 1);
    const std::string_view link(text, length < 0 ? 0 : static_cast<std::size_t>(length));
    const auto open = link.find('[');
    return open == link.npos ? "-" : std::string(link.substr(open + 1, link.size() - open - 2));
}

std::string this_host() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return fmt::format("{}/{}/{}", name, first_line("/proc/sys/kernel/random/boot_id").substr(0, 8),
                       pid_space());
}

// The start time of a running process in the kernel's ticks since boot; empty for a zombie, nothing where
// /proc does not show it.
std::optional<std::string> start_of(long pid) {
    const std::string stat = first_line(fmt::format("/proc/{}/stat", pid));
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const auto name_end = stat.rfind(')');
    if (name_end == stat.npos) return std::nullopt;
    std::istringstream fields(stat.substr(name_end + 1));
    std::string field, state;
    fields >> state;
    for (int number = 4; number <= 22; ++number) fields >> field;
    return state == "Z" || state == "X" ? "" : field;
}

}  // namespace

std::string process_identity() {
    return fmt::format("{}:{}:{}", this_host(), ::getpid(), start_of(::getpid()).value_or("-"));
}

bool process_may_live(std::string_view identity) {
    const auto last = identity.rfind(':');
    const auto middle = last == identity.npos || last == 0 ? identity.npos : identity.rfind(':', last - 1);
    if (middle == identity.npos || identity.substr(0, middle) != this_host()) return true;
    const std::string_view number = identity.substr(middle + 1, last - middle - 1);
    long pid = 0;
    const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), pid);
    if (failure != std::errc() || end != number.data() + number.size() || pid <= 0) return true;
    if (const auto start = start_of(pid)) return *start == identity.substr(last + 1);
    return ::kill(static_cast<pid_t>(pid), 0) == 0 ||
           errno == EPERM;  // /proc may hide other users' processes
}

}  // namespace tideway
