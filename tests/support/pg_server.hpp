// A throwaway PostgreSQL cluster of the wished version, on a port of 127.0.0.1 and a Unix socket of its own.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "support/free_port.hpp"
#include "support/pg_binaries.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace tideway::test {

using Settings = std::map<std::string, std::string>;

struct PgServerOptions {
    int version = cloud_version();
    Settings settings = {};  // lines of postgresql.conf, quoted by us; they win over the defaults
    Environment env = {};    // of the server process
    bool fsync = false;      // off is safe against kill9(): the operating system survives
    bool passwords = false;  // users other than postgres prove themselves with scram-sha-256
    std::string clock = {};  // libfaketime offset, such as "+2h" or "-90s"; empty = the true clock
};

enum class StopMode { fast, immediate };

class PgServer {
  public:
    // Returns when the server answers; throws with its log when it does not.
    explicit PgServer(PgServerOptions options = {});
    ~PgServer();

    int version() const { return options_.version; }
    bool passwords() const { return options_.passwords; }
    std::uint16_t port() const { return port_.port(); }
    std::string socket_directory() const { return socket_dir_.path(); }
    std::string url(const std::string& dbname, const std::string& user = "postgres") const;
    // Over the Unix socket instead of TCP.
    std::string socket_url(const std::string& dbname, const std::string& user = "postgres") const;

    bool running() { return process_ != nullptr && process_->running(); }
    void start();  // on the same port; recovers whatever the data directory holds
    void stop(StopMode mode = StopMode::fast);
    void restart(StopMode mode = StopMode::fast);
    void kill9();   // postmaster and backends at once, as a crash does; start() recovers
    void pause();   // SIGSTOP: connections hang, none breaks
    void resume();  // SIGCONT
    void configure(const Settings& settings);      // takes effect at the next start()
    void set_clock(const std::string& offset);     // likewise
    std::string log() const;                       // of all its starts
    std::filesystem::path data_directory() const;  // readable by the server's user

    // Backup and restore by copying the data directory of the stopped server. `copy` must not exist.
    void copy_data_dir_to(const std::filesystem::path& copy);
    void restore_from(const std::filesystem::path& copy);
    // What a crash at this moment would leave. Nobody is cut off: the server stands still meanwhile.
    void copy_running_data_dir_to(const std::filesystem::path& copy);

  private:
    void write_configuration() const;
    Environment environment() const;
    void wait_until_ready();
    void require_stopped() const;

    PgServerOptions options_;
    PortLease port_;
    TempDir dir_;
    TempDir socket_dir_;
    std::unique_ptr<Process> process_;
};

}  // namespace tideway::test
