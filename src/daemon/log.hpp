// The log of the service.
#pragma once
#include <string>

namespace tideway::daemon {

struct LogSetting {
    std::string level = "info";  // debug | info | warning | error
    bool json = false;           // an object a line instead of text
    std::string file;            // empty: stderr. A file is rotated: five of 10 MB
};

// For the rest of the process. Throws Error(usage) where the file cannot be written.
void open_log(const LogSetting& setting);

}  // namespace tideway::daemon
