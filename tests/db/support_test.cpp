// The support library is what the other tests stand on: each of its faults and proofs must really happen.
#include <gtest/gtest.h>

#include "support/db.hpp"
#include "support/fresh_database.hpp"
#include "support/pg_binaries.hpp"
#include "support/pg_server.hpp"
#include "support/pgbouncer.hpp"
#include "support/powerca.hpp"
#include "support/rows.hpp"
#include "support/write_counters.hpp"

namespace tideway::test {
namespace {

TEST(SupportServer, EveryInstalledVersionServesOverTcpAndSocket) {
    for (const int version : {13, 14, 15, 16, 17, 18}) {
        if (!pg_available(version)) continue;
        PgServer server({.version = version});
        Db db(server.url("postgres"));
        EXPECT_EQ(db.number("select current_setting('server_version_num')::int / 10000"), version);
        EXPECT_EQ(Db(server.socket_url("postgres")).scalar("select 'x'"), "x");
    }
}

TEST(SupportServer, RecoversWhatWasCommittedBeforeKill9) {
    PgServer server;
    Db db(server.url("postgres"));
    db.exec("create table t as select generate_series(1, 1000) as n");
    db.exec("begin; insert into t values (1001)");
    server.kill9();
    EXPECT_FALSE(server.running());
    EXPECT_THROW(db.query("select 1"), DbError);
    server.start();
    EXPECT_ROWS(Db(server.url("postgres")), "select count(*) from t", "1000");
    EXPECT_NE(server.log().find("automatic recovery in progress"), std::string::npos);
}

TEST(SupportServer, RestartsOnTheSamePortWithNewSettings) {
    PgServer server;
    const auto port = server.port();
    server.configure({{"application_name", "it's new"}});
    server.restart();
    EXPECT_EQ(server.port(), port);
    EXPECT_ROWS(Db(server.url("postgres")), "select setting from pg_settings where name = 'application_name'",
                "tideway_test");
    EXPECT_ROWS(Db(server.url("postgres")), "select reset_val from pg_settings where name = 'fsync'", "off");
    EXPECT_ROWS(Db(server.url("postgres")),
                "select setting from pg_file_settings where name = 'application_name'", "it's new");
}

TEST(SupportServer, PausedServerHangsAndGoesOn) {
    PgServer server;
    Db db(server.url("postgres"));
    server.pause();
    db.send("select 7");
    EXPECT_THROW(db.wait(Millis(200)), DbError);
    server.resume();
    EXPECT_EQ(text_of(db.wait()), "7");
}

TEST(SupportServer, RestoresACopyOfItsDataDirectory) {
    const TempDir backups("/var/tmp", true);
    PgServer server;
    Db(server.url("postgres")).exec("create table t as select 'before'::text as what");
    server.stop();
    server.copy_data_dir_to(backups / "copy");
    server.start();
    Db(server.url("postgres")).exec("update t set what = 'after'");
    server.stop(StopMode::immediate);
    server.restore_from(backups / "copy");
    server.start();
    EXPECT_ROWS(Db(server.url("postgres")), "select what from t", "before");
}

TEST(SupportServer, ClockOffsetMovesNow) {
    PgServer server({.clock = "+2h"});
    const long long ahead =
        Db(server.url("postgres")).number("select extract(epoch from clock_timestamp())::bigint") -
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    EXPECT_NEAR(static_cast<double>(ahead), 7200, 5);
}

TEST(SupportServer, LeavesNoProcessAndNoFilesBehind) {
    auto server = std::make_unique<PgServer>();
    const std::filesystem::path data = server->data_directory();
    const Db open(server->url("postgres"));
    server->pause();
    ASSERT_TRUE(std::filesystem::exists(data));
    server.reset();
    EXPECT_FALSE(std::filesystem::exists(data.parent_path()));
    EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(open.backend_pid())));
}

TEST(SupportServer, PasswordsAreAskedFromOthersThanPostgres) {
    PgServer server({.passwords = true});
    Db(server.url("postgres")).exec("create role app login password 'secret'");
    EXPECT_THROW(Db(server.url("postgres", "app")), DbError);
    EXPECT_EQ(Db(server.url("postgres", "app:secret")).scalar("select current_user"), "app");
    Pgbouncer bouncer(server);
    EXPECT_THROW(Db(bouncer.url("postgres", "app:wrong")), DbError);
    EXPECT_EQ(Db(bouncer.url("postgres", "app:secret")).scalar("select current_user"), "app");
}

