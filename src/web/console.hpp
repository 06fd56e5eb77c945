// The web console and its API, for a service that runs: docs/api.md.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/world.hpp"
#include "daemon/service.hpp"
#include "web/gate.hpp"
#include "web/http_server.hpp"
#include "web/routes.hpp"

namespace tideway::web {

struct ConsoleSetting {
    std::string listen = "127.0.0.1:8484";
    std::string token_file;
    std::string version = {};             // of the program, for the metrics
    std::vector<std::string> hosts = {};  // further names that browsers may ask by: those of a reverse proxy
    ServerLimits limits = {};
};

class Console {
  public:
    // Listens at once. Throws Error(console_address) and Error(token_file). Both references must outlive it.
    Console(daemon::Service& service, const ConsoleSetting& setting, World& world);
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    std::uint16_t port() const { return port_; }

  private:
    Response answer(const Request& request);
    Response routed(const Request& request);
    void pass_events_on();

    daemon::Service& service_;
    World& world_;
    const std::string version_;
    int socket_;
    std::uint16_t port_;
    Gate gate_;
    LongWork long_work_;
    std::atomic<bool> stopping_{false};
    HttpServer server_;
    std::thread events_;
};

}  // namespace tideway::web
