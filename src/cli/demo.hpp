// `demo --postgres`: a tour on two throwaway servers, told so that a stranger understands it in a minute.
#pragma once
#include <ostream>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

// The story goes to `out` (with --json as one object), what takes time to `err`.
Exit demo(const Request& request, std::ostream& out, std::ostream& err);

}  // namespace tideway::cli