TEST(SupportDatabase, IsFreshAndGoneAfterwards) {
    const auto [desktop, cloud] = shared_pair();
    EXPECT_NE(desktop.port(), cloud.port());
    Db admin(desktop.url("postgres"));
    std::string name;
    {
        const Database first = fresh_database(desktop, "fresh");
        const Database second = fresh_database(desktop, "fresh");
        EXPECT_NE(first.name(), second.name());
        name = first.name();
        EXPECT_EQ(Db(first).scalar("select current_database()"), name);
    }
    EXPECT_ROWS(admin, "select count(*) from pg_database where datname = " + quote_literal(name), "0");
}

TEST(SupportDb, TellsSqlstateAndText) {
    const Database database = fresh_database(shared_desktop(), "db");
    Db db(database);
    EXPECT_EQ(db.try_exec("create table t (a int primary key, b text)"), "00000");
    EXPECT_EQ(db.try_exec("insert into t values (1, 'x'), (1, 'y')"), "23505");
    db.exec("insert into t values (1, null), (2, E'a|b\\n\\\\')");
    EXPECT_ROWS(db, "select * from t order by a", "1|(null)\n2|a\\|b\\n\\\\");
    try {
        db.query("select nothing from t");
        FAIL() << "no error";
    } catch (const DbError& error) {
        EXPECT_EQ(error.sqlstate, "42703");
        EXPECT_NE(std::string(error.what()).find("select nothing from t"), std::string::npos);
    }
}

TEST(SupportDb, ASecondSessionCanBeHeldOnALock) {
    const Database database = fresh_database(shared_desktop(), "lock");
    Db first(database), second(database), observer(database);
    first.exec("create table t as select 1 as a");
    first.exec("begin; update t set a = 2");
    second.send("update t set a = a + 10 returning a");
    wait_until_blocked(observer, second.backend_pid());
    EXPECT_TRUE(second.busy());
    first.exec("commit");
    EXPECT_EQ(text_of(second.wait()), "12");
}

void writes_are_seen(PgServer& server) {
    const Database database = fresh_database(server, "writes");
    Db db(database), other(database);
    db.exec("create schema tideway; create table tideway.state (a int); create table t (a int)");
    other.exec("insert into t select generate_series(1, 5)");
    const std::string versions = row_versions(db);
    EXPECT_EQ(write_counters(db), 5);
    db.exec("insert into tideway.state values (1)");
    db.exec("select * from t for update");
    EXPECT_EQ(row_versions(db), versions);
    EXPECT_EQ(write_counters(db), 5);
    other.exec("update t set a = a where a = 3");
    Db(database).exec("delete from t where a = 4");
    EXPECT_NE(row_versions(db), versions);
    EXPECT_EQ(write_counters(db), 7);
    EXPECT_EQ(writes_by_table(db), "public.t|5|1|1");
}

TEST(SupportWrites, AreSeenOnEveryVersion) {
    writes_are_seen(shared_desktop());
    for (const int version : {13, 18}) {
        if (!pg_available(version)) continue;
        PgServer server({.version = version});
        writes_are_seen(server);
    }
}

TEST(SupportPgbouncer, ServesTransactionsOfManyClientsOverFewConnections) {
    const Database database = fresh_database(shared_cloud(), "pool");
    const Pgbouncer bouncer(shared_cloud(), {.pool_size = 1});
    Db first(bouncer.url(database.name())), second(bouncer.url(database.name()));
    const std::string backend = first.scalar("select pg_backend_pid()");
    EXPECT_EQ(second.scalar("select pg_backend_pid()"), backend);
    first.exec("begin");
    second.send("select 1");
    EXPECT_THROW(second.wait(Millis(100)), DbError);
    first.exec("commit");
    EXPECT_EQ(text_of(second.wait()), "1");
}

TEST(SupportPowerca, LoadsBothSides) {
    const Database desktop = fresh_database(shared_desktop(), "powerca");
    const Database cloud = fresh_database(shared_cloud(), "powerca");
    powerca(desktop, "desktop");
    powerca(cloud, "cloud", {.fk = "none"});
    Db db(desktop), db_cloud(cloud);
    EXPECT_GT(db.number("select count(*) from jobshead"), 100);
    EXPECT_EQ(db.number("select count(*) from fixture_fingerprint()"), 15);
    EXPECT_ROWS(db_cloud, "select count(*) from jobshead", "0");
}

}  // namespace
}  // namespace tideway::test
