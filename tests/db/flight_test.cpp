// Statements that are posted travel with the next one: in order, in one round trip, and each fails under its
// own name.
#include <gtest/gtest.h>

#include "connection_fixture.hpp"
#include "support/pgbouncer.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::pg {
namespace {

class Flights : public ConnectionTest {
  protected:
    Flights() { observer.exec("create table t (a int)"); }
    long long count() { return observer.number("select count(*) from t"); }
    test::TcpProxy proxy{database.server().port()};
    Connection connection = connect(proxy.url(database.name()));
    template <typename Work>
    long round_trips(const Work& work) {
        proxy.reset_counters();
        work();
        return proxy.counters().round_trips;
    }
};

TEST_F(Flights, AWholeTransactionTakesOneRoundTrip) {
    std::optional<Answer> plain, with_parameter;
    EXPECT_EQ(round_trips([&] {
                  Transaction transaction(connection);
                  connection.post({"add", "insert into public.t values (1)"});
                  plain = connection.post({"count", "select count(*) from public.t"});
                  transaction.commit();
              }),
              1);
    EXPECT_EQ(
        round_trips([&] {
            Transaction transaction(connection);
            connection.post({"add", "insert into public.t values ($1)"}, {"2"});
            with_parameter = connection.post({"count", "select count(*) from public.t where a > $1"}, {"0"});
            transaction.commit();
        }),
        1);
    EXPECT_EQ(plain->get().integer(0, 0), 1);
    EXPECT_EQ(with_parameter->get().integer(0, 0), 2);
    EXPECT_EQ(count(), 2);
}

TEST_F(Flights, ATransactionInWhichNothingIsAskedCostsNothing) {
    EXPECT_EQ(round_trips([&] { Transaction transaction(connection); }), 0);
    EXPECT_EQ(round_trips([&] {
                  Transaction transaction(connection);
                  EXPECT_TRUE(connection.in_transaction());
                  transaction.commit();
              }),
              0);
    EXPECT_FALSE(connection.in_transaction());
    expect_usable(connection);
}

TEST_F(Flights, ATransactionThatWasLeftEndsWithWhatFollows) {
    const auto read_and_leave = [&] {
        Transaction reading(connection, {.read_only = true});
        connection.query({"ask", "SELECT 1"});
        EXPECT_EQ(round_trips([&] { reading.leave(); }), 0);
    };
    read_and_leave();
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(round_trips([&] {
                  Transaction next(connection);
                  EXPECT_EQ(connection.query({"ask", "SELECT 2"}).integer(0, 0), 2);
                  next.commit();
              }),
              2);
    read_and_leave();
    EXPECT_TRUE(connection.reusable());  // ends it
    EXPECT_EQ(connection.query({"ask", "SELECT 3"}).integer(0, 0), 3);
}

TEST_F(Flights, APostedStatementFailsUnderItsOwnNameAndTakesTheOthersAlong) {
    for (const bool parameters : {false, true}) {
        Transaction transaction(connection);
        connection.post({"first", "insert into public.t values (1)"});
        connection.post({"second", "select 1 / (a - 1) from public.t"});
        const Answer third = connection.post({"third", parameters ? "select $1::int" : "select 3"},
                                             parameters ? std::vector<Cell>{"3"} : std::vector<Cell>{});
        const auto error = caught<DbError>([&] { transaction.commit(); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->fields().statement, "second");
        EXPECT_EQ(error->sqlstate(), "22012");
        EXPECT_THROW(third.get(), Defect);
    }
    EXPECT_EQ(count(), 0);
    expect_usable(connection);
}

TEST_F(Flights, CopyTakesAlongWhatWasPosted) {
    for (const bool parameters : {false, true}) {
        Transaction transaction(connection);
        const Answer added = connection.post(
            {"add", parameters ? "insert into public.t values ($1)" : "insert into public.t values (1)"},
            parameters ? std::vector<Cell>{"1"} : std::vector<Cell>{});
        connection.copy_in({"load", "copy public.t from stdin"}, [](std::string& buffer) {
            buffer = "7\n8\n";
            return false;
        });
        EXPECT_EQ(added.get().affected(), 1);
        std::vector<std::string> seen;
        connection.post({"add", "insert into public.t values (9)"});
        connection.copy_out({"read", "copy (select a from public.t order by 1) to stdout"}, 1,
                            [&](const Cells& cells) { seen.push_back(*cells[0]); });
        EXPECT_EQ(seen, (std::vector<std::string>{"1", "7", "8", "9"}));
    }
    EXPECT_EQ(count(), 0);
}

TEST_F(Flights, AFailureAheadOfACopyIsToldAsWhatItIs) {
    Transaction transaction(connection);
    connection.post({"ahead", "select 1/0"});
    const auto error = caught<DbError>([&] {
        connection.copy_in({"load", "copy public.t from stdin"}, [](std::string&) { return false; });
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->fields().statement, "ahead");
}

TEST_F(Flights, AreCancelledWholeWhenTheHookThrows) {
    TestHook hook;
    Connection hooked = connect(url(), &hook);
    {
        Transaction transaction(hooked);
        hooked.post({"wait", "select pg_sleep(60)"});
        hooked.post({"add", "insert into public.t values ($1)"}, {"1"});
        hook.throw_at = hook.ticks + 2;
        EXPECT_THROW(hooked.flush(), StopRequested);
        hook.throw_at = 0;
    }
    expect_usable(hooked);
    EXPECT_EQ(count(), 0);
}

TEST_F(Flights, ThatOnlyReadAreNeverInDoubt) {
    Transaction transaction(connection, {.read_only = true});
    connection.post({"count", "select count(*) from public.t"});
    proxy.cut_after_forwarding("commit");
    const auto error = caught<DbError>([&] { transaction.commit(); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::connection_lost);
}

TEST_F(Flights, PassATransactionPoolerWhole) {
    test::Pgbouncer pooler(database.server(), {.pool_size = 1});
    Connection one = connect(pooler.url(database.name())), other = connect(pooler.url(database.name()));
    for (int i = 0; i < 5; ++i)
        for (Connection* each : {&one, &other}) {
            Transaction transaction(*each);
            const Answer answer =
                each->post({"add", "insert into public.t values ($1) returning a"}, {std::to_string(i)});
            each->post({"more", "insert into public.t values (7)"});
            transaction.commit();
            EXPECT_EQ(answer.get().integer(0, 0), i);
        }
    EXPECT_EQ(count(), 20);
}

}  // namespace
}  // namespace tideway::pg
