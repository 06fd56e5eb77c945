// One connection to an SQLite file: bound parameters, read snapshots and write transactions under WAL,
// waiting for other writers with a deadline, errors with stable codes.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/world.hpp"
#include "model/value.hpp"

struct sqlite3_stmt;

namespace tideway::sqlite {

struct Blob {
    std::string bytes;
    bool operator==(const Blob&) const = default;
};
// A value with its storage class; std::monostate is NULL.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

// What the library reported. code() is database_missing, no_rights or statement_failed.
class SqliteError : public Error {
  public:
    SqliteError(Code code, int extended, const std::string& what, std::string message, std::string hint = {})
        : Error(code, what, std::move(hint)), extended_(extended), message_(std::move(message)) {}
    int extended_code() const { return extended_; }
    const std::string& message() const { return message_; }  // the library's own words
    bool busy() const;                                       // somebody else writes: trying again may work
    bool row_is_at_fault() const;  // a constraint, a type or a trigger refused the data
    std::string sqlstate() const;  // the class of the refusal in PostgreSQL's terms, so that both read alike

  private:
    int extended_;
    std::string message_;
};

class IdleConnections;

struct ConnectOptions {
    std::string path;
    Side side = Side::desktop;
    World* world = {};           // null: the real one. Its clock is also what SQL in the file knows of time.
    IdleConnections* idle = {};  // null: none. What is not used any more waits there; all of one world.
    bool alone = false;          // no other process opens the file: no lock has to be asked of the system
};

struct TableWrites {
    std::int64_t inserted = 0, deleted = 0;
    std::map<std::int64_t, std::int64_t> updates;  // by the row's number afterwards
    std::int64_t updated() const;
};

struct ConnectionImpl;

// For one thread at a time.
class Connection {
  public:
    // The file must exist. hook may be null; it must outlive the connection, is ticked while statements run
    // or wait, and what it throws ends the statement. Foreign keys are enforced, commits are durable.
    static Connection open(const ConnectOptions& options, WaitHook* hook);
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    // Statements without parameters and rows, separated by semicolons.
    void execute(std::string_view name, const std::string& text);
    bool in_transaction() const;
    void rollback() noexcept;
    std::int64_t total_changes()
        const;  // rows written so far, with those of triggers and foreign key actions
    std::int64_t last_insert_rowid() const;
    // How long a statement waits for another writer; beyond that SqliteError::busy().
    void set_patience(Millis patience);
    // From now on rows written to tables with rowids are counted by table, triggers and foreign key actions
    // included.
    void count_writes();
    const std::map<std::string, TableWrites>& writes() const;
    // How a column of a table compares texts: BINARY, NOCASE, ...
    std::string collation(const std::string& table, const std::string& column) const;

  private:
    friend class Statement;
    explicit Connection(std::unique_ptr<ConnectionImpl> impl);
    static Connection open_anew(const ConnectOptions& options, WaitHook* hook);
    std::unique_ptr<ConnectionImpl> impl_;
};

// A prepared statement; its name appears in errors, its text does not. Its connection keeps it prepared for
// the next who needs the same, and must outlive it.
class Statement {
  public:
    Statement(Connection& connection, std::string_view name, const std::string& text);
    Statement(Connection& connection, std::string_view name, const std::string& text,
              const std::vector<Value>& parameters);
    Statement(Statement&&) noexcept;
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    // From the first parameter on; ends an earlier execution.
    Statement& bind(const std::vector<Value>& parameters);
    bool step();  // true: there is a row
    void run();   // to its end
    // Binds, runs, and returns how many rows it wrote.
    std::int64_t run(const std::vector<Value>& parameters);

    int columns() const;
    Value value(int column) const;
    bool null(int column) const;
    std::int64_t integer(int column) const;  // Defect if NULL
    std::string text(int column) const;      // empty if NULL
    Cell cell(int column) const;
    std::optional<std::int64_t> maybe_integer(int column) const;

  private:
    [[noreturn]] void fail(int code);
    ConnectionImpl* connection_;
    std::string name_;
    sqlite3_stmt* statement_ = nullptr;
};

// write: BEGIN IMMEDIATE, so that nothing read in it is old. read: a snapshot of this moment; temporary
// tables outlive it.
enum class Access { read, write };

// Rolls back what was written in the destructor unless commit() was called and did not throw. Transactions do
// not nest (Defect).
class Transaction {
  public:
    Transaction(Connection& connection, Access access, Millis patience = Millis(5'000));
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();

  private:
    Connection& connection_;
    Access access_;
    bool open_ = true;
};

}  // namespace tideway::sqlite
