// One PostgreSQL connection on libpq: deadlines, cancellation, COPY, errors with all their fields.
// Safe behind a transaction-mode pooler: unnamed statements only, no session state.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/world.hpp"
#include "model/value.hpp"

struct pg_conn;
struct pg_result;

namespace tideway::pg {

// A statement carries its name: it appears in errors and logs, the text does not.
struct Statement {
    std::string_view name;
    std::string text;
};

// An error that a server (or the line to it) reported. code() is statement_failed, no_rights (42501),
// connection_lost, commit_unknown, strange_answer or one of the connect codes.
class DbError : public Error {
  public:
    struct Fields {
        std::string sqlstate, message, detail, constraint, table, column, statement;
        Side side = Side::desktop;
    };
    DbError(Code code, Fields fields, std::string hint = {});
    const std::string& sqlstate() const { return fields_.sqlstate; }
    const Fields& fields() const { return fields_; }
    bool connection_is_lost() const;  // this connection is useless from now on
    bool transient() const;  // 40001, 40P01, 55P03, 57014, 53300, lost connections: trying again may work
    bool row_is_at_fault() const;  // classes 22, 23, P0001, 44000: the data, not the world, was refused

  private:
    Fields fields_;
};

// A cell as what its statement says it is; a server that sends something else is no server of ours.
std::int64_t integer_in(const Cell& cell);       // throws Misfit if null or not a number
const std::string& text_in(const Cell& cell);    // throws Misfit if null
// Code strange_answer, without a side. Thrown by a sink of copy_out or copy_lines it becomes a DbError.
class Misfit : public Error {
  public:
    explicit Misfit(const char* what) : Error(Code::strange_answer, what) {}
};

// Reading a cell as what it is not, or one that is not there, throws DbError(strange_answer).
class Result {
  public:
    Result(pg_result* owned, Side side, std::string statement);
    int rows() const;
    int columns() const;
    bool null(int row, int column) const;
    std::string_view text(int row, int column) const;  // valid while the Result lives; empty if null
    Cell cell(int row, int column) const;
    std::int64_t integer(int row, int column) const;
    bool boolean(int row, int column) const;
    std::int64_t affected() const;
    std::string_view command() const;  // the server's tag: "COMMIT", "INSERT 0 1"

  private:
    [[noreturn]] void misfit(const char* what) const;
    std::shared_ptr<pg_result> result_;
    Side side_;
    std::string statement_;
};

// What a posted statement will have answered, once it has been sent.
class Answer {
  public:
    explicit Answer(std::shared_ptr<std::optional<Result>> answer) : answer_(std::move(answer)) {}
    const Result& get() const;  // Defect before the connection has sent it, and when it failed
    bool there() const;         // also after a later statement of the flight has failed

  private:
    std::shared_ptr<std::optional<Result>> answer_;
};

struct ConnectOptions {
    std::string url;  // libpq URI or keywords; service=, PG* and .pgpass work
    std::optional<std::string> password;
    Side side = Side::desktop;
    Millis connect_timeout{8'000};
    // Client side; 0 = none. A statement that exceeds it is cancelled, the error is 57014. For a COPY it
    // limits each wait for the server, not the whole transfer.
    Millis statement_deadline{0};
};

class Connection {
  public:
    // Throws Error with server_unreachable, wrong_password, database_missing, tls, no_rights, config_value
    // (the url) or server_version (13 or newer), naming host, port, database and user, never the password.
    // hook may be null; it must outlive the connection. A server on another machine is reached by TLS with
    // its certificate checked (sslmode=verify-full) unless url, environment or service file say otherwise.
    // Looking up the host's name blocks.
    static Connection open(const ConnectOptions& options, WaitHook* hook);
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    int server_version() const;           // 150018
    std::string server_encoding() const;  // of the database: UTF8, WIN1252, SQL_ASCII ...
    Side side() const;
    std::string describe() const;  // "cloud db@host:port as user"
    int announced_pid()
        const;  // of the backend, as told when connecting; behind a pooler it is another one's

