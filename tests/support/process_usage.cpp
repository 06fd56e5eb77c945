#include "support/process_usage.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tideway::test {
namespace {

// "VmRSS:      1234 kB"
long number_after(const std::string& line, const std::string& name) {
    return line.starts_with(name) ? std::stol(line.substr(name.size())) : 0;
}

long entries_of(const std::string& folder) {
    std::error_code failed;
    long count = 0;
    for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed))
        ++count;
    return count;
}

}  // namespace

ProcessUsage usage_of(pid_t pid) {
    ProcessUsage usage;
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(status, line);) {
        usage.kib += number_after(line, "VmRSS:");
        usage.peak_kib += number_after(line, "VmHWM:");
        usage.threads += number_after(line, "Threads:");
    }
    usage.files = entries_of(fmt::format("/proc/{}/fd", pid));
    return usage;
}

}  // namespace tideway::test
