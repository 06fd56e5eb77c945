#include "cli/config_commands.hpp"

#include <fmt/format.h>

#include "report/report_json.hpp"
#include "cli/text.hpp"
#include "cli/waiting.hpp"
#include "config/config.hpp"

namespace tideway::cli {
namespace {

std::string checked_text(const Config& config) {
    return fmt::format("{} is fine: pair {}, {}\n", config.path, config.pair,
                       counted(static_cast<std::int64_t>(config.tables.size()), "table"));
}

}  // namespace

Exit check_config(const Request& request, std::ostream& out) {
    const Config config = load_config(request.config_path);
    out << (request.json ? dump(config_json(config)) : checked_text(config));
    return Exit::ok;
}

Exit show_config(const Request& request, std::ostream& out) {
    const Config config = load_config(request.config_path);
    const std::string toml = tideway::show_config(config);
    out << (request.json ? dump({{"version", 1}, {"path", config.path}, {"toml", toml}}) : toml);
    return Exit::ok;
}

}  // namespace tideway::cli
