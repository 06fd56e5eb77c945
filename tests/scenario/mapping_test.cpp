// Tables and columns that are not the same on both sides: other names, left out, filled by a constant, on one
// side only, odd. And tables that this version cannot sync: left out with the reason, the others flow.
#include <gtest/gtest.h>

#include "two_sides.hpp"

namespace tideway::test {
namespace {

class Mapping : public testing::TestWithParam<const char*> {
  protected:
    nlohmann::json sync(const std::string& tables, int exit_code = 0) {
        const TidewayResult run =
            run_tideway(ConfigFile(sides.sides_toml() + tables), {"sync", "--json", "--mode", GetParam()});
        EXPECT_EQ(run.exit_code, exit_code) << run.out << run.err;
        return run.json;
    }
    void expect_quiet(const std::string& tables) {
        const Versions before = versions_of(sides);
        sync(tables);
        EXPECT_EQ(versions_of(sides), before) << "an echo";
    }
    TwoSides sides{"map"};
};
INSTANTIATE_TEST_SUITE_P(Mode, Mapping, testing::Values("incremental", "full"),
                         [](const auto& mode) { return std::string(mode.param); });

TEST_P(Mapping, RenamedTablesWithTheirReferences) {
    sides.desktop.exec(
        "create table mbreminder (rem_id numeric(8) primary key, title varchar(50)); "
        "create table mbremdetail (remdetid numeric(8) primary key, rem_id numeric(8) references mbreminder, "
        "response varchar(50))");
    sides.cloud.exec(
        "create table reminder (rem_id numeric(8) primary key, title varchar(50)); "
        "create table remdetail (remdetid numeric(8) primary key, rem_id numeric(8) not null references "
        "reminder, response varchar(50))");
    const std::string tables =
        "[[table]]\ndesktop = 'mbremdetail'\ncloud = 'remdetail'\n[[table]]\ndesktop = 'mbreminder'\ncloud = "
        "'reminder'\n";
    sides.desktop.exec(
        "insert into mbreminder values (1, 'Call'); insert into mbremdetail values (10, 1, 'Done')");
    const nlohmann::json first = sync(tables);
    EXPECT_EQ(table_of(first, "mbreminder")["cloud"], "reminder");
    sides.cloud.exec(
        "insert into reminder values (2, 'Visit'); insert into remdetail values (20, 2, 'Later'); update "
        "reminder set title = 'Called' where rem_id = 1");
    sides.desktop.exec("insert into mbremdetail values (11, 1, 'Again')");
    sync(tables);
    for (const auto& [desktop, cloud] :
         {std::pair("mbreminder", "reminder"), std::pair("mbremdetail", "remdetail")})
        EXPECT_EQ(dump(sides.desktop, fmt::format("select * from {} order by 1", desktop)),
                  dump(sides.cloud, fmt::format("select * from {} order by 1", cloud)));
    EXPECT_ROWS(sides.desktop, "select * from mbreminder order by 1", "1|Called\n2|Visit");
    EXPECT_ROWS(sides.cloud, "select * from remdetail order by 1", "10|1|Done\n11|1|Again\n20|2|Later");
    sides.desktop.exec("delete from mbremdetail; delete from mbreminder where rem_id = 1");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from reminder order by 1", "2|Visit");
    EXPECT_ROWS(sides.cloud, "select * from remdetail", "");
    expect_quiet(tables);
    EXPECT_ROWS(sides.cloud, "select distinct table_name from tideway.sync_metadata order by 1",
                "remdetail\nreminder");
}

TEST_P(Mapping, TablesInOtherSchemas) {
    sides.desktop.exec(
        "create schema office; create table office.job (id int primary key, name text); insert into "
        "office.job values (1, 'One')");
    sides.cloud.exec("create schema app; create table app.job (id int primary key, name text)");
    const std::string tables = "[[table]]\ndesktop = 'office.job'\ncloud = 'app.job'\n";
    sync(tables);
    sides.cloud.exec("insert into app.job values (2, 'Two')");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from app.job order by 1", "1|One\n2|Two");
    EXPECT_ROWS(sides.desktop, "select * from office.job order by 1", "1|One\n2|Two");
    expect_quiet(tables);
}

TEST_P(Mapping, RenamedColumnsTheKeyToo) {
    sides.desktop.exec(
        "create table job (jobno int primary key, des text, changed timestamptz default now())");
    sides.cloud.exec(
        "create table job (id int primary key, description text, updated_at timestamptz default now())");
    const std::string tables =
        "[[table]]\nname = 'job'\nkey = ['jobno']\nrename = { jobno = 'id', des = 'description', changed = "
        "'updated_at' }\ntimestamps = { updated = 'changed' }\n";
    sides.desktop.exec("insert into job values (1, 'One'), (2, 'Two')");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select id, description from job order by 1", "1|One\n2|Two");
    sides.cloud.exec(
        "update job set description = 'Uno' where id = 1; insert into job values (3, 'Tre', '2025-01-01'); "
        "delete from job "
        "where id = 2");
    sync(tables);
    EXPECT_ROWS(sides.desktop, "select jobno, des from job order by 1", "1|Uno\n3|Tre");
    sides.desktop.exec("update job set des = 'office', changed = now() - interval '1 hour' where jobno = 3");
    sides.cloud.exec(
        "update job set description = 'phone', updated_at = now() - interval '1 minute' where id = 3");
    sync(tables);
    EXPECT_ROWS(sides.desktop, "select des from job where jobno = 3", "phone");
    expect_quiet(tables);
}

TEST_P(Mapping, SwappedColumnNames) {
    sides.on_both("create table t (id int primary key, a text, b text)");
    const std::string tables = "[[table]]\nname = 't'\nrename = { a = 'b', b = 'a' }\n";
    sides.desktop.exec("insert into t values (1, 'left', 'right')");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select a, b from t", "right|left");
    sides.cloud.exec("update t set a = 'RIGHT'");
    sync(tables);
    EXPECT_ROWS(sides.desktop, "select a, b from t", "left|RIGHT");
    expect_quiet(tables);
}

TEST_P(Mapping, SkippedColumnsStayAsTheyAre) {
    sides.on_both("create table t (id int primary key, name text, pin text default 'none')");
    const std::string tables = "[[table]]\nname = 't'\nskip = ['pin']\n";
    sides.desktop.exec("insert into t values (1, 'One', '1234')");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from t", "1|One|none");
    sides.desktop.exec("update t set pin = '4321'");
    sides.cloud.exec("update t set pin = 'cloud'");
    const Versions before = versions_of(sides);
    sync(tables);
    EXPECT_EQ(versions_of(sides), before) << "an edit of a skipped column is no change";
    sides.desktop.exec("update t set name = 'Uno'");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from t", "1|Uno|cloud");
    EXPECT_ROWS(sides.desktop, "select * from t", "1|Uno|4321");
}

TEST_P(Mapping, ConstantsFillWhatTheOtherSideLacks) {
    sides.desktop.exec("create table t (id int primary key, name text)");
    sides.cloud.exec(
        "create table t (id int primary key, name text, org_id int not null, source char(1) not null)");
    const std::string tables = "[[table]]\nname = 't'\nconstant = { org_id = '7', source = 'D' }\n";
    sides.desktop.exec("insert into t values (1, 'One')");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from t", "1|One|7|D");
    sides.cloud.exec("insert into t values (2, 'Two', 8, 'M'); update t set source = 'X' where id = 1");
    sync(tables);
    EXPECT_ROWS(sides.desktop, "select * from t order by 1", "1|One\n2|Two");
    sides.desktop.exec("update t set name = name || '!'");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select id, name, org_id from t order by 1", "1|One!|7\n2|Two!|8")
        << "another office's row was taken over";
    expect_quiet(tables);
}

TEST_P(Mapping, TheOriginColumnMayExistInTheCloudAlone) {
    sides.desktop.exec("create table t (id int primary key, name text)");
    sides.cloud.exec("create table t (id int primary key, name text, source char(1))");
    const std::string tables = "[[table]]\nname = 't'\norigin = { column = 'source' }\n";
    sides.desktop.exec("insert into t values (1, 'One')");
    sides.cloud.exec("insert into t values (2, 'Two', 'M')");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from t order by 1", "1|One|D\n2|Two|M");
    sides.desktop.exec("delete from t where id = 2");
    EXPECT_EQ(table_of(sync(tables, 3), "t")["held"], 1);
    EXPECT_ROWS(sides.cloud, "select * from t order by 1", "1|One|D\n2|Two|M");
}

TEST_P(Mapping, ColumnsOfOneSideKeepTheirValues) {
    sides.desktop.exec(
        "create table t (id int primary key, name text, shelf text default 'A1', bill numeric)");
    sides.cloud.exec(
        "create table t (id int primary key, name text, photo text, seen timestamptz default now())");
    const std::string tables = "[[table]]\nname = 't'\n";
    sides.desktop.exec("insert into t values (1, 'One', 'B2', 9.5)");
    sync(tables);
    sides.cloud.exec("update t set photo = 'p.jpg'; insert into t values (2, 'Two', 'q.jpg')");
    sync(tables);
    EXPECT_ROWS(sides.desktop, "select * from t order by 1", "1|One|B2|9.5\n2|Two|A1|(null)");
    sides.desktop.exec("update t set name = 'Uno', bill = 10 where id = 1");
    sides.cloud.exec("update t set name = 'Due' where id = 2");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select id, name, photo from t order by 1", "1|Uno|p.jpg\n2|Due|q.jpg");
    EXPECT_ROWS(sides.desktop, "select * from t order by 1", "1|Uno|B2|10\n2|Due|A1|(null)");
    expect_quiet(tables);
}

TEST_P(Mapping, OddNames) {
    const std::string table = R"("Job ""Cards""; --")";
    sides.on_both(
        "create schema \"B\xC3\xBCro 1\"; create table \"B\xC3\xBCro 1\"." + table +
        R"( ("select" int, "with space" text, "Ünïcode" text, "quo""te" text, "a.b" text, "x'y" text, "{}" text, "back\slash" text, "$1" text,
                     primary key ("select", "with space")))");
    const std::string tables = "[[table]]\nname = '\"B\xC3\xBCro 1\".\"Job \"\"Cards\"\"; --\"'\n";
    sides.desktop.exec(
        "insert into \"B\xC3\xBCro 1\"." + table +
        R"( values (1, 'k 1', 'a', 'b', 'c', 'd', 'e', 'f', 'g'), (1, '', null, '', '\N', '{}', E'\t\n\\', '"', ','))");
    const std::string rows = "select * from \"B\xC3\xBCro 1\"." + table + " order by 1, 2";
    sync(tables);
    EXPECT_EQ(dump(sides.cloud, rows), dump(sides.desktop, rows));
    sides.cloud.exec(
        "update \"B\xC3\xBCro 1\"." + table +
        R"( set "quo""te" = 'phone', "$1" = 'x' where "with space" = ''; insert into "Büro 1".)" + table +
        R"( ("select", "with space") values (2, E'odd ''key'' \\ ",{}'))");
    sync(tables);
    EXPECT_EQ(dump(sides.cloud, rows), dump(sides.desktop, rows));
    EXPECT_EQ(sides.desktop.number("select count(*) from \"B\xC3\xBCro 1\"." + table +
                                   R"( where "quo""te" = 'phone' or "select" = 2)"),
              2);
    sides.desktop.exec("delete from \"B\xC3\xBCro 1\"." + table + " where \"select\" = 2");
    sync(tables);
    EXPECT_EQ(dump(sides.cloud, rows), dump(sides.desktop, rows));
    expect_quiet(tables);
}

TEST_P(Mapping, NamesAsLongAsPostgresqlAllows) {
    const std::string table(63, 't'), column(63, 'c'), key(63, 'k');
    sides.on_both(fmt::format("create table {} ({} int primary key, {} text)", table, key, column));
    const std::string tables = fmt::format("[[table]]\nname = '{}'\n", table);
    sides.desktop.exec(fmt::format("insert into {} values (1, 'x')", table));
    sides.cloud.exec(fmt::format("insert into {} values (2, 'y')", table));
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from " + table + " order by 1", "1|x\n2|y");
    EXPECT_ROWS(sides.desktop, "select * from " + table + " order by 1", "1|x\n2|y");
    expect_quiet(tables);
}

TEST_P(Mapping, ColumnsInAnotherOrder) {
    sides.desktop.exec(
        "create table t (id int primary key, a text, b text); insert into t values (1, 'a', 'b')");
    sides.cloud.exec(
        "create table t (b text, dropped int, a text, id int primary key); alter table t drop dropped");
    const std::string tables = "[[table]]\nname = 't'\n";
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select id, a, b from t", "1|a|b");
    expect_quiet(tables);
}

TEST_P(Mapping, GeneratedColumnsAreLeftToTheirSide) {
    sides.on_both(
        "create table t (id int primary key, net numeric, gross numeric generated always as (net * 1.2) "
        "stored)");
    const std::string tables = "[[table]]\nname = 't'\n";
    sides.desktop.exec("insert into t (id, net) values (1, 10)");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from t", "1|10|12.0");
    sides.cloud.exec("update t set net = 20");
    sync(tables);
    EXPECT_ROWS(sides.desktop, "select * from t", "1|20|24.0");
    expect_quiet(tables);
}

TEST_P(Mapping, IdentityColumnsTakeTheOtherSidesIds) {
    sides.desktop.exec("create table t (id int generated always as identity primary key, name text)");
    sides.cloud.exec(
        "create table t (id int generated always as identity (start 1000) primary key, name text)");
    const std::string tables = "[[table]]\nname = 't'\n";
    sides.desktop.exec("insert into t (name) values ('one'), ('two')");
    sync(tables);
    EXPECT_ROWS(sides.cloud, "select * from t order by 1", "1|one\n2|two");
    sides.cloud.exec("insert into t (name) values ('three')");
    sync(tables);
    EXPECT_ROWS(sides.desktop, "select * from t order by 1", "1|one\n2|two\n1000|three");
    expect_quiet(tables);
}

// Ids that we bring must not make the app's own next insert fail.
TEST_P(Mapping, TheAppsNumberingGoesOnBehindTheIdsThatWeBrought) {
    sides.desktop.exec("create table t (id int primary key, name text)");
    sides.cloud.exec("create table t (id serial primary key, name text)");
    sides.desktop.exec("insert into t values (1, 'one'), (2, 'two')");
    sync("[[table]]\nname = 't'\n");
    EXPECT_EQ(sides.cloud.try_exec("insert into t (name) values ('three')"), "00000");
}

// ---- keys ------------------------------------------------------------------------------------------------

TEST_P(Mapping, DuplicatesOfAKeyThatMustBeUniqueLeaveTheTableOut) {
    sides.on_both("create table t (id int, name text); create table other (id int primary key)");
    sides.desktop.exec("insert into t values (1, 'One'), (1, 'Two'); insert into other values (1)");
    const nlohmann::json report = sync("[[table]]\nname = 't'\nkey = ['id']\n[[table]]\nname = 'other'\n", 3);
    EXPECT_TRUE(table_of(report, "t")["not_synced"].is_string()) << report;
    EXPECT_ROWS(sides.cloud, "select * from t", "");
    EXPECT_ROWS(sides.cloud, "select * from other", "1");
}

TEST_P(Mapping, ALookUpFillsTheCloudAndIsNeverWrittenBack) {
    sides.desktop.exec(
        "create table job (id int primary key, client int); create table task (id int primary key, job int, "
        "what text); insert into job values (1, 70), (2, 80); insert into task values (10, 1, 'a'), (11, 2, "
        "'b'), (12, 3, 'no such job')");
    sides.cloud.exec("create table task (id int primary key, job int, what text, client int)");
    const char* toml =
        "[[table]]\nname = 'task'\nlookup = { client = 'select client from job where id = :job' }\n";
    sync(toml);
    EXPECT_ROWS(sides.cloud, "select id, client from task order by id", "10|70\n11|80\n12|(null)");
    sides.desktop.exec("update task set what = 'edited', job = 2 where id = 10");
    sides.cloud.exec("update task set client = 99 where id = 11");
    sync(toml);
    EXPECT_ROWS(sides.cloud, "select id, client from task order by id", "10|80\n11|99\n12|(null)");
}

TEST_P(Mapping, ALookUpMayCallItsTablesWhatItLikes) {
    sides.desktop.exec("create table p (id int primary key, p1 int); create table task (id int primary key, job int);"
                       "insert into p values (1, 70); insert into task values (10, 1)");
    sides.cloud.exec("create table task (id int primary key, job int, client int)");
    for (const char* query : {"select p.p1 from p where p.id = :job", "select x.p1 from p x where x.id = :job", "select n.p1 from p n where n.id = :job"}) {
        SCOPED_TRACE(query);
        sides.cloud.exec("truncate task");
        sides.desktop.exec("update task set id = id + 1");
        sync(fmt::format("[guard]\nmax_deletes = '100%'\n[[table]]\nname = 'task'\nlookup = {{ client = '{}' }}\n", query).c_str());
        EXPECT_ROWS(sides.cloud, "select client from task", "70");
    }
}

TEST_P(Mapping, ALookUpWithSeveralAnswersMakesTheRowWait) {
    sides.desktop.exec(
        "create table job (id int, client int); create table task (id int primary key, job int); insert into "
        "job values (1, 70), (1, 71), (2, 80), (2, 80); insert into task values (10, 1), (11, 2)");
    sides.cloud.exec("create table task (id int primary key, job int, client int)");
    const char* toml =
        "[[table]]\nname = 'task'\nlookup = { client = 'select client from job where id = :job' }\n";
    const nlohmann::json report = sync(toml, 3);
    EXPECT_EQ(table_of(report, "task")["parked"], 1);
    EXPECT_ROWS(sides.cloud, "select id, client from task order by id", "11|80");
    sides.desktop.exec("delete from job where client = 71");
    sync(toml);
    EXPECT_ROWS(sides.cloud, "select id, client from task order by id", "10|70\n11|80");
}

// ---- pairs of types that must be declared ----------------------------------------------------------------

TEST_P(Mapping, ATextThatOneSideHoldsTheBeginningOfIsNeverWrittenBack) {
    sides.desktop.exec("create table t (id int primary key, note varchar(5), n int)");
    sides.cloud.exec("create table t (id int primary key, note text, n int)");
    sides.cloud.exec("insert into t values (1, 'long note', 1), (2, 'short', 1)");
    const char* toml = "[[table]]\nname = 't'\n[[table.column]]\nname = 'note'\nlossy = true\n";
    sync(toml);
    EXPECT_ROWS(sides.desktop, "select * from t order by id", "1|long |1\n2|short|1");
    sides.desktop.exec("update t set n = 2");
    sync(toml);
    EXPECT_ROWS(sides.cloud, "select * from t order by id", "1|long note|2\n2|short|2");
    sides.desktop.exec("update t set note = 'new' where id = 1");
    sync(toml);
    EXPECT_ROWS(sides.cloud, "select * from t order by id", "1|new|2\n2|short|2");
}

TEST_P(Mapping, ATimeOfDayMeetsATimestampThroughTheDateOfItsRow) {
    sides.desktop.exec("create table t (id int primary key, day date, at timestamp)");
    sides.cloud.exec("create table t (id int primary key, day date, at time)");
    sides.cloud.exec(
        "insert into t values (1, '2025-03-01', '09:30'), (2, null, '10:00'), (3, '2025-03-01', null)");
    sides.desktop.exec("insert into t values (4, '2025-03-02', '2025-03-02 11:15:00.5')");
    const char* toml = "[[table]]\nname = 't'\n[[table.column]]\nname = 'at'\ndate = 'day'\n";
    sync(toml);
    EXPECT_ROWS(sides.desktop, "select id, at from t where id in (1, 3) order by id",
                "1|2025-03-01 09:30:00\n3|(null)");
    EXPECT_ROWS(sides.cloud, "select id, at from t where id in (2, 4) order by id",
                "2|10:00:00\n4|11:15:00.5");
    sides.cloud.exec("update t set at = '10:45', day = '2025-04-01' where id = 1");
    sync(toml);
    EXPECT_ROWS(sides.desktop, "select day, at from t where id = 1", "2025-04-01|2025-04-01 10:45:00");
    EXPECT_ROWS(sides.cloud, "select at from t where id = 2", "10:00:00");
}

}  // namespace
}  // namespace tideway::test
