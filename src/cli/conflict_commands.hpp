// conflicts list, show and resolve.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

Exit list_conflicts(const Request& request, std::ostream& out, std::ostream& err);
Exit show_conflict(const Request& request, std::ostream& out, std::ostream& err);
// Exit::attention when something could not be done, for instance because a row has changed since.
Exit resolve_conflicts(const Request& request, std::ostream& out, std::ostream& err);

}  // namespace tideway::cli
