// Debian's pgbouncer in front of a server, in transaction mode as hosted poolers run it.
#pragma once
#include <memory>
#include <string>

#include "support/free_port.hpp"
#include "support/pg_server.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace tideway::test {

struct PgbouncerOptions {
    int pool_size = 5;  // server connections per database and user
    std::string pool_mode = "transaction";
    Settings settings = {};  // further lines of section [pgbouncer]; they win
};

// Any database and user of the server can be reached. Users other than postgres need their password when the
// server was started with `passwords`.
class Pgbouncer {
  public:
    explicit Pgbouncer(const PgServer& server, const PgbouncerOptions& options = {});

    std::uint16_t port() const { return port_.port(); }
    std::string url(const std::string& dbname, const std::string& user = "postgres") const;
    std::string admin_url() const { return url("pgbouncer"); }  // SHOW POOLS, KILL, RECONNECT ...
    void start();                                               // again, after kill9()
    void kill9() { process_->kill_tree(); }
    std::string log() const;

  private:
    PortLease port_;
    TempDir dir_;
    std::unique_ptr<Process> process_;
};

}  // namespace tideway::test
