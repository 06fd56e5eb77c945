// What is particular to SQLite files: storage classes, declared types, the forms that a server computes as
// well.
#include "conformance/pair.hpp"
#include "sql/record_text.hpp"
#include "store/sqlite/moment.hpp"
#include "store/sqlite/values.hpp"

namespace tideway::conformance {
namespace {

// A file at the desktop and a file in the cloud.
class SqliteFiles : public Pair {
  protected:
    SqliteDatabase& file(Side side) { return dynamic_cast<SqliteDatabase&>(db(side)); }
};
INSTANTIATE_TEST_SUITE_P(Stores, SqliteFiles, testing::Values(Kinds{Kind::sqlite, Kind::sqlite}), kinds_name);

TEST(SqliteForms, TextHashesAndRowTextsAreThoseOfAServer) {
    const test::Database database = test::fresh_database(test::shared_desktop(), "forms");
    test::Db server(database);
    for (const std::string text : {"", "a", "ab", "abc", "twelve bytes", "thirteen byte", "(8533,\"a b\")",
                                   "über 日本", "a text that is longer than two rounds of twelve bytes"})
        for (const std::int64_t seed :
             {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, std::int64_t{-7}, std::int64_t{1} << 40})
            EXPECT_EQ(sql::text_hash(text, seed),
                      server.number(fmt::format("select hashtextextended({} collate \"C\", {})",
                                                test::quote_literal(text), seed)))
                << text;
    EXPECT_EQ(sql::record_text({"a", "b c", std::nullopt, "", "x\"y\\z", "(", "new\nline"}),
              server.scalar("select row('a', 'b c', null::text, '', 'x\"y\\z', '(', E'new\\nline')::text"));
}

TEST(SqliteForms, FloatsAreWrittenAsAServerWritesThem) {
    const test::Database database = test::fresh_database(test::shared_desktop(), "forms");
    test::Db server(database);
    for (const double value : {0.1, 1.0, -1.5, 1e14, 1e15, 123456789012345.0, 1234567890123456.0, 1e-4, 1e-5,
                               1.5e-7, 1e100, 5e-324, 1.7976931348623157e308, 0.30000000000000004})
        EXPECT_EQ(sqlite::float_text(value),
                  server.scalar(fmt::format("select ('{:.17g}'::float8)::text", value)));
}

TEST(SqliteForms, DecimalsLoseOnlyTheirTrailingZeros) {
    using sqlite::decimal_text;
    EXPECT_EQ(decimal_text("12.50"), "12.5");
    EXPECT_EQ(decimal_text("-0.00"), "0");
    EXPECT_EQ(decimal_text("+007"), "7");
    EXPECT_EQ(decimal_text("1e3"), "1000");
    EXPECT_EQ(decimal_text("-1.25e-2"), "-0.0125");
    EXPECT_EQ(decimal_text(".5"), "0.5");
    for (const char* wrong : {"", "-", "abc", "1,5", "1e", "NaN", "0x10", "1 "})
        EXPECT_FALSE(decimal_text(wrong)) << wrong;
}

TEST(SqliteForms, MomentsThatDoNotExistAreNone) {
    using sqlite::parse_moment;
    EXPECT_EQ(parse_moment("2024-02-29T23:30:00.250+05:30")->clock(), "2024-02-29 18:00:00.25");
    EXPECT_EQ(parse_moment("1969-12-31 23:59:59.999999Z")->micros, -1);
    EXPECT_EQ(parse_moment("1969-12-31 23:59:59.999999")->clock(), "1969-12-31 23:59:59.999999");
    EXPECT_EQ(parse_moment("2024-01-01 10:20")->clock(), "2024-01-01 10:20:00");
    for (const char* wrong :
         {"2023-02-29", "2024-13-01", "2024-1-1", "24:00", "2024-01-01 24:00", "2024-01-01 10",
          "2024-01-01 10:20:30.1234567", "now", "2024-01-01x", "0000-01-01", "2024-01-01 10:20 "})
        EXPECT_FALSE(parse_moment(wrong)) << wrong;
}

TEST_P(SqliteFiles, AValueOfAnotherStorageClassIsNamedAndNeverEqual) {
    const LinkedTable& table =
        synced("(id integer primary key, n numeric, t text, d date, b boolean, y {bytes})");
    both(
        "insert into job values (1, 'many', null, null, null, null), (2, null, x'61', null, null, null), "
        "(3, null, null, 20240101, null, null), (4, null, null, null, 2, null), (5, null, null, null, null, "
        "'text'), "
        "(6, 1, 'a', '2024-01-01', 1, x'61')");
    const char* columns[] = {"job.n", "job.t", "job.d", "job.b", "job.y", ""};
    for (int id = 1; id <= 6; ++id)
        EXPECT_EQ(row(Side::desktop, table, {std::to_string(id)}).misfit, columns[id - 1]);
    EXPECT_EQ(row(Side::desktop, table, {"1"}).facts.canonical,
              row(Side::cloud, table, {"1"}).facts.canonical);
    db(Side::cloud).exec("update job set t = 'a' where id = 2");
    EXPECT_NE(row(Side::desktop, table, {"2"}).facts.canonical,
              row(Side::cloud, table, {"2"}).facts.canonical);
    EXPECT_NE(row(Side::desktop, table, {"2"}).facts.hash, row(Side::cloud, table, {"2"}).facts.hash);
}

TEST_P(SqliteFiles, AKeyOfAnotherStorageClassIsReportedLikeOneThatIsNotUnique) {
    const LinkedTable& table = synced("(id int primary key, t text)");
    EXPECT_FALSE(table.columns[0].desktop.checked);
    db(Side::desktop).exec("insert into job values (1, 'a'), ('one', 'b')");
    const auto found = desktop().snapshot({&table})->duplicate_keys(table, 5);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].find("not of the column's type"), std::string::npos);
    EXPECT_EQ(changed_keys(table), "1");
}

