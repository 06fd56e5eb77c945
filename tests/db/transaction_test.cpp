// Transactions: their pins, their end, and what is known when the line breaks at COMMIT.
#include <gtest/gtest.h>

#include "connection_fixture.hpp"
#include "support/pgbouncer.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::pg {
namespace {

using Pins = std::map<std::string, std::string>;

const Pins wanted = {
    {"search_path", "pg_catalog, pg_temp"},
    {"TimeZone", "UTC"},
    {"DateStyle", "ISO, YMD"},
    {"IntervalStyle", "iso_8601"},
    {"extra_float_digits", "3"},
    {"bytea_output", "hex"},
    {"row_security", "off"},
    {"synchronous_commit", "on"},
    {"jit", "off"},
    {"lock_timeout", "1234ms"},
    {"statement_timeout", "54321ms"},
    {"idle_in_transaction_session_timeout", "45678ms"},
    {"client_encoding", "UTF8"},
    {"transaction_isolation", "repeatable read"},
    {"transaction_read_only", "on"},
};
const TransactionOptions unusual{.isolation = Isolation::repeatable_read,
                                 .read_only = true,
                                 .lock_timeout = Millis(1234),
                                 .statement_timeout = Millis(54321),
                                 .idle_timeout = Millis(45678)};

Pins shown(Connection& connection) {
    Pins found;
    for (const auto& [setting, value] : wanted)
        found[setting] = connection.query({"show", "show " + setting}).text(0, 0);
    return found;
}

class Transactions : public ConnectionTest {
  protected:
    Transactions() { observer.exec("create table t (a int)"); }
    long long count() { return observer.number("select count(*) from t"); }
    static void add(Connection& connection) { connection.query({"add", "insert into public.t values (1)"}); }
};

TEST_F(Transactions, SetEveryPinAndLeakNone) {
    Connection connection = connect(url());
    const Pins before = shown(connection);
    {
        Transaction transaction(connection, unusual);
        EXPECT_EQ(shown(connection), wanted);
        transaction.commit();
    }
    EXPECT_EQ(shown(connection), before);
    { Transaction rolled_back(connection, unusual); }
    EXPECT_EQ(shown(connection), before);
}

TEST_F(Transactions, KeepWhatWasCommittedAndDropTheRest) {
    Connection connection = connect(url());
    {
        Transaction transaction(connection);
        add(connection);
    }
    EXPECT_EQ(count(), 0);
    {
        Transaction transaction(connection);
        add(connection);
        transaction.commit();
    }
    EXPECT_EQ(count(), 1);
    expect_usable(connection);
}

TEST_F(Transactions, FindTheirTemporaryTablesWithoutASchema) {
    Connection connection = connect(url());
    Transaction transaction(connection);
    connection.query({"x", "create temp table staged (a int) on commit drop; insert into staged values (5)"});
    EXPECT_EQ(connection.query({"x", "select a from staged"}).integer(0, 0), 5);
}

TEST_F(Transactions, DoNotNestAndDoNotCommitTwice) {
    Connection connection = connect(url());
    {
        Transaction transaction(connection);
        EXPECT_THROW(Transaction inner(connection), Defect);
        transaction.commit();
        EXPECT_THROW(connection.commit(), Defect);
    }
    expect_usable(connection);
}

TEST_F(Transactions, SayThatAFailedOneWasRolledBackInsteadOfCommitted) {
    Connection connection = connect(url());
    {
        Transaction transaction(connection);
        add(connection);
        EXPECT_THROW(connection.query({"x", "select 1/0"}), DbError);
        const auto error = caught<DbError>([&] { transaction.commit(); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), Code::statement_failed);
        EXPECT_EQ(error->sqlstate(), "25P02");
    }
    expect_usable(connection);
    EXPECT_EQ(count(), 0);
}

TEST_F(Transactions, FailAtCommitForADeferredConstraint) {
    observer.exec("create table d (a int unique deferrable initially deferred); insert into d values (1)");
    Connection connection = connect(url());
    {
        Transaction transaction(connection);
        connection.query({"x", "insert into public.d values (1)"});
        const auto error = caught<DbError>([&] { transaction.commit(); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), Code::statement_failed);
        EXPECT_EQ(error->sqlstate(), "23505");
    }
    expect_usable(connection);
}

TEST_F(Transactions, AreNotStoppedByTheHookOnceCommitIsUnderWay) {
    observer.exec(
        "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.8); return "
        "null; end';"
        "create constraint trigger slow after insert on t deferrable initially deferred for each row "
        "execute function slow()");
    TestHook hook;
    Connection connection = connect(url(), &hook);
    Transaction transaction(connection);
    add(connection);
    hook.throw_at = 1;
    const int before = hook.ticks;
    EXPECT_NO_THROW(transaction.commit());
    EXPECT_GT(hook.ticks, before);
    EXPECT_EQ(count(), 1);
}

TEST_F(Transactions, WaitForALockNoLongerThanTold) {
    test::Db holder(database);
    holder.exec("begin; lock table t");
    Connection connection = connect(url());
    Transaction transaction(connection, {.lock_timeout = Millis(100)});
    const auto error = caught<DbError>([&] { add(connection); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->sqlstate(), "55P03");
    EXPECT_TRUE(error->transient());
}

TEST_F(Transactions, EndWhenTheyIdleTooLong) {
    Connection connection = connect(url());
    Transaction transaction(connection, {.idle_timeout = Millis(50)});
    add(connection);
    const auto pid = std::to_string(observer.number(
        "select coalesce(max(pid), 0) from pg_stat_activity where application_name = 'tideway' and datname = "
        "current_database()"));
    while (observer.number("select count(*) from pg_stat_activity where pid = " + pid) != 0) continue;
    const auto error = caught<DbError>([&] { transaction.commit(); });
    ASSERT_TRUE(error);
    EXPECT_TRUE(error->connection_is_lost());
    EXPECT_TRUE(connection.lost());
    EXPECT_EQ(count(), 0);
}

class CutCommit : public Transactions {
  protected:
    test::TcpProxy proxy{database.server().port()};
    Connection connection = connect(proxy.url(database.name()), nullptr, Millis(1000));

    std::optional<DbError> failed_commit() {
        Transaction transaction(connection);
        add(connection);
        cut();
        return caught<DbError>([&] { transaction.commit(); });
    }
    std::function<void()> cut;
};

TEST_F(CutCommit, AfterItReachedTheServerIsUnknownAndHappened) {
    cut = [&] { proxy.cut_after_forwarding("commit"); };
    const auto error = failed_commit();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::commit_unknown);
    EXPECT_TRUE(error->connection_is_lost());
    EXPECT_FALSE(error->transient());
    EXPECT_TRUE(connection.lost());
    proxy.wait_until_cut();
    EXPECT_EQ(count(), 1);
}

TEST_F(CutCommit, BeforeItReachedTheServerIsUnknownAndDidNotHappen) {
    cut = [&] { proxy.cut_before_forwarding("commit"); };
    const auto error = failed_commit();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::commit_unknown);
    proxy.wait_until_cut();
    EXPECT_EQ(count(), 0);
}

