// With which settings a connection is opened. Private to this folder.
#pragma once
#include <libpq-fe.h>

#include <string>
#include <vector>

#include "db/postgres/connection.hpp"

namespace tideway::pg {

struct Setting {
    std::string keyword, value;
};
// In libpq's order: later ones win, the url stands where its own settings are to be applied.
using Settings = std::vector<Setting>;

// Throws Error(config_value), without the url, when it cannot be parsed.
Settings connect_settings(const ConnectOptions& options);

// What must be added for a server on another machine, given a connection that was only just started and so
// knows the effect of url, environment and service file: sslmode=verify-full unless one of them chose a mode,
// and the system's certificate authorities unless one of them names some.
Settings tls_settings(PGconn* started, const std::string& url);

}  // namespace tideway::pg
