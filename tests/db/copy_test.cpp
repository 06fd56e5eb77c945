// COPY both ways: what goes through unharmed, and what ends it early.
#include <gtest/gtest.h>

#include "connection_fixture.hpp"
#include "sql/copy_text.hpp"

namespace tideway::pg {
namespace {

class Copy : public ConnectionTest {
  protected:
    Copy() { observer.exec("create table t (n int primary key, a text, b text)"); }
    long long count() { return observer.number("select count(*) from t"); }

    const Statement in{"load", "copy public.t from stdin"};
    const Statement out{"read", "copy (select n, a, b from public.t order by n) to stdout"};
};

void append(std::string& buffer, const Cells& cells) {
    std::vector<const std::string*> pointers;
    for (const Cell& cell : cells) pointers.push_back(cell ? &*cell : nullptr);
    sql::append_copy_row(buffer, pointers);
}

TEST_F(Copy, CarriesHostileCellsUnharmedBothWays) {
    const std::vector<Cells> rows = {
        {"1", "tab\there", "line\nbreak\r\n"},
        {"2", "\\", "\\N"},
        {"3", "", std::nullopt},
        {"4", std::nullopt, ""},
        {"5", "\\.", "\b\f\v\x01\x7f"},
        {"6", "caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x8C\x8A", "'\"$1;--"},
        {"7", "\\t\\x41\\101", std::string(600'000, '\t')},
    };
    Connection connection = connect(url());
    EXPECT_EQ(connection.copy_in(in,
                                 [&](std::string& buffer) {
                                     for (const Cells& row : rows) append(buffer, row);
                                     return false;
                                 }),
              7);

    std::vector<Cells> copied;
    connection.copy_out(out, 3, [&](const Cells& cells) { copied.push_back(cells); });
    EXPECT_TRUE(copied == rows);
    const Result queried = connection.query({"all", "select n, a, b from public.t order by n"});
    for (int row = 0; row < 7; ++row)
        for (int column = 0; column < 3; ++column)
            EXPECT_TRUE(queried.cell(row, column) ==
                        rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)])
                << row << ", " << column;
}

TEST_F(Copy, StreamsManyRowsInPiecesOfAnySize) {
    Connection connection = connect(url());
    int next = 0;
    const auto rows = connection.copy_in(in, [&](std::string& buffer) {
        EXPECT_TRUE(buffer.empty());
        const int end = next + (next % 3 == 0 ? 1 : 20'000);
        for (; next < end; ++next) append(buffer, {std::to_string(next), "some text", std::nullopt});
        return next < 300'000;
    });
    EXPECT_EQ(rows, next);
    EXPECT_EQ(count(), next);
    std::int64_t sum = 0, seen = 0;
    connection.copy_out(out, 3, [&](const Cells& cells) { sum += std::stoll(*cells[0]), ++seen; });
    EXPECT_EQ(seen, next);
    EXPECT_EQ(sum, std::int64_t{next} * (next - 1) / 2);
}

TEST_F(Copy, OfNothingIsNothing) {
    Connection connection = connect(url());
    EXPECT_EQ(connection.copy_in(in, [](std::string&) { return false; }), 0);
    connection.copy_out(out, 3, [](const Cells&) { ADD_FAILURE(); });
    expect_usable(connection);
}

TEST_F(Copy, LeavesNothingWhenFillThrows) {
    Connection connection = connect(url());
    int calls = 0;
    EXPECT_THROW(
        connection.copy_in(in,
                           [&](std::string& buffer) {
                               append(buffer, {std::to_string(calls), std::string(300'000, 'x'), ""});
                               return ++calls == 5 ? throw StopRequested{} : true;
                           }),
        StopRequested);
    expect_usable(connection);
    EXPECT_EQ(count(), 0);
}

TEST_F(Copy, InATransactionLeavesItToBeRolledBackWhenFillThrows) {
    Connection connection = connect(url());
    {
        Transaction transaction(connection);
        EXPECT_THROW(connection.copy_in(in, [](std::string&) -> bool { throw StopRequested{}; }),
                     StopRequested);
        EXPECT_TRUE(connection.in_transaction());
    }
    expect_usable(connection);
}

TEST_F(Copy, FailsWithTheServersErrorForABadRow) {
    Connection connection = connect(url());
    int next = 0;
    const auto error = caught<DbError>([&] {
        connection.copy_in(in, [&](std::string& buffer) {
            append(buffer, {next == 2 ? "no number" : std::to_string(next), std::string(300'000, 'x'), ""});
            return ++next < 20;
        });
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->sqlstate(), "22P02");
    EXPECT_TRUE(error->row_is_at_fault());
    expect_usable(connection);
    EXPECT_EQ(count(), 0);
}

TEST_F(Copy, PassesOnWhatTheSinkThrows) {
    Connection connection = connect(url());
    const Statement endless{"read", "copy (select generate_series(1, 1000000000)) to stdout"};
    int seen = 0;
    EXPECT_THROW(connection.copy_out(endless, 1,
                                     [&](const Cells&) {
                                         if (++seen == 1000) throw StopRequested{};
                                     }),
                 StopRequested);
    EXPECT_EQ(seen, 1000);
    expect_usable(connection);
}

TEST_F(Copy, StopsWhenTheHookThrows) {
    TestHook hook;
    Connection connection = connect(url(), &hook);
    hook.throw_at = hook.ticks + 2;
    const Statement endless{"read", "copy (select generate_series(1, 1000000000)) to stdout"};
    EXPECT_THROW(connection.copy_out(endless, 1, [](const Cells&) {}), StopRequested);
    hook.throw_at = hook.ticks + 3;
    int next = 0;
    EXPECT_THROW(
        connection.copy_in(in,
                           [&](std::string& buffer) {
                               append(buffer, {std::to_string(next++), std::string(300'000, 'x'), ""});
                               return true;
                           }),
        StopRequested);
    hook.throw_at = 0;
    expect_usable(connection);
    EXPECT_EQ(count(), 0);
}

TEST_F(Copy, HasADeadlineForEachWaitAndNotForTheWhole) {
    Connection connection = connect(url(), nullptr, Millis(1000));
    // Wide rows, so that the server sends each one at once.
    const Statement slow{
        "read", "copy (select repeat('x', 20000), pg_sleep(0.3) from generate_series(1, 5)) to stdout"};
    int seen = 0;
    connection.copy_out(slow, 2, [&](const Cells&) { ++seen; });
    EXPECT_EQ(seen, 5);
    const Statement stuck{"read", "copy (select pg_sleep(60)) to stdout"};
    const auto error = caught<DbError>([&] { connection.copy_out(stuck, 1, [](const Cells&) {}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->sqlstate(), "57014");
    expect_usable(connection);
}

TEST_F(Copy, AnsweredByAnythingElseEndsTheConnection) {
    const auto strange = [&](const auto& talk) {
        Connection connection = connect(url());
        const auto error = caught<DbError>([&] { talk(connection); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), Code::strange_answer);
        EXPECT_TRUE(connection.lost());
    };
    const auto nothing = [](std::string&) { return false; };
    const auto ignore = [](const Cells&) {};
    strange([&](Connection& c) { c.copy_in({"x", "select 1"}, nothing); });
    strange([&](Connection& c) { c.copy_in(out, nothing); });
    strange([&](Connection& c) { c.copy_out(in, 3, ignore); });
    strange([&](Connection& c) { c.copy_out({"x", "copy public.t to stdout (format binary)"}, 3, ignore); });
    strange([&](Connection& c) { c.copy_out({"x", "copy (select 1, 2) to stdout"}, 1, ignore); });
    strange([&](Connection& c) {
        c.copy_out({"x", "copy (select 'seven') to stdout"}, 1, [](const Cells& cells) { integer_in(cells[0]); });
    });
    strange([&](Connection& c) {
        c.copy_lines({"x", "copy (select null) to stdout"}, [](std::string_view) { text_in(Cell()); });
    });
}

TEST_F(Copy, OfATableThatIsNotThereIsAnOrdinaryError) {
    Connection connection = connect(url());
    const auto error = caught<DbError>([&] {
        connection.copy_out({"x", "copy nowhere to stdout"}, 1, [](const Cells&) {});
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->sqlstate(), "42P01");
    expect_usable(connection);
}

}  // namespace
}  // namespace tideway::pg
