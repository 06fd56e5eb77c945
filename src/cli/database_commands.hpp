// The commands that open the databases of a configuration.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

Exit plan(const Request& request, std::ostream& out, std::ostream& err);
Exit sync(const Request& request, std::ostream& out, std::ostream& err);
Exit verify(const Request& request, std::ostream& out, std::ostream& err);
Exit status(const Request& request, std::ostream& out, std::ostream& err);
Exit doctor(const Request& request, std::ostream& out, std::ostream& err);
Exit list_parked(const Request& request, std::ostream& out, std::ostream& err);
Exit retry_parked(const Request& request, std::ostream& out, std::ostream& err);
Exit uninstall(const Request& request, std::ostream& out, std::ostream& err);

}  // namespace tideway::cli
