#include "cpu_time.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace tideway::bench {
namespace {

// What /proc/PID/stat says behind the program's name.
struct Stat {
    pid_t parent = 0;
    long own_ticks = 0, ended_ticks = 0;
};

std::optional<Stat> read_stat(const std::string& process) {
    std::ifstream file("/proc/" + process + "/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;  // it has ended meanwhile
    std::istringstream fields(line.substr(line.rfind(')') + 2));
    Stat stat;
    std::string passed_over;
    fields >> passed_over >> stat.parent;
    for (int i = 0; i < 9; ++i) fields >> passed_over;
    long user = 0, system = 0, ended_user = 0, ended_system = 0;
    fields >> user >> system >> ended_user >> ended_system;
    stat.own_ticks = user + system;
    stat.ended_ticks = ended_user + ended_system;
    return stat;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

double cpu_of_us() {
    double sum = 0;
    for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        getrusage(who, &usage);
        sum += seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }
    return sum;
}

TreeTime cpu_of_tree(pid_t parent) {
    TreeTime time;
    long ticks = 0;
    if (const auto stat = read_stat(std::to_string(parent))) ticks += stat->own_ticks + stat->ended_ticks;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        const auto stat = read_stat(name);
        if (!stat || stat->parent != parent) continue;
        ticks += stat->own_ticks;
        ++time.children;
    }
    time.seconds = static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
    return time;
}

}  // namespace tideway::bench
