#include "cli/engine_session.hpp"

#include "report/report_json.hpp"

namespace tideway::cli {

EngineSession::EngineSession(const std::string& config_path, ProgressKind kind, std::ostream& err)
    : config_(load_config(config_path)),
      connector_(config_),
      progress_(err, kind, [] { return real_world().clock.monotonic_micros(); }),
      engine_(config_, connector_, real_world(), progress_) {
    engine_.serialize = [](const RunReport& report) { return dump(run_json(report)); };
}

}  // namespace tideway::cli
