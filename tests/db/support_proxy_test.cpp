// The faults of TcpProxy, seen from both ends of the connection.
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "support/db.hpp"
#include "support/fresh_database.hpp"
#include "support/pg_backend.hpp"
#include "support/pg_frontend.hpp"
#include "support/rows.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

class SupportProxy : public testing::Test {
  protected:
    Database database = fresh_database(shared_cloud(), "proxy");
    TcpProxy proxy{shared_cloud().port()};
    Db direct{database};

    void SetUp() override { direct.exec("create table t (a int)"); }
    Db through() const { return Db(proxy.url(database.name())); }
    void insert_and_commit(Db& db, int value) {
        db.exec("begin");
        db.exec("insert into t values (" + std::to_string(value) + ")");
        db.exec("commit");
    }
    // As the extended protocol does it: Parse, Bind, Execute, Sync.
    static std::string extended(Db& db, const char* sql) {
        PGresult* result = PQexecParams(db.handle(), sql, 0, nullptr, nullptr, nullptr, nullptr, 0);
        const std::string state = PQresStatus(PQresultStatus(result));
        PQclear(result);
        return state;
    }
};

TEST_F(SupportProxy, PassesEverythingAndCounts) {
    Db db = through();
    proxy.reset_counters();
    for (int i = 0; i < 3; ++i) db.exec("select 1");
    EXPECT_EQ(proxy.counters().round_trips, 3);
    EXPECT_EQ(proxy.counters().bytes_to_server, 3 * 14);
    const std::string big(5'000'000, 'x');
    EXPECT_EQ(db.scalar("select md5('" + big + "')"), direct.scalar("select md5(repeat('x', 5000000))"));
    EXPECT_EQ(db.scalar("select repeat('x', 5000000)"), big);
    EXPECT_GT(proxy.counters().bytes_to_client, 5'000'000);
}

TEST_F(SupportProxy, CutBeforeForwardingCommitLosesTheTransaction) {
    Db db = through();
    proxy.cut_before_forwarding("COMMIT");
    EXPECT_THROW(insert_and_commit(db, 1), DbError);
    proxy.wait_until_cut();
    EXPECT_ROWS(direct, "select count(*) from t", "0");
    EXPECT_EQ(proxy.seen("COMMIT"), 1);
}

TEST_F(SupportProxy, CutAfterForwardingCommitKeepsTheTransaction) {
    Db db = through();
    proxy.cut_after_forwarding("COMMIT", 2);
    insert_and_commit(db, 1);
    EXPECT_THROW(insert_and_commit(db, 2), DbError);
    proxy.wait_until_cut();
    EXPECT_ROWS(direct, "select a from t order by a", "1\n2");
    Db again = through();
    insert_and_commit(again, 3);
    EXPECT_EQ(proxy.seen("COMMIT"), 3);
}

TEST_F(SupportProxy, CutsUnderstandTheExtendedProtocol) {
    Db after = through();
    proxy.cut_after_forwarding("commit");
    after.exec("begin; insert into t values (1)");
    EXPECT_EQ(extended(after, "COMMIT"), "PGRES_FATAL_ERROR");
    proxy.wait_until_cut(1);
    Db before = through();
    proxy.cut_before_forwarding("commit");
    before.exec("begin; insert into t values (2)");
    EXPECT_EQ(extended(before, "COMMIT"), "PGRES_FATAL_ERROR");
    proxy.wait_until_cut(2);
    EXPECT_ROWS(direct, "select a from t", "1");
}

