// `tideway serve` with its console on a port of its own, for tests of the console and its API.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "support/free_port.hpp"
#include "support/http_client.hpp"
#include "support/run_tideway.hpp"

namespace tideway::test {

class ServedConsole {
  public:
    // No run begins by itself, and no change starts one.
    static constexpr const char* on_demand = "push = false\n[[serve.job]]\ncron = '0 0 29 2 *'\n";

    // `toml`: the sides and the tables; `serve`: the rest of the section [serve].
    explicit ServedConsole(const std::string& toml, const Environment& env = {}, const std::string& serve = on_demand);
    ~ServedConsole() { stop(); }

    std::uint16_t port() const { return lease_.port(); }
    std::string url() const;
    std::string token() const;  // as it stands in its file
    std::string token_file() const;
    const ConfigFile& config() const { return *config_; }
    Process& process() { return *process_; }
    // Ends it as systemd would; gives its exit code.
    int stop();

    // With the token, or as `question` says where it names an Authorization of its own.
    HttpAnswer ask(HttpQuestion question);
    nlohmann::json get(const std::string& path);  // of /api/v1; must be answered with 200
    HttpAnswer post(const std::string& path, const nlohmann::json& body);  // of /api/v1
    // Asks for a run and waits for its end; gives the run with its report.
    nlohmann::json run(const nlohmann::json& wanted = {{"command", "sync"}});

  private:
    bool shows_a_pair();
    PortLease lease_;
    std::unique_ptr<ConfigFile> config_;
    std::unique_ptr<Process> process_;
};

}  // namespace tideway::test
