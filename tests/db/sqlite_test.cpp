// The connection to an SQLite file: values, transactions, waiting for other writers, refusals.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "db/sqlite/connection.hpp"
#include "db/sqlite/idle_connections.hpp"
#include "support/temp_dir.hpp"

namespace tideway::sqlite {
namespace {

class CountingHook : public WaitHook {
  public:
    void tick() override {
        ++ticks;
        if (stops) throw Error(Code::interrupted, "stop");
    }
    int ticks = 0;
    bool stops = false;
};

class SqliteConnection : public testing::Test {
  protected:
    SqliteConnection() { test::write_file(file(), ""); }
    std::string file() const { return (folder / "data.db").string(); }
    Connection open(WaitHook* hook = nullptr) { return Connection::open({.path = file()}, hook); }

    test::TempDir folder;
};

TEST_F(SqliteConnection, EveryStorageClassComesBackAsItWasBound) {
    Connection c = open();
    c.execute("make", "CREATE TABLE t (v)");
    const std::vector<Value> values{
        std::monostate{}, std::numeric_limits<std::int64_t>::min(), 0.1,   std::string("a\0b", 3),
        std::string(),    Blob{std::string("\0\xff", 2)},           Blob{}};
    for (const Value& value : values)
        EXPECT_EQ(Statement(c, "put", "INSERT INTO t VALUES (?1)").run({value}), 1);
    Statement read(c, "read", "SELECT v FROM t ORDER BY rowid");
    for (const Value& value : values) {
        ASSERT_TRUE(read.step());
        EXPECT_EQ(read.value(0), value);
    }
    EXPECT_FALSE(read.step());
}

TEST_F(SqliteConnection, AReadTransactionKeepsItsViewWhileOthersCommit) {
    Connection reader = open(), writer = open();
    writer.execute("make", "PRAGMA journal_mode = WAL; CREATE TABLE t (v); INSERT INTO t VALUES (1)");
    const auto count = [&] {
        Statement read(reader, "count", "SELECT count(*) FROM t");
        read.step();
        return read.integer(0);
    };
    Transaction view(reader, Access::read);
    Transaction change(writer, Access::write);
    writer.execute("add", "INSERT INTO t VALUES (2)");
    change.commit();
    EXPECT_EQ(count(), 1);
    view.commit();
    EXPECT_EQ(count(), 2);
}

TEST_F(SqliteConnection, ATransactionThatIsNotCommittedLeavesNothing) {
    Connection c = open();
    c.execute("make", "CREATE TABLE t (v)");
    {
        Transaction transaction(c, Access::write);
        c.execute("add", "INSERT INTO t VALUES (1)");
        EXPECT_THROW(Transaction(c, Access::read), Defect);
    }
    Transaction transaction(c, Access::write);
    c.execute("add", "INSERT INTO t VALUES (2)");
    transaction.commit();
    Statement read(c, "read", "SELECT v FROM t");
    ASSERT_TRUE(read.step());
    EXPECT_EQ(read.integer(0), 2);
    EXPECT_FALSE(read.step());
}

TEST_F(SqliteConnection, AWriterIsWaitedForUntilThePatienceEnds) {
    Connection one = open(), two = open();
    one.execute("make", "PRAGMA journal_mode = WAL; CREATE TABLE t (v)");
    auto held = std::make_unique<Transaction>(one, Access::write);
    try {
        Transaction(two, Access::write, Millis(50));
        FAIL() << "two writers at once";
    } catch (const SqliteError& error) {
        EXPECT_TRUE(error.busy());
        EXPECT_EQ(error.code(), Code::statement_failed);
    }
    std::thread release([&] {
        std::this_thread::sleep_for(Millis(100));
        held.reset();
    });
    EXPECT_NO_THROW(Transaction(two, Access::write, Millis(10'000)).commit());
    release.join();
}

TEST_F(SqliteConnection, TheHookIsTickedWhileAStatementRunsAndCanEndIt) {
    CountingHook hook;
    Connection c = open(&hook);
    const std::string endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    hook.stops = true;
    try {
        Statement(c, "count", endless).step();
        FAIL() << "it ended by itself";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::interrupted);
    }
    EXPECT_GT(hook.ticks, 0);
    hook.stops = false;
    Statement alive(c, "probe", "SELECT 1");
    EXPECT_TRUE(alive.step());
}

TEST_F(SqliteConnection, RefusalsCarryTheClassThatPostgresGivesThem) {
    Connection c = open();
    c.execute(
        "make",
        "CREATE TABLE p (id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL DEFAULT '', CHECK (id < 10));"
        "CREATE TABLE c (p REFERENCES p); INSERT INTO p (id, u) VALUES (1, 'a');"
        "CREATE TRIGGER g BEFORE DELETE ON p BEGIN SELECT RAISE(ABORT, 'stays'); END");
    const auto refusal = [&](const std::string& sql) {
        try {
            c.execute("try", sql);
        } catch (const SqliteError& error) {
            EXPECT_TRUE(error.row_is_at_fault()) << sql;
            return error.sqlstate();
        }
        return std::string("00000");
    };
    EXPECT_EQ(refusal("INSERT INTO p (id, u) VALUES (1, 'b')"), "23505");
    EXPECT_EQ(refusal("INSERT INTO p (id, u) VALUES (2, 'a')"), "23505");
    EXPECT_EQ(refusal("INSERT INTO p (id, n) VALUES (2, NULL)"), "23502");
    EXPECT_EQ(refusal("INSERT INTO p (id) VALUES (20)"), "23514");
    EXPECT_EQ(refusal("INSERT INTO c VALUES (7)"), "23503");
    EXPECT_EQ(refusal("DELETE FROM p"), "P0001");
}

TEST_F(SqliteConnection, WritesAreCountedByTableWithThoseOfTriggersAndCascades) {
    Connection c = open();
    c.execute("make",
              "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p ON DELETE CASCADE);"
              "CREATE TABLE log (what); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1), (1);"
              "CREATE TRIGGER g AFTER DELETE ON p BEGIN INSERT INTO log VALUES (OLD.id); END");
    c.count_writes();
    c.execute("delete", "DELETE FROM p WHERE id = 1");
    EXPECT_EQ(c.writes().at("p").deleted, 1);
    EXPECT_EQ(c.writes().at("c").deleted, 2);
    EXPECT_EQ(c.writes().at("log").inserted, 1);
    c.execute("update", "UPDATE log SET what = 2; UPDATE log SET what = 3");
    EXPECT_EQ(c.writes().at("log").updates, (std::map<std::int64_t, std::int64_t>{{1, 2}}));
}

TEST_F(SqliteConnection, APragmaWorksEachTimeItIsRun) {
    Connection c = open();
    c.execute("make", "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (p REFERENCES p (id))");
    for (int i = 0; i < 2; ++i) {
        Transaction transaction(c, Access::write);
        Statement(c, "defer", "PRAGMA defer_foreign_keys = ON").run();
        Statement(c, "put child", "INSERT INTO t VALUES (?1)").run({std::int64_t{i}});
        Statement(c, "put parent", "INSERT INTO p VALUES (?1)").run({std::int64_t{i}});
        EXPECT_NO_THROW(transaction.commit());
    }
}

TEST_F(SqliteConnection, OneThatIsNotUsedServesTheNextWhoOpensItsFile) {
    IdleConnections idle;
    const auto open_idle = [&](WaitHook* hook) {
        return Connection::open({.path = file(), .idle = &idle}, hook);
    };
    CountingHook first, second;
    {
        Connection c = open_idle(&first);
        c.execute("make",
                  "CREATE TABLE t (v); CREATE TEMP TABLE scratch (v); BEGIN; INSERT INTO t VALUES (1)");
    }
    Connection c = open_idle(&second);
    EXPECT_NO_THROW(Statement(c, "same connection", "SELECT * FROM temp.scratch").run());
    EXPECT_FALSE(c.in_transaction());
    EXPECT_FALSE(Statement(c, "rolled back", "SELECT 1 FROM t").step());
    second.stops = true;
    EXPECT_THROW(Statement(c, "long",
                           "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                           "SELECT count(*) FROM n")
                     .step(),
                 Error);
    EXPECT_EQ(first.ticks, 0);
}

TEST_F(SqliteConnection, AFileThatIsMissingOrNoDatabaseIsNamed) {
    const auto code_of = [&](const std::string& path) {
        try {
            Connection::open({.path = path}, nullptr);
        } catch (const SqliteError& error) {
            EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
            return error.code();
        }
        return Code::defect;
    };
    EXPECT_EQ(code_of(file() + ".none"), Code::database_missing);
    test::write_file(file(), std::string(2000, 'x'));
    EXPECT_EQ(code_of(file()), Code::database_missing);
}

}  // namespace
}  // namespace tideway::sqlite
