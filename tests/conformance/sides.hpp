// Databases of either kind as the suite needs them: a user who runs SQL, and the store under test.
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "db/sqlite/connection.hpp"
#include "store/postgres/pg_store.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "support/db.hpp"
#include "support/fresh_database.hpp"
#include "support/temp_dir.hpp"

namespace tideway::conformance {

enum class Kind { postgres, sqlite };
inline const char* name(Kind kind) { return kind == Kind::postgres ? "Postgres" : "Sqlite"; }

// One database with a user's session on it. SQL is the same for both kinds but for what words() replaces.
class Database {
  public:
    virtual ~Database() = default;
    virtual void exec(const std::string& sql) = 0;
    virtual std::string scalar(const std::string& sql) = 0;  // empty if NULL
    virtual std::unique_ptr<Store> open(Side side) = 0;
    virtual Kind kind() const = 0;
};

class PostgresDatabase : public Database {
  public:
    explicit PostgresDatabase(Side side)
        : database_(test::fresh_database(
              side == Side::desktop ? test::shared_desktop() : test::shared_cloud(), "conformance")),
          user_(database_) {}
    void exec(const std::string& sql) override { user_.exec(sql); }
    std::string scalar(const std::string& sql) override { return user_.query(sql).at(0).at(0).value_or(""); }
    std::unique_ptr<Store> open(Side side) override {
        pg::ConnectOptions options;
        options.url = database_.url();
        options.side = side;
        return std::make_unique<pg::PgStore>(options, "main", nullptr);
    }
    Kind kind() const override { return Kind::postgres; }

  private:
    test::Database database_;
    test::Db user_;
};

class SqliteDatabase : public Database {
  public:
    SqliteDatabase() { test::write_file(file(), ""); }
    // In a session of its own, like an office program that knows nothing of Tideway.
    void exec(const std::string& sql) override { session().execute("user", sql); }
    std::string scalar(const std::string& sql) override {
        sqlite::Statement statement(session(), "user", sql);
        return statement.step() ? statement.text(0) : "";
    }
    std::unique_ptr<Store> open(Side side) override {
        return std::make_unique<sqlite::SqliteStore>(sqlite::ConnectOptions{file(), side}, "main", nullptr);
    }
    Kind kind() const override { return Kind::sqlite; }
    std::string file() const { return (folder_ / "data.db").string(); }
    sqlite::Connection& session() {
        if (!user_) user_ = sqlite::Connection::open({file(), Side::desktop}, nullptr);
        return *user_;
    }

  private:
    test::TempDir folder_;
    std::optional<sqlite::Connection> user_;
};

inline std::unique_ptr<Database> make_database(Kind kind, Side side) {
    if (kind == Kind::postgres) return std::make_unique<PostgresDatabase>(side);
    return std::make_unique<SqliteDatabase>();
}

// {bytes} in a definition is the type of bytes.
inline std::string worded(std::string sql, Kind kind) {
    for (std::size_t at; (at = sql.find("{bytes}")) != std::string::npos;)
        sql.replace(at, 7, kind == Kind::postgres ? "bytea" : "blob");
    return sql;
}

}  // namespace tideway::conformance
