// A desktop program's SQLite file, kept equal with a PostgreSQL cloud, and with another file.
#include <gtest/gtest.h>

#include "support/fresh_database.hpp"
#include "support/rows.hpp"
#include "support/run_tideway.hpp"
#include "support/sqlite_file.hpp"
#include "support/write_counters.hpp"

namespace tideway::test {
namespace {

constexpr const char* tables = R"(
[[table]]
name = "client"
[[table]]
name = "job"
timestamps = { updated = "updated_at", desktop_zone = "UTC" }
)";

std::string config_text(const std::string& desktop, const std::string& cloud,
                        const std::string& more = tables) {
    return "[desktop]\nurl = '" + desktop + "'\n[cloud]\nurl = '" + cloud + "'\n" + more;
}

constexpr const char* sqlite_schema = R"(
create table client (id integer primary key, name text not null);
create table job (id integer primary key, client_id integer references client (id), title varchar(40), price decimal(10,2),
    weight real, done boolean not null default 0, day date, photo blob, updated_at datetime);)";
constexpr const char* postgres_schema = R"(
create table client (id int primary key, name text not null);
create table job (id bigint primary key, client_id int references client, title text, price numeric(10,2),
    weight double precision, done boolean not null default false, day date, photo bytea, updated_at timestamptz);)";
constexpr const char* office_rows = R"(
insert into client values (1, 'Ada'), (2, 'Bob "B", Ltd');
insert into job values (10, 1, 'roof', 99.5, 1.25, 0, '2024-02-29', x'00ff', '2024-03-01 10:00:00'),
                       (11, 2, null, null, null, 1, null, null, '2024-03-01T10:00:00.5');)";

std::string jobs_of(SqliteFile& file) {
    return file.dump(
        "select id, client_id, title, price, weight, done, day, case when photo is not null then hex(photo) "
        "end, replace(updated_at, 'T', ' ') "
        "from job order by id");
}
std::string jobs_of(const Database& database) {
    return dump(database,
                "select id, client_id, title, trim_scale(price), weight, done::int, day, upper(encode(photo, "
                "'hex')), "
                "timezone('UTC', updated_at) from job order by id");
}

class SqliteDesktop : public testing::Test {
  protected:
    SqliteDesktop() {
        office.exec(sqlite_schema);
        Db(cloud).exec(postgres_schema);
        office.exec(office_rows);
    }
    nlohmann::json sync(std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"sync", "--json"});
        const TidewayResult result = run_tideway(config, more);
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << result.err << result.out;
        return result.json;
    }

    SqliteFile office;
    Database cloud = fresh_database(shared_cloud(), "sqlite");
    ConfigFile config{config_text(office.url(), cloud.url())};
};

TEST_F(SqliteDesktop, RowsTravelBothWaysAndAQuietRunWritesNothing) {
    EXPECT_EQ(sync()["status"], "ok");
    EXPECT_EQ(jobs_of(cloud), jobs_of(office));
    EXPECT_ROWS(cloud, "select name from client order by id", "Ada\nBob \"B\", Ltd");

    office.exec(
        "update job set title = 'roof and wall', price = 120 where id = 10; delete from job where id = 11");
    Db(cloud).exec(
        "insert into client values (3, 'Cy'); insert into job (id, client_id, title, done, updated_at) "
        "values "
        "(12, 3, 'from the phone', true, '2024-05-01 08:00+00'); update client set name = 'Bob' where id = "
        "2");
    EXPECT_EQ(sync()["status"], "ok");
    EXPECT_EQ(jobs_of(cloud), jobs_of(office));
    EXPECT_EQ(office.dump("select id, name from client order by id"), "1|Ada\n2|Bob\n3|Cy");
    EXPECT_EQ(office.number("select count(*) from job where id = 11"), 0);
    EXPECT_EQ(office.dump("select typeof(id), typeof(done), typeof(updated_at) from job where id = 12"),
              "integer|integer|text");

    Db(cloud).exec("delete from job where id = 12");
    office.exec("insert into job (id, client_id, title) values (13, 3, 'late')");
    EXPECT_EQ(sync()["status"], "ok");
    EXPECT_EQ(jobs_of(cloud), jobs_of(office));
    EXPECT_EQ(office.dump("select id from job order by id"), "10\n13");

    Db watched(cloud);
    const std::string cloud_rows = row_versions(watched);
    const std::string log = "select * from tideway_changes_1_1 union all select * from tideway_changes_1_2";
    const std::string logged = office.dump(log);
    office.exec(
        "create table seen (what); create trigger watch after update on job begin insert into seen values "
        "(new.id); end; create trigger watch2 after update on client begin insert into seen values (new.id); "
        "end");
    const nlohmann::json quiet = sync();
    EXPECT_EQ(quiet["status"], "ok");
    EXPECT_EQ(quiet["idle"], true);
    EXPECT_EQ(row_versions(watched), cloud_rows);
    EXPECT_EQ(office.dump(log), logged);
    EXPECT_EQ(office.number("select count(*) from seen"), 0);
}

