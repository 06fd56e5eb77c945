// One piece of work on an engine of its own.
#pragma once
#include <unistd.h>

#include <ostream>

#include "cli/engine_session.hpp"
#include "cli/request.hpp"

namespace tideway::cli {

inline ProgressKind progress_kind(const Request& request) {
    if (request.log_level == "warning" || request.log_level == "error") return ProgressKind::none;
    return isatty(STDERR_FILENO) != 0 ? ProgressKind::bar : ProgressKind::lines;
}

// Its progress display is gone again when this returns.
template <typename Work>
auto with_engine(const Request& request, std::ostream& err, const Work& work) {
    EngineSession session(request.config_path, progress_kind(request), err);
    return work(session.engine());
}

}  // namespace tideway::cli
