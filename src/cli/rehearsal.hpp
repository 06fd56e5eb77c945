// sync --rehearse.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"
#include "engine/engine.hpp"

namespace tideway::cli {

// The same report as a sync, marked as a rehearsal. Nobody is alerted.
Exit rehearse(const Request& request, const RunOptions& options, std::ostream& out, std::ostream& err);

}  // namespace tideway::cli
