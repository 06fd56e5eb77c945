#include "cli/serve_command.hpp"

#include <spdlog/spdlog.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include <fmt/format.h>

#include "cli/served_console.hpp"
#include "cli/url_connector.hpp"
#include "daemon/daemon.hpp"
#include "daemon/health.hpp"
#include "daemon/log.hpp"
#include "daemon/systemd.hpp"
#include "report/report_json.hpp"

namespace tideway::cli {
namespace {

// Whoever waits for our end kills us after ten seconds; whatever is half-done then is rolled back by the servers.
constexpr std::chrono::seconds last_moment{9};

std::atomic<bool> reload_wanted{false};

void on_hangup(int) { reload_wanted = true; }

void listen_for_hangup() {
    struct sigaction action = {};
    action.sa_handler = on_hangup;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGHUP, &action, nullptr);
}

daemon::Wiring wiring() {
    return {[](const Config& config) { return std::make_unique<UrlConnector>(config, Keeping::between_runs); },
            [](const RunReport& report) { return dump(run_json(report)); },
            [](const VerifyReport& report) { return dump(verify_json(report)); }};
}

// One file: its error is the command's. Of a folder at least one must be usable.
daemon::Configs first_configs(const std::string& path) {
    daemon::Configs configs = daemon::read_configs(path);
    if (!configs.good.empty()) return configs;
    if (configs.bad.size() == 1) load_config(configs.bad.front().path);
    throw Error(Code::config_missing_file, fmt::format("{}: no file *.toml there can be used", path),
                configs.bad.empty() ? "a folder holds a file for each pair" : configs.bad.front().text);
}

std::int64_t monotonic_micros() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

void reload(daemon::Daemon& service, ServedConsole& console, const std::string& path) {
    try {
        daemon::reopen_log();
        const daemon::Configs configs = daemon::read_configs(path);
        service.reload(configs);
        console.follow(configs);
    } catch (const Error& error) {
        spdlog::error("the console stays as it is: {} {}", error.id(), error.what());
    } catch (const std::exception& error) {
        spdlog::error("{} is not read anew: {}", path, error.what());
    }
}

// Signs of life for as long as no thread is stuck; without them systemd starts the service anew.
class Signs {
  public:
    explicit Signs(const daemon::Systemd& systemd) : systemd_(systemd) {}
    void give(const daemon::Daemon& service) {
        const std::int64_t now = monotonic_micros();
        if (!systemd_.watchdog() || now - given_ < systemd_.watchdog()->count() * 1000) return;
        const daemon::Health health = daemon::live(service.pairs(), real_world().clock.now_micros());
        if (health.good) systemd_.tell("WATCHDOG=1");
        given_ = now;
    }

  private:
    const daemon::Systemd& systemd_;
    std::int64_t given_ = 0;
};

// The process ends in time whatever hangs: a name that is looked up, a COMMIT that nobody answers.
void end_in_time() {
    std::thread([] {
        std::this_thread::sleep_for(last_moment);
        spdlog::warn("a run did not end in time; its server rolls it back, or the next run finds it done");
        std::_Exit(0);
    }).detach();
}

}  // namespace

Exit serve(const Request& request) {
    daemon::open_log({request.log_level, request.log_format == "json", request.log_file});
    listen_for_hangup();
    World& world = real_world();
    const daemon::Systemd systemd;
    {
        const daemon::Configs configs = first_configs(request.config_path);
        daemon::Daemon service(wiring(), world);
        ServedConsole console(service, world);
        console.follow(configs);  // first: where it cannot listen no run is begun
        service.reload(configs);
        systemd.tell("READY=1");
        spdlog::info("ready");
        Signs signs(systemd);
        while (!world.stop.requested()) {
            if (reload_wanted.exchange(false)) {
                systemd.tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_micros()));
                reload(service, console, request.config_path);
                systemd.tell("READY=1");
            }
            signs.give(service);
            world.sleeper.sleep(Millis(200));
        }
        spdlog::info("stopping");
        systemd.tell("STOPPING=1");
        end_in_time();
        service.close();
    }
    spdlog::info("stopped");
    return Exit::ok;
}

}  // namespace tideway::cli
