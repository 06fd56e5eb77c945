// `init`: a first configuration out of the two catalogues.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

// Writes nothing in the databases. A file that exists is never replaced: Error(usage).
Exit init(const Request& request, std::ostream& out, std::ostream& err);

}  // namespace tideway::cli
