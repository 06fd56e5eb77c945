#include "daemon/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.hpp"

namespace tideway::daemon {
namespace {

namespace fs = std::filesystem;

int open_to_append(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

std::size_t size_of(int file) {
    struct stat facts {};
    return ::fstat(file, &facts) == 0 ? static_cast<std::size_t>(facts.st_size) : 0;
}

}  // namespace

LogFile::LogFile(std::string path, LogFileLimits limits) : path_(std::move(path)), limits_(limits) {
    if (!reopen())
        throw Error(Code::usage, fmt::format("{} cannot be written: {}", path_, std::strerror(errno)),
                    "give another --log-file");
}

LogFile::~LogFile() { ::close(file_); }

bool LogFile::reopen() {
    const int file = open_to_append(path_);
    if (file < 0) return false;
    if (file_ >= 0) ::close(file_);
    file_ = file;
    written_ = size_of(file);
    return true;
}

void LogFile::write(std::string_view line) {
    if (written_ > 0 && written_ + line.size() > limits_.bytes) make_room();
    while (!line.empty()) {
        const ssize_t done = ::write(file_, line.data(), line.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return;
        written_ += static_cast<std::size_t>(done);
        line.remove_prefix(static_cast<std::size_t>(done));
    }
}

// Where a file cannot be renamed, all goes on in the one that is open.
void LogFile::make_room() {
    const auto older = [&](int number) { return number == 0 ? path_ : fmt::format("{}.{}", path_, number); };
    std::error_code failed;
    for (int number = limits_.files - 1; number > 0; --number)
        fs::rename(older(number - 1), older(number), failed);
    reopen();
}

}  // namespace tideway::daemon
