// Databases for one test on servers that all tests of the process share.
#pragma once
#include <memory>
#include <string>

#include "support/pg_server.hpp"

namespace tideway::test {

// Starts at first use, stops with the process. TIDEWAY_TEST_PG_DESKTOP and TIDEWAY_TEST_PG_CLOUD choose the
// major versions (15 when unset). A test that stops, kills or reconfigures a server should start one of its
// own.
PgServer& shared_desktop();
PgServer& shared_cloud();

struct SharedPair {
    PgServer& desktop;
    PgServer& cloud;
};
SharedPair shared_pair();  // starts both

// CREATE DATABASE at the start of life, DROP DATABASE (FORCE) at the end. `options` are further words of the
// first, such as "encoding 'LATIN1' locale 'C'".
class Database {
  public:
    Database(PgServer& server, const std::string& name_hint, const std::string& options = "");
    ~Database();
    Database(Database&& other) noexcept = default;
    Database& operator=(Database&&) = delete;

    const std::string& name() const { return *name_; }
    PgServer& server() const { return server_; }
    std::string url(const std::string& user = "postgres") const { return server_.url(name(), user); }

  private:
    PgServer& server_;
    std::unique_ptr<std::string> name_;  // none after a move
};

Database fresh_database(PgServer& server, const std::string& name_hint, const std::string& options = "");

}  // namespace tideway::test
