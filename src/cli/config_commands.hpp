// `config check` and `config show`.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

Exit check_config(const Request& request, std::ostream& out);
Exit show_config(const Request& request, std::ostream& out);

}  // namespace tideway::cli