TEST_P(SqliteFiles, ColumnsWithoutAnExactCounterpartSayWhy) {
    db(Side::desktop)
        .exec(
            "create table job (id integer primary key, a json, b, c any, d string, e money, f varchar(10), g "
            "double, h "
            "timestamp with time zone, i text collate nocase)");
    const Relation relation = *desktop().relation({"public", "job"});
    for (const char* refused : {"a", "b", "c", "d", "e"})
        EXPECT_FALSE(relation.column(refused)->unsupported.empty()) << refused;
    for (const char* taken : {"id", "f", "g", "h", "i"})
        EXPECT_TRUE(relation.column(taken)->unsupported.empty()) << taken;
    EXPECT_FALSE(relation.column("i")->equal_by_text);
    EXPECT_TRUE(relation.column("f")->equal_by_text);
    db(Side::desktop)
        .exec("create table other (id text primary key) without rowid; create view seen as select 1");
    EXPECT_NE(desktop().relation({"public", "other"})->kind, 'r');
    EXPECT_NE(desktop().relation({"public", "seen"})->kind, 'r');
}

TEST_P(SqliteFiles, StrictTablesAreTrustedAndWritten) {
    both("create table job (id integer primary key, n integer, t text) strict");
    install_pair();
    const LinkedTable& table = linked("job");
    install(table);
    EXPECT_TRUE(table.columns[1].cloud.checked);
    EXPECT_EQ(fates(apply(Side::cloud, table,
                          {planned(table, Side::cloud, Write::insert, {"1"}, Cells{"1", "5", "x"})})),
              "applied");
    EXPECT_EQ(table_text(Side::cloud, "n || t"), "5x");
}

TEST_P(SqliteFiles, NumbersThatWouldBeRoundedAreRefused) {
    const LinkedTable& table = synced("(id integer primary key, n numeric, f real)");
    const auto sent = [&](Cell n, Cell f) -> std::string {
        try {
            apply(Side::cloud, table, {planned(table, Side::cloud, Write::insert, {"1"}, Cells{"1", n, f})});
        } catch (const Refused& refused) {
            return refused.refusal().sqlstate;
        }
        const RowImage image = row(Side::cloud, table, {"1"});
        db(Side::cloud).exec("delete from job");
        return image.cells[1].value_or("null") + " " + image.cells[2].value_or("null");
    };
    EXPECT_EQ(sent("12.50", "1e+15"), "12.5 1e+15");
    EXPECT_EQ(sent("9223372036854775807", "-Infinity"), "9223372036854775807 -Infinity");
    EXPECT_EQ(sent("12345678901234567890.5", std::nullopt), "22003");
    EXPECT_EQ(sent("0.1234567890123456789", std::nullopt), "22003");
    EXPECT_EQ(sent("NaN", std::nullopt), "22003");
    EXPECT_EQ(sent(std::nullopt, "NaN"), "22003");
    EXPECT_EQ(sent(std::nullopt, "-0"), "22003");
}

