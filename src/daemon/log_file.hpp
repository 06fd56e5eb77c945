// A log file that stays small: when it is full it becomes FILE.1, what was FILE.1 becomes FILE.2, and the
// last one goes.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace tideway::daemon {

struct LogFileLimits {
    std::size_t bytes = 10 * 1024 * 1024;  // of one file
    int files = 5;                         // all together
};

class LogFile {
  public:
    // Appends to what is there. Throws Error(usage) where the file cannot be written.
    LogFile(std::string path, LogFileLimits limits);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    // Never throws: a full disk takes lines of the log, not the service.
    void write(std::string_view line);
    // Goes on under the file's name after somebody else has renamed the file. False where that cannot be
    // opened: the renamed one is written then.
    bool reopen();

  private:
    void make_room();

    std::string path_;
    LogFileLimits limits_;
    int file_ = -1;
    std::size_t written_ = 0;
};

}  // namespace tideway::daemon
