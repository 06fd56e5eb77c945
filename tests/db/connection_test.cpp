// Statements, their errors, and what ends them early.
#include <gtest/gtest.h>

#include <chrono>

#include "connection_fixture.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::pg {
namespace {

using namespace std::string_literals;

class Statements : public ConnectionTest {
  protected:
    long long running() {
        return observer.number(
            "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' "
            "and "
            "pid <> pg_backend_pid()");
    }
};

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST_F(Statements, ReturnTheLastOfSeveralResults) {
    Connection connection = connect(url());
    const Result result = connection.query({"many", "select 1; select 2, 'x', null, true, ''"});
    EXPECT_EQ(result.rows(), 1);
    EXPECT_EQ(result.columns(), 5);
    EXPECT_EQ(result.integer(0, 0), 2);
    EXPECT_EQ(result.text(0, 1), "x");
    EXPECT_TRUE(result.null(0, 2));
    EXPECT_EQ(result.cell(0, 2), std::nullopt);
    EXPECT_TRUE(result.boolean(0, 3));
    EXPECT_EQ(result.cell(0, 4), "");
    EXPECT_EQ(result.command(), "SELECT 1");
    EXPECT_EQ(connection.query({"empty", ""}).rows(), 0);
    EXPECT_EQ(connection.query({"made", "create table t as select generate_series(1, 3)"}).affected(), 3);
}

TEST_F(Statements, TakeParametersAsTheyAre) {
    Connection connection = connect(url());
    const Cells cells{"it's $1 \\ \n", std::nullopt, "", "\xF0\x9F\x8C\x8A", std::string(3'000'000, 'x')};
    const Result result =
        connection.query({"echo", "select $1::text, $2::text, $3::text, $4::text, $5::text"}, cells);
    for (int column = 0; column < 5; ++column)
        EXPECT_TRUE(result.cell(0, column) == cells[static_cast<std::size_t>(column)]) << column;
}

TEST_F(Statements, RefuseAZeroByteAsAFaultOfTheRow) {
    Connection connection = connect(url());
    const auto error = caught<DbError>([&] { connection.query({"echo", "select $1"}, Cells{"a\0b"s}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->sqlstate(), "22021");
    EXPECT_TRUE(error->row_is_at_fault());
    expect_usable(connection);
}

TEST_F(Statements, ReadingACellAsWhatItIsNotSaysThatTheAnswerIsStrange) {
    Connection connection = connect(url());
    const Result result = connection.query({"cells", "select null, 'x', 1"});
    const auto strange = [](const auto& read) {
        const auto error = caught<DbError>(read);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), Code::strange_answer);
        EXPECT_EQ(error->fields().statement, "cells");
    };
    strange([&] { result.integer(0, 0); });
    strange([&] { result.integer(0, 1); });
    strange([&] { result.boolean(0, 2); });
    strange([&] { result.text(1, 0); });
    strange([&] { result.text(0, 3); });
    expect_usable(connection);
}

TEST_F(Statements, FailWithAllFieldsAndKeepRowDataOutOfTheMessage) {
    observer.exec("create table t (a text constraint only_once unique); insert into t values ('secret')");
    Connection connection = connect(url());
    const auto error = caught<DbError>([&] {
        connection.query({"add row", "insert into public.t values ($1)"}, Cells{"secret"});
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::statement_failed);
    EXPECT_EQ(error->sqlstate(), "23505");
    EXPECT_EQ(error->fields().statement, "add row");
    EXPECT_EQ(error->fields().constraint, "only_once");
    EXPECT_EQ(error->fields().table, "t");
    EXPECT_NE(error->fields().detail.find("secret"), std::string::npos);
    const std::string what = error->what();
    EXPECT_EQ(what.find("secret"), what.npos) << what;
    EXPECT_EQ(what.find("insert into"), what.npos) << what;
    for (const char* part : {"desktop", "add row", "only_once", "23505"})
        EXPECT_NE(what.find(part), what.npos) << what;
    EXPECT_TRUE(error->row_is_at_fault());
    EXPECT_FALSE(error->transient());
    EXPECT_FALSE(error->connection_is_lost());
    expect_usable(connection);
}

TEST_F(Statements, AreClassifiedByTheirSqlstate) {
    observer.exec(
        "drop role if exists tideway_nobody; create role tideway_nobody login; create table t (a int)");
    Connection connection = connect(database.url("tideway_nobody"));
    const auto fails = [&](const char* text) {
        return caught<DbError>([&] { connection.query({"x", text}); });
    };
    EXPECT_EQ(fails("select * from public.t")->code(), Code::no_rights);
    EXPECT_TRUE(fails("select 'x'::int")->row_is_at_fault());
    EXPECT_TRUE(fails("do $$begin raise 'refused'; end$$")->row_is_at_fault());
    EXPECT_TRUE(fails("do $$begin raise sqlstate '40001'; end$$")->transient());
    EXPECT_TRUE(fails("do $$begin raise sqlstate '40P01'; end$$")->transient());
    EXPECT_FALSE(fails("select nothing")->transient());
    EXPECT_FALSE(fails("select nothing")->row_is_at_fault());
    expect_usable(connection);
}

TEST_F(Statements, OfOneMessageFailTogetherAndLeaveNothingUnread) {
    Connection connection = connect(url());
    const auto error = caught<DbError>([&] { connection.query({"x", "select 1; select 1/0; select 2"}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->sqlstate(), "22012");
    expect_usable(connection);
}

TEST_F(Statements, DropNotices) {
    Connection connection = connect(url());
    testing::internal::CaptureStderr();
    connection.query({"x", "do $$begin raise warning 'loud'; end$$"});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(Statements, TickTheHookFourTimesASecond) {
    TestHook hook;
    Connection connection = connect(url(), &hook);
    hook.ticks = 0;
    connection.query({"wait", "select pg_sleep(1.3)"});
    EXPECT_GE(hook.ticks, 4);
}

TEST_F(Statements, AreCancelledWhenTheHookThrows) {
    TestHook hook;
    Connection connection = connect(url(), &hook);
    hook.throw_at = hook.ticks + 2;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THROW(connection.query({"wait", "select pg_sleep(60)"}), StopRequested);
    EXPECT_LT(seconds_since(start), 10);
    EXPECT_EQ(running(), 0);
    hook.throw_at = 0;
    expect_usable(connection);
}

TEST_F(Statements, AreCancelledAtTheDeadline) {
    Connection connection = connect(url(), nullptr, Millis(300));
    const auto start = std::chrono::steady_clock::now();
    const auto error = caught<DbError>([&] { connection.query({"wait", "select pg_sleep(60)"}); });
    EXPECT_LT(seconds_since(start), 10);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->sqlstate(), "57014");
    EXPECT_EQ(error->code(), Code::statement_failed);
    EXPECT_TRUE(error->transient());
    EXPECT_EQ(running(), 0);
    expect_usable(connection);
}

TEST_F(Statements, LoseTheLineWhenEvenTheCancelGoesUnanswered) {
    test::TcpProxy proxy(database.server().port());
    Connection connection = connect(proxy.url(database.name()), nullptr, Millis(200));
    proxy.blackhole(true);
    const auto start = std::chrono::steady_clock::now();
    const auto error = caught<DbError>([&] { connection.query({"x", "select 1"}); });
    EXPECT_LT(seconds_since(start), 20);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::connection_lost);
    EXPECT_TRUE(connection.lost());
    proxy.blackhole(false);
}

// A hook that uses the connection it is called for, which must not disturb the statement under way unseen.
class GreedyHook : public WaitHook {
  public:
    void tick() override {
        if (victim) victim->query({"inner", "select 1"});
    }
    Connection* victim = nullptr;
};

TEST_F(Statements, RunOneAtATime) {
    GreedyHook hook;
    Connection connection = connect(url(), &hook);
    hook.victim = &connection;
    EXPECT_THROW(connection.query({"outer", "select pg_sleep(60)"}), Defect);
    hook.victim = nullptr;
    expect_usable(connection);
}

TEST_F(Statements, AnsweredByACopyEndTheConnection) {
    observer.exec("create table t (a int)");
    for (const char* copy : {"copy public.t from stdin", "copy (select generate_series(1, 100000)) to stdout"}) {
        Connection connection = connect(url());
        const auto error = caught<DbError>([&] { connection.query({"x", copy}); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), Code::strange_answer);
        EXPECT_TRUE(connection.lost());
    }
}

TEST_F(Statements, FindOutThatTheirBackendWasTerminated) {
    Connection connection = connect(url());
    const std::string pid(connection.query({"pid", "select pg_backend_pid()"}).text(0, 0));
    observer.exec("select pg_terminate_backend(" + pid + ")");
    while (observer.number("select count(*) from pg_stat_activity where pid = " + pid) != 0) continue;
    const auto error = caught<DbError>([&] { connection.query({"x", "select 1"}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::connection_lost);
    EXPECT_EQ(error->sqlstate(), "57P01");
    EXPECT_TRUE(error->transient());
    EXPECT_TRUE(connection.lost());
    const auto again = caught<DbError>([&] { connection.query({"x", "select 1"}); });
    ASSERT_TRUE(again);
    EXPECT_EQ(again->code(), Code::connection_lost);
    connection.rollback();
}

// Kills the server while the connection waits.
class KillingHook : public WaitHook {
  public:
    explicit KillingHook(test::PgServer& server) : server_(server) {}
    void tick() override {
        if (armed && server_.running()) server_.kill9();
    }
    bool armed = false;

  private:
    test::PgServer& server_;
};

TEST(StatementsOfAKilledServer, FailAsAConnectionLost) {
    test::PgServer server;
    KillingHook hook(server);
    Connection connection = connect(server.url("postgres"), &hook);
    hook.armed = true;
    const auto error = caught<DbError>([&] { connection.query({"wait", "select pg_sleep(60)"}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::connection_lost);
    EXPECT_EQ(error->fields().statement, "wait");
    EXPECT_TRUE(connection.lost());
}

}  // namespace
}  // namespace tideway::pg