    // Several statements may be separated by semicolons when there are no parameters; the last result is
    // returned.
    Result query(const Statement& statement, std::span<const Cell> parameters = {});

    // One statement (not several) that travels with the next query, COPY, flush or commit on this connection,
    // in order and in one round trip. It fails there, under its own name, and with it all that follow in the
    // same flight.
    Answer post(const Statement& statement, std::vector<Cell> parameters = {});
    void flush();  // sends what was posted

    // COPY ... TO STDOUT in text format: sink gets the cells of each row, unescaped, so many as `columns` says. The view
    // is valid in the call only.
    void copy_out(const Statement& statement, std::size_t columns, const std::function<void(const Cells&)>& sink);

    // The same without taking the rows apart: sink gets each as a line of COPY text, with its newline.
    void copy_lines(const Statement& statement, const std::function<void(std::string_view)>& sink);

    // COPY ... FROM STDIN in text format. `fill` appends complete rows to the (empty) buffer and returns
    // false when there is nothing more; what it appended in that last call still counts. If fill throws, the
    // COPY is aborted (nothing of it stays) and the exception passes through. Returns the number of rows.
    std::int64_t copy_in(const Statement& statement, const std::function<bool(std::string& buffer)>& fill);

    // Payloads of what a LISTEN has brought, waiting at most that long for the first one.
    std::vector<std::string> notifications(Millis limit);

    // Sends COMMIT, behind what was posted. When the connection breaks before the answer, or the deadline
    // passes (60 s where there is none), throws DbError(commit_unknown). The hook is ticked, but cannot stop
    // a COMMIT that goes alone. Throws DbError(statement_failed) also when the transaction had failed before and the server
    // rolled it back. What only read is connection_lost then.
    void commit();
    // The end of a transaction that only read: travels with what follows on this connection.
    void leave();
    // Never throws; leaves the connection usable unless it is lost.
    void rollback() noexcept;
    bool lost() const;
    // Also a failed one, and one whose BEGIN was only posted; not one that was left.
    bool in_transaction() const;
    // Whoever takes it over is told while it waits; may be null, must outlive its use.
    void tell(WaitHook* hook);
    // Idle, outside a transaction (one that was left is ended now), and nothing says that the other end is gone.
    bool reusable();

  private:
    friend class Transaction;
    // Posts statements that open a transaction.
    void begin(std::vector<std::string> statements, bool read_only);
    struct Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// "host:port" that a url leads to, as far as url, environment and service file say.
std::string server_of(const std::string& url);

enum class Isolation { read_committed, repeatable_read };

// BEGIN with every pin of the protocol set by SET LOCAL: search_path=pg_catalog,pg_temp (so every name must
// be qualified but those of temporary tables), TimeZone UTC, DateStyle 'ISO, YMD', IntervalStyle iso_8601,
// extra_float_digits 3, bytea_output hex, row_security off, synchronous_commit on, lock_timeout,
// statement_timeout, idle_in_transaction_session_timeout, client_encoding UTF8, default_toast_compression
// untouched, jit off.
struct TransactionOptions {
    Isolation isolation = Isolation::read_committed;
    bool read_only = false;
    bool locks_first = false;  // repeatable read: LOCK TABLE comes before the snapshot is taken
    Millis lock_timeout{5'000};
    Millis statement_timeout{55'000};  // 0 = none
    Millis idle_timeout{60'000};       // the server ends a transaction that waits longer for us; 0 = none
};

// BEGIN is posted: it costs no round trip of its own, and nothing at all where nothing follows.
// Rolls back in the destructor unless commit() was called and did not throw. Transactions do not nest
// (Defect).
class Transaction {
  public:
    Transaction(Connection& connection, const TransactionOptions& options = {});
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();
    // For what only read, and where something follows at once: until then its snapshot and its locks stay.
    void leave();
    Connection& connection() { return connection_; }

  private:
    Connection& connection_;
    bool open_ = true;
};

}  // namespace tideway::pg
