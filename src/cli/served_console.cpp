#include "cli/served_console.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace tideway::cli {

bool ServedConsole::Wanted::same_as(const Wanted& other) const {
    return setting.listen == other.setting.listen && setting.token_file == other.setting.token_file &&
           setting.hosts == other.setting.hosts;
}

std::optional<ServedConsole::Wanted> ServedConsole::wanted_by(const daemon::Configs& configs) {
    for (const Config& each : configs.good) {
        if (each.serve.listen.empty()) continue;
        Wanted wanted;
        wanted.from = each.path;
        wanted.setting.listen = each.serve.listen;
        wanted.setting.token_file = each.serve.token_file;
        wanted.setting.hosts = each.serve.hosts;
        wanted.setting.version =
            std::string_view(TIDEWAY_VERSION).substr(std::string_view("tideway ").size());
        return wanted;
    }
    return std::nullopt;
}

std::unique_ptr<web::Console> ServedConsole::open(const Wanted& wanted) {
    auto console = std::make_unique<web::Console>(service_, wanted.setting, world_);
    spdlog::info("console on http://{}, its login token is in {}", wanted.setting.listen,
                 wanted.setting.token_file);
    return console;
}

void ServedConsole::follow(const daemon::Configs& configs) {
    const auto unreadable = [&](const daemon::BadFile& each) { return now_ && each.path == now_->from; };
    if (std::any_of(configs.bad.begin(), configs.bad.end(), unreadable)) return;
    const std::optional<Wanted> wanted = wanted_by(configs);
    if (wanted && now_ && wanted->same_as(*now_)) return;
    // One address cannot be listened on twice; another one is tried before the old one is given up.
    if (wanted && now_ && wanted->setting.listen == now_->setting.listen) console_.reset();
    try {
        console_ = wanted ? open(*wanted) : nullptr;
    } catch (const Error&) {
        if (now_ && !console_) console_ = open(*now_);
        throw;
    }
    if (now_ && !wanted) spdlog::info("the console is closed");
    now_ = wanted;
}

}  // namespace tideway::cli
