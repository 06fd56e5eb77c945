// undo and explain.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

Exit undo(const Request& request, std::ostream& out, std::ostream& err);
Exit list_kept_runs(const Request& request, std::ostream& out, std::ostream& err);
Exit explain(const Request& request, std::ostream& out, std::ostream& err);

}  // namespace tideway::cli
