// A PostgreSQL cluster as it is installed: initdb's own settings, fsync on, its data on a real disk. (The
// tests' PgServer prefers memory and turns fsync off.)
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "support/free_port.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace tideway::bench {

class BenchServer {
  public:
    // settings: more lines for its postgresql.conf. Returns when the server answers.
    explicit BenchServer(const std::string& settings = {});
    ~BenchServer();

    std::string url(const std::string& database) const;  // over the Unix socket
    std::uint16_t port() const { return port_.port(); }  // on 127.0.0.1
    pid_t pid() const { return process_->pid(); }

  private:
    void start();

    test::PortLease port_;
    test::TempDir dir_;
    test::TempDir socket_dir_;
    std::unique_ptr<test::Process> process_;
};

}  // namespace tideway::bench
