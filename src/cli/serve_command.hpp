// `serve`: the service.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

// Until SIGTERM or SIGINT. Exit::ok then; an Error where no configuration can be used.
Exit serve(const Request& request);

}  // namespace tideway::cli
