// `selftest`: the simulation, its figures, and the script of a seed that fails.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

// Exit::defect when a promise was broken; the script is then in a file too.
Exit selftest(const Request& request, std::ostream& out, std::ostream& err);

}  // namespace tideway::cli