TEST_P(SqliteFiles, ADigestFindsWhatAReplacingInsertTookAway) {
    const LinkedTable& table = synced("(id integer primary key, code text unique)");
    db(Side::desktop).exec("insert into job values (1, 'a'), (2, 'b')");
    agree_on(table, {{"1"}, {"2"}});
    const std::string since = mark(Side::desktop, table);
    db(Side::desktop).exec("insert or replace into job values (3, 'a')");
    EXPECT_EQ(hinted(Side::desktop, table, Capture::changelog, since), "3");
    EXPECT_EQ(changed_keys(table), "1 3");
}

TEST_P(SqliteFiles, AWriterThatDoesNotEndMakesTheBatchWaitAndThenGiveUp) {
    const LinkedTable& table = synced("(id integer primary key, t text)");
    const PlannedRow plan = planned(table, Side::cloud, Write::insert, {"1"}, Cells{"1", "x"});
    db(Side::cloud).exec("begin immediate; insert into job values (2, 'user')");
    Batch batch;
    batch.run = "run-1";
    batch.fence = cloud_fence;
    batch.patience_ms = 50;
    batch.sections = {{&table, {plan}}};
    EXPECT_TRUE(caught<TableBusy>([&] { cloud().apply(batch); }).has_value());
    const auto snapshot = cloud().snapshot({&table});  // reading goes on
    EXPECT_EQ(snapshot->count(table), 0);
    db(Side::cloud).exec("commit");
    EXPECT_EQ(fates(apply(Side::cloud, table, {plan})), "applied");
}

TEST_P(SqliteFiles, ATableThatNamesAColumnRowidIsReadByAnotherName) {
    const LinkedTable& table = synced("(rowid text, id integer, t text, primary key (id))");
    db(Side::desktop).exec("insert into job values ('hidden', 1, 'a'), ('also', 2, 'b')");
    agree_on(table, {{"1"}, {"2"}});
    EXPECT_EQ(table_text(Side::cloud, "rowid"), "hidden also");
    EXPECT_EQ(changed_keys(table), "");
}

TEST_P(SqliteFiles, KeysInAnotherSpellingAreTheSameKey) {
    const LinkedTable& table = synced("(day date, at datetime, t text, primary key (day, at))");
    db(Side::desktop).exec("insert into job values ('2024-01-01', '2024-01-01T10:00:00', 'a')");
    db(Side::cloud).exec("insert into job values ('2024-01-01', '2024-01-01 10:00:00.000', 'a')");
    const Key key{"2024-01-01", "2024-01-01 10:00:00"};
    EXPECT_EQ(row(Side::desktop, table, key).facts.canonical, row(Side::cloud, table, key).facts.canonical);
    apply(Side::cloud, table,
          {planned(table, Side::cloud, Write::update, key, Cells{"2024-01-01", "2024-01-01 10:00:00", "b"})});
    EXPECT_EQ(db(Side::cloud).scalar("select at || t from job"), "2024-01-01 10:00:00.000b");
}

TEST_P(SqliteFiles, TextThatNoServerTakesIsNotOfItsType) {
    const LinkedTable& table = synced("(id integer primary key, t text)");
    db(Side::desktop)
        .exec("insert into job values (1, cast(x'ff' as text)), (2, 'a' || char(0) || 'b'), (3, 'fine')");
    EXPECT_EQ(row(Side::desktop, table, {"1"}).misfit, "job.t");
    EXPECT_EQ(row(Side::desktop, table, {"2"}).misfit, "job.t");
    EXPECT_EQ(row(Side::desktop, table, {"3"}).misfit, "");
}

}  // namespace
}  // namespace tideway::conformance
