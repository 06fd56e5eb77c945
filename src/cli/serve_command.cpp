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

// Of a folder at least one must be usable.
daemon::Configs first_configs(const std::string& path) {
    daemon::Configs configs = daemon::read_configs(path);
    if (!configs.good.empty()) return configs;
    if (configs.bad.size() == 1) load_config(configs.bad.front().path);
    throw Error(Code::config_missing_file, fmt::format("{}: no file *.toml there can be used", path),
                configs.bad.front().text);
}

std::int64_t monotonic_micros() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

void reload(daemon::Daemon& service, ServedConsole& console, const std::string& path) {
    const char* what = "everything";
    try {
        daemon::reopen_log();
        const daemon::Configs configs = daemon::read_configs(path);
        service.reload(configs);
        what = "the console";
        console.follow(configs);
    } catch (const Error& error) {
        spdlog::error("{} stays as it is: {} {}", what, error.id(), error.what());
    } catch (const std::exception& error) {
        spdlog::error("{} is not read anew: {}", path, error.what());
    }
}

// The process ends in time whatever hangs: a name that is looked up, a COMMIT that nobody answers.
void end_in_time() {
    std::thread([] {
        std::this_thread::sleep_for(last_moment);
        spdlog::warn("a run did not end in time; its server rolls it back, or the next run finds it done");
        std::_Exit(0);
    }).detach();
}

// Signs of life for as long as no pair's thread is stuck; without them systemd starts the service anew. From a
// thread of their own: the main one may wait for a run or a page of the console to end.
class Signs {
  public:
    Signs(const daemon::Systemd& systemd, const daemon::Daemon& service, World& world)
        : systemd_(systemd), service_(service), world_(world), thread_([this] { work(); }) {}
    ~Signs() {
        ending_ = true;
        thread_.join();
    }
    Signs(const Signs&) = delete;
    Signs& operator=(const Signs&) = delete;

  private:
    void work() {
        while (!ending_ && !world_.stop.requested()) {
            give();
            world_.sleeper.sleep(Millis(200));
        }
        if (world_.stop.requested()) end_in_time();
    }
    void give() {
        const std::int64_t now = world_.clock.monotonic_micros();
        if (!systemd_.watchdog() || now - given_ < systemd_.watchdog()->count() * 1000) return;
        if (!daemon::live(service_.pairs(), now).good) return;
        systemd_.tell("WATCHDOG=1");
        given_ = now;
    }

    const daemon::Systemd& systemd_;
    const daemon::Daemon& service_;
    World& world_;
    std::atomic<bool> ending_{false};
    std::int64_t given_ = 0;
    std::thread thread_;
};

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
        const Signs signs(systemd, service, world);
        while (!world.stop.requested()) {
            if (reload_wanted.exchange(false)) {
                systemd.tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_micros()));
                reload(service, console, request.config_path);
                systemd.tell("READY=1");
            }
            world.sleeper.sleep(Millis(200));
        }
        spdlog::info("stopping");
        systemd.tell("STOPPING=1");
        service.close();
    }
    spdlog::info("stopped");
    return Exit::ok;
}

}  // namespace tideway::cli
