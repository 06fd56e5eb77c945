// The log of the service.
#pragma once
#include <string>

namespace tideway::daemon {

struct LogSetting {
    std::string level = "info";  // debug | info | warning | error
    bool json = false;           // an object a line instead of text
    std::string file;            // empty: stderr
};

// For the rest of the process. Throws Error(usage) where the file cannot be written.
void open_log(const LogSetting& setting);
// Goes on in a file of the same name, after somebody has renamed the one that was written.
void reopen_log();

}  // namespace tideway::daemon