TEST_F(SqliteDesktop, TheLaterEditWinsAndTheLoserIsKept) {
    sync();
    office.exec("update job set title = 'office', updated_at = '2024-06-01 10:00:00' where id = 10");
    Db(cloud).exec("update job set title = 'phone', updated_at = '2024-06-01 11:00+00' where id = 10");
    EXPECT_EQ(sync()["status"], "ok");
    EXPECT_EQ(jobs_of(cloud), jobs_of(office));
    EXPECT_EQ(office.dump("select title from job where id = 10"), "phone");
    const TidewayResult kept = run_tideway(config, {"conflicts", "list", "--json"});
    EXPECT_NE(kept.out.find("office"), std::string::npos) << kept.out;
    EXPECT_EQ(office.number("select count(*) from tideway_conflict where desktop_row like '%office%'"), 1);
}

TEST_F(SqliteDesktop, ARunThatWasKilledAnywhereIsContinued) {
    sync();
    for (const char* where :
         {"M5a.committed", "M5b.before_commit", "M5b.committed", "M6a.before_commit", "M7.committed"}) {
        office.exec(
            "update job set title = title || '+' where id = 10; update client set name = name || '.' where "
            "id = 1");
        Db(cloud).exec("update client set name = name || '!' where id = 2");
        const TidewayResult killed =
            run_tideway(config, {"sync", "--json"}, {{"TIDEWAY_FAILPOINTS", std::string(where) + "=kill9"}});
        EXPECT_EQ(killed.exit_code, -9) << where << killed.err;
        EXPECT_EQ(sync()["status"], "ok") << where;
        EXPECT_EQ(jobs_of(cloud), jobs_of(office)) << where;
        EXPECT_EQ(dump(cloud, "select id, name from client order by id"),
                  office.dump("select id, name from client order by id"));
    }
    EXPECT_EQ(office.dump("select title from job where id = 10"), "roof+++++");
    EXPECT_EQ(office.dump("select name from client where id = 2"), "Bob \"B\", Ltd!!!!!");
    EXPECT_EQ(office.number("select count(*) from tideway_conflict"), 0);
}

TEST_F(SqliteDesktop, AValueThatIsNotOfItsColumnsTypeWaitsAndTheOthersFlow) {
    office.exec("insert into job (id, title, price) values (14, 'odd', 'about twelve'), (15, 'even', 12)");
    const TidewayResult result = run_tideway(config, {"sync", "--json"});
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_ROWS(cloud, "select id from job order by id", "10\n11\n15");
    const TidewayResult parked = run_tideway(config, {"parked", "list", "--json"});
    EXPECT_NE(parked.out.find("TW412"), std::string::npos) << parked.out;
    EXPECT_NE(parked.out.find("job.price"), std::string::npos) << parked.out;
    office.exec("update job set price = 12 where id = 14");
    EXPECT_EQ(sync()["status"], "ok");
    EXPECT_EQ(jobs_of(cloud), jobs_of(office));
}