TEST_F(CutCommit, WithoutAnyAnswerIsUnknownAtTheDeadline) {
    cut = [&] { proxy.blackhole(true); };
    const auto error = failed_commit();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::commit_unknown);
    EXPECT_TRUE(connection.lost());
    proxy.blackhole(false);
}

TEST_F(Transactions, WorkThroughATransactionPoolerAndLeakNothingToItsOtherClients) {
    test::Pgbouncer pooler(database.server(), {.pool_size = 1});
    Connection connection = connect(pooler.url(database.name()));
    Connection neighbour = connect(pooler.url(database.name()));
    const Pins before = shown(neighbour);
    {
        Transaction transaction(connection, unusual);
        EXPECT_EQ(shown(connection), wanted);
        transaction.commit();
    }
    EXPECT_EQ(shown(neighbour), before);
    {
        Transaction transaction(connection);
        connection.copy_in({"load", "copy public.t from stdin"}, [](std::string& buffer) {
            buffer = "1\n2\n";
            return false;
        });
        EXPECT_EQ(
            connection.query({"x", "select count(*) from public.t where a > $1"}, Cells{"0"}).integer(0, 0),
            2);
        transaction.commit();
    }
    EXPECT_EQ(count(), 2);
}

TEST_F(Transactions, AreCancelledThroughAPooler) {
    test::Pgbouncer pooler(database.server(), {.pool_size = 1});
    TestHook hook;
    Connection connection = connect(pooler.url(database.name()), &hook);
    {
        Transaction transaction(connection);
        hook.throw_at = hook.ticks + 2;
        EXPECT_THROW(connection.query({"wait", "select pg_sleep(60)"}), StopRequested);
        hook.throw_at = 0;
    }
    expect_usable(connection);
}

}  // namespace
}  // namespace tideway::pg
