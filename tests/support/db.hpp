// A small PostgreSQL session for tests: plain SQL text in, text cells out.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

struct pg_conn;

namespace tideway::test {

using Cell = std::optional<std::string>;  // none = NULL
using Rows = std::vector<std::vector<Cell>>;

// what() holds the SQL text and the server's message.
class DbError : public std::runtime_error {
  public:
    DbError(const std::string& what, std::string sqlstate_)
        : runtime_error(what), sqlstate(std::move(sqlstate_)) {}
    std::string sqlstate;  // empty when the connection itself failed
};

class Database;

class Db {
  public:
    explicit Db(const std::string& url);
    explicit Db(const Database& database);

    // `sql` may hold several statements; they run as one simple query. The last one's rows are returned.
    void exec(const std::string& sql);
    Rows query(const std::string& sql);
    std::string scalar(const std::string& sql);    // one row, one column, not NULL; throws otherwise
    long long number(const std::string& sql);      // the same, as a number
    std::string try_exec(const std::string& sql);  // the SQLSTATE: "00000" for success

    // Asynchronous: send() returns at once, so that this session can be left waiting for a lock.
    void send(const std::string& sql);
    bool busy();  // the sent statement has not ended yet
    Rows wait(
        std::chrono::milliseconds deadline = std::chrono::seconds(30));  // its rows; throws as query() does

    int backend_pid() const;
    bool connected() const;
    void close() { connection_.reset(); }
    pg_conn* handle() const { return connection_.get(); }

  private:
    struct Finish {
        void operator()(pg_conn* connection) const;
    };
    std::unique_ptr<pg_conn, Finish> connection_;
    std::string sent_;
};

// The open sessions that the calling thread made; valid until it closes one.
std::vector<pg_conn*> sessions_of_this_thread();

// Returns when backend `pid` waits for a lock; throws when that does not happen before the deadline.
void wait_until_blocked(Db& observer, int pid, std::chrono::milliseconds deadline = std::chrono::seconds(30));

std::string quote_identifier(const std::string& name);
std::string quote_literal(const std::string& text);

}  // namespace tideway::test
