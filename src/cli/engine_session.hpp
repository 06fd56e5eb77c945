// An engine with all it needs: configuration, connections, the real world, a progress display.
#pragma once
#include <ostream>
#include <string>

#include "cli/progress_view.hpp"
#include "cli/request.hpp"
#include "cli/url_connector.hpp"
#include "config/config.hpp"
#include "engine/engine.hpp"

namespace tideway::cli {

class EngineSession {
  public:
    // Reads the configuration; connects to nothing yet. `err` must outlive the session; the progress display
    // on it is cleared when the session ends.
    EngineSession(const std::string& config_path, ProgressKind kind, std::ostream& err);
    EngineSession(const EngineSession&) = delete;
    EngineSession& operator=(const EngineSession&) = delete;
    Engine& engine() { return engine_; }

  private:
    Config config_;
    UrlConnector connector_;
    ProgressView progress_;
    Engine engine_;
};

ProgressKind progress_kind(const Request& request);

// Runs `work` on an engine of its own. Its progress display is gone again when this returns.
template <typename Work>
auto with_engine(const Request& request, std::ostream& err, const Work& work) {
    EngineSession session(request.config_path, progress_kind(request), err);
    return work(session.engine());
}

}  // namespace tideway::cli