TEST_F(SupportProxy, ClosesAfterSoManyBytesOfTheAnswer) {
    Db db = through();
    proxy.reset_counters();
    proxy.close_after(Direction::to_client, 100'000);
    EXPECT_THROW(db.query("select repeat('x', 1000000)"), DbError);
    proxy.wait_until_cut();
    EXPECT_EQ(proxy.counters().bytes_to_client, 100'000);
}

TEST_F(SupportProxy, ClosesInTheMiddleOfACopyIn) {
    Db db = through();
    proxy.close_after(Direction::to_server, 50'000);
    db.send("copy t from stdin");
    std::string state;
    PGresult* copy = PQgetResult(db.handle());
    ASSERT_EQ(PQresultStatus(copy), PGRES_COPY_IN);
    PQclear(copy);
    for (int i = 0; i < 50'000 && PQputCopyData(db.handle(), "12345\n", 6) == 1;) ++i;
    PQputCopyEnd(db.handle(), nullptr);
    EXPECT_THROW(db.wait(), DbError);
    proxy.wait_until_cut();
    EXPECT_ROWS(direct, "select count(*) from t", "0");
}

TEST_F(SupportProxy, CutBeforeReadyKeepsTheTransactionAndSaysSo) {
    Db db = through();
    proxy.cut_before_ready("COMMIT", 2);
    insert_and_commit(db, 1);
    db.exec("begin; insert into t values (2)");
    ASSERT_EQ(PQsendQuery(db.handle(), "commit"), 1);
    PGresult* answer = PQgetResult(db.handle());
    EXPECT_STREQ(PQcmdStatus(answer), "COMMIT");
    PQclear(answer);
    answer = PQgetResult(db.handle());
    EXPECT_EQ(PQresultStatus(answer), PGRES_FATAL_ERROR);
    PQclear(answer);
    EXPECT_FALSE(db.connected());
    proxy.wait_until_cut();
    EXPECT_ROWS(direct, "select a from t order by a", "1\n2");
    Db again = through();
    proxy.cut_before_ready("commit");
    again.exec("begin; insert into t values (3)");
    EXPECT_EQ(extended(again, "COMMIT"), "PGRES_FATAL_ERROR");
    EXPECT_ROWS(direct, "select count(*) from t", "3");
}

TEST_F(SupportProxy, CutsInTheMiddleOfAPieceOfACopy) {
    direct.exec("insert into t select i from generate_series(1, 100) i");
    Db out = through();
    proxy.cut_in_copy(Direction::to_client, 3);
    PGresult* copy = PQexec(out.handle(), "copy t to stdout");
    ASSERT_EQ(PQresultStatus(copy), PGRES_COPY_OUT);
    PQclear(copy);
    int rows = 0, size = 0;
    for (char* row = nullptr; (size = PQgetCopyData(out.handle(), &row, 0)) > 0; ++rows) PQfreemem(row);
    EXPECT_EQ(rows, 2);
    EXPECT_EQ(size, -2);
    proxy.wait_until_cut();
    Db in = through();
    proxy.cut_in_copy(Direction::to_server, 1);
    in.send("copy t from stdin");
    copy = PQgetResult(in.handle());
    ASSERT_EQ(PQresultStatus(copy), PGRES_COPY_IN);
    PQclear(copy);
    PQputCopyData(in.handle(), "12345\n", 6);
    PQputCopyEnd(in.handle(), nullptr);
    EXPECT_THROW(in.wait(), DbError);
    proxy.wait_until_cut(2);
    EXPECT_ROWS(direct, "select count(*) from t", "100");
}

TEST_F(SupportProxy, CountsConnectionByConnection) {
    Db first = through(), second = through();
    proxy.reset_counters();
    first.exec("select 1");
    first.exec("select 1");
    second.exec("select 22");
    Db third = through();
    const std::vector<Traffic> counted = proxy.connections();
    ASSERT_EQ(counted.size(), 3U);
    EXPECT_EQ(counted[0].round_trips, 2);
    EXPECT_EQ(counted[0].bytes_to_server, 2 * 14);
    EXPECT_EQ(counted[1].round_trips, 1);
    EXPECT_EQ(counted[1].bytes_to_server, 15);
    EXPECT_GT(counted[2].round_trips, 0);
    long long bytes = 0;
    for (const Traffic& each : counted) bytes += each.bytes_to_client;
    EXPECT_EQ(bytes, proxy.counters().bytes_to_client);
}

TEST_F(SupportProxy, BandwidthIsOfAllConnectionsTogether) {
    Db first = through(), second = through();
    proxy.bandwidth(Direction::to_client, 1'000'000);
    const auto begin = std::chrono::steady_clock::now();
    first.send("select repeat('x', 100000)");
    second.send("select repeat('x', 100000)");
    first.wait();
    second.wait();
    EXPECT_GE(std::chrono::steady_clock::now() - begin, Millis(200));
    proxy.clear_faults();
    EXPECT_EQ(first.scalar("select 1"), "1");
}

TEST_F(SupportProxy, RefusesNewConnectionsOnly) {
    Db db = through();
    proxy.refuse_new(true);
    EXPECT_THROW(through(), DbError);
    EXPECT_EQ(db.scalar("select 1"), "1");
    proxy.refuse_new(false);
    EXPECT_EQ(through().scalar("select 2"), "2");
}

TEST_F(SupportProxy, BlackholeHoldsBytesUntilItEnds) {
    Db db = through();
    proxy.blackhole(true);
    db.send("insert into t values (1) returning a");
    EXPECT_THROW(db.wait(Millis(100)), DbError);
    EXPECT_ROWS(direct, "select count(*) from t", "0");
    proxy.blackhole(false);
    EXPECT_EQ(text_of(db.wait()), "1");
}

TEST_F(SupportProxy, DropsOpenConnections) {
    Db db = through();
    db.exec("begin; insert into t values (1)");
    proxy.drop_connections();
    EXPECT_THROW(db.exec("commit"), DbError);
    proxy.wait_until_cut();
    EXPECT_ROWS(direct, "select count(*) from t", "0");
}

TEST_F(SupportProxy, DelaysEachRoundTrip) {
    Db db = through();
    proxy.delay(Direction::to_server, Millis(30));
    proxy.delay(Direction::to_client, Millis(20));
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) db.exec("select 1");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, Millis(200));
}

TEST(SupportFrontend, ParsesMessagesCutAnywhere) {
    using namespace std::string_literals;
    const std::string stream =
        "\0\0\0\x08\x04\xd2\x16\x2f"s               // SSLRequest
        "\0\0\0\x0e\0\x03\0\0user\0\0"s             // startup
        "d\0\0\0\x08QQQQ"s                          // CopyData, which is no Query
        "P\0\0\0\x10x\0commit\0\0\0\0S\0\0\0\x04"s  // Parse, Sync
        "Q\0\0\0\x0dselect 1\0"s;                   // Query
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        FrontendParser parser;
        std::string bytes, heard;
        for (std::size_t at = 0; at < stream.size(); at += step)
            for (const FrontendPiece& piece : parser.feed(std::string_view(stream).substr(at, step))) {
                bytes += piece.bytes;
                if (piece.type != 0) heard += piece.type + piece.sql + ";";
            }
        EXPECT_EQ(bytes, stream) << "step " << step;
        EXPECT_EQ(heard, "I;d;Pcommit;S;Qselect 1;") << "step " << step;
    }
}

TEST(SupportBackend, ParsesMessagesCutAnywhere) {
    using namespace std::string_literals;
    const std::string stream =
        "N"s                    // no encryption
        "R\0\0\0\x08\0\0\0\0"s  // AuthenticationOk
        "Z\0\0\0\x05I"s         // ReadyForQuery
        "d\0\0\0\x08ZZZZ"s      // CopyData, which is not ready
        "N\0\0\0\x05\0"s        // a notice
        "C\0\0\0\x0b"
        "COMMIT\0"s  // CommandComplete
        "Z\0\0\0\x05I"s;
    for (const bool apart : {false, true})
        for (std::size_t step = 1; step <= stream.size(); ++step) {
            BackendParser parser;
            std::string bytes, heard;
            for (std::size_t at = 0; at < stream.size(); at += step)
                for (const BackendPiece& piece :
                     parser.feed(std::string_view(stream).substr(at, step), apart)) {
                    bytes += piece.bytes;
                    if (piece.type != 0) heard += piece.type;
                }
            EXPECT_EQ(bytes, stream) << "step " << step;
            EXPECT_EQ(heard, apart ? "ZdZ" : "ZZ") << "step " << step;
        }
}

TEST(SupportFrontend, FindsStatementsByTheirBeginning) {
    EXPECT_TRUE(holds_statement("COMMIT", "commit"));
    EXPECT_TRUE(holds_statement("insert into t values (1);\n /* done */ commit", "COMMIT"));
    EXPECT_FALSE(holds_statement("create temp table t (a int) on commit drop", "COMMIT"));
    EXPECT_FALSE(holds_statement("", "COMMIT"));
}

}  // namespace
}  // namespace tideway::test