TEST_F(SqliteDesktop, ARowReplacedBehindTheTriggersBackIsFoundByAFullRun) {
    Db(cloud).exec("alter table client add unique (name)");
    office.exec("create unique index client_name on client (name)");
    office.exec("delete from job");
    sync();
    office.exec(
        "insert or replace into client values (9, 'Ada')");  // takes client 1 away without its trigger
    sync();
    EXPECT_EQ(sync({"--mode", "full"})["status"], "ok");
    EXPECT_ROWS(cloud, "select id, name from client order by id", "2|Bob \"B\", Ltd\n9|Ada");
}

TEST_F(SqliteDesktop, AnotherProgramsTransactionIsWaitedFor) {
    sync();
    office.exec("update job set title = 'ready' where id = 10");
    office.exec("begin immediate; insert into client values (7, 'open')");
    const auto running = start_tideway(config, {"sync", "--json"});
    EXPECT_FALSE(running->wait(Millis(500)).has_value()) << running->err();
    office.exec("commit");
    EXPECT_EQ(running->wait(Millis(60'000)), 0) << running->err();
    sync();
    EXPECT_ROWS(cloud, "select id from client order by id", "1\n2\n7");
    EXPECT_ROWS(cloud, "select title from job where id = 10", "ready");
}

TEST_F(SqliteDesktop, WhatHasNoExactCounterpartIsRefusedByName) {
    office.exec("alter table client add column extra json");
    Db(cloud).exec("alter table client add column extra jsonb");
    const TidewayResult result = run_tideway(config, {"sync", "--json"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE((result.out + result.err).find("desktop.client.extra"), std::string::npos) << result.err;
    const TidewayResult doctor = run_tideway(config, {"doctor", "--json"});
    EXPECT_NE(doctor.out.find("TW305"), std::string::npos) << doctor.out;
}

TEST_F(SqliteDesktop, InitProposesAConfigurationThatWorksAndUninstallLeavesNothing) {
    office.exec("create table lonely (id integer primary key)");
    const TidewayResult proposed = run_tideway({"init", "--desktop", office.url(), "--cloud", cloud.url()});
    ASSERT_EQ(proposed.exit_code, 0) << proposed.err;
    EXPECT_NE(proposed.out.find(office.url()), std::string::npos) << proposed.out;
    EXPECT_NE(proposed.out.find("\"client\""), std::string::npos) << proposed.out;
    sync();
    EXPECT_GT(office.number("select count(*) from sqlite_schema where name like 'tideway%'"), 0);
    EXPECT_EQ(run_tideway(config, {"uninstall"}).exit_code, 0);
    EXPECT_EQ(office.number("select count(*) from sqlite_schema where name like '%tideway%'"), 0);
    EXPECT_EQ(office.number("select count(*) from job"), 2);
}

TEST(SqliteFiles, TwoFilesAreKeptEqual) {
    SqliteFile office, copy;
    for (SqliteFile* file : {&office, &copy}) file->exec(sqlite_schema);
    office.exec(office_rows);
    const ConfigFile config(config_text(office.url(), copy.url()));
    const auto sync = [&] {
        const TidewayResult result = run_tideway(config, {"sync", "--json"});
        EXPECT_EQ(result.exit_code, 0) << result.err;
    };
    sync();
    EXPECT_EQ(jobs_of(copy), jobs_of(office));
    copy.exec("insert into client values (3, 'Cy'); delete from job where id = 11");
    office.exec("update job set price = 1.25 where id = 10");
    sync();
    EXPECT_EQ(jobs_of(copy), jobs_of(office));
    EXPECT_EQ(office.dump("select name from client where id = 3"), "Cy");
    EXPECT_EQ(office.number("select count(*) from job"), 1);
}

TEST(SqliteFiles, AFileThatWasCopiedElsewhereIsNotTakenForTheOriginal) {
    SqliteFile office, cloud, stray;
    for (SqliteFile* file : {&office, &cloud}) file->exec(sqlite_schema);
    ConfigFile config(config_text(office.url(), cloud.url()));
    EXPECT_EQ(run_tideway(config, {"sync"}).exit_code, 0);
    office.exec("pragma wal_checkpoint(truncate)");
    office.close();
    stray.close();
    write_file(stray.path(), read_file(office.path()));
    config.rewrite(config_text(stray.url(), cloud.url()));
    const TidewayResult result = run_tideway(config, {"sync"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.err.find("TW307"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace tideway::test
