// Databases that are not the ones that the pair was set up with.
#include <gtest/gtest.h>

#include "errors_fixture.hpp"
#include "support/pg_binaries.hpp"

namespace tideway::test {
namespace {

TEST_F(Errors, BothUrlsLeadToTheSameDatabase) {
    expect_refused(TwoSides::toml_for(cloud_url(), cloud_url()) + jobs_toml, {2, "TW103", {"same"}});
    expect_refused(TwoSides::toml_for(cloud_url() + "?application_name=x", cloud_url()) + jobs_toml,
                   {2, "TW307", {"same"}});
    const std::string socket = shared_cloud().socket_url(sides.cloud_database.name());
    expect_refused(TwoSides::toml_for(socket, cloud_url()) + jobs_toml, {2, "TW307", {"same"}});
}

TEST_F(Errors, SwappedDatabases) {
    first_sync(good_toml());
    edit_both();
    sides.desktop.exec("delete from jobshead where job_id > 17");
    expect_refused(TwoSides::toml_for(cloud_url(), desktop_url()) + jobs_toml, {2, "TW307", {"swap"}});
    first_sync(good_toml());
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Errors, CloudDatabaseThatWasDroppedAndMadeAnew) {
    first_sync(good_toml());
    edit_both();
    sides.cloud.close();
    const std::string name = quote_identifier(sides.cloud_database.name());
    Db admin(shared_cloud().url("postgres"));
    admin.exec("drop database " + name + " with (force)");
    admin.exec("create database " + name);
    sides.cloud = Db(sides.cloud_database);
    sides.cloud.exec(
        "create table jobshead (job_id numeric(10) primary key, client_id numeric(7), job_name varchar(100), "
        "status varchar(20), "
        "source char(1), created_at timestamptz, updated_at timestamptz); insert into jobshead (job_id, "
        "job_name, source) values (900, 'Somebody else', 'M')");
    expect_refused(good_toml(), {2, "TW307"});
    expect_refused(good_toml(), {2, "TW307"}, {"sync", "--mode", "full"});
    expect_refused(good_toml(), {2, "TW307"}, {"plan"});
}

TEST_F(Errors, DesktopDatabaseThatWasDroppedAndMadeAnew) {
    first_sync(good_toml());
    edit_both();
    sides.desktop.close();
    const std::string name = quote_identifier(sides.desktop_database.name());
    Db admin(shared_desktop().url("postgres"));
    admin.exec("drop database " + name + " with (force)");
    admin.exec("create database " + name);
    sides.desktop = Db(sides.desktop_database);
    sides.desktop.exec(
        "create table jobshead (job_id numeric(10), client_id numeric(7), job_name varchar(100), status "
        "varchar(20), "
        "source char(1), created_at timestamp, updated_at timestamp)");
    expect_refused(good_toml(), {2, "TW307"});
}

// A server that was initialised on its own; those of PgServer are all copies of one data directory.
class OtherServer {
  public:
    OtherServer() {
        const std::string data = dir_ / "data";
        run_checked({(pg_bin(15) / "initdb").string(), "--pgdata=" + data, "--username=postgres",
                     "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"},
                    {.as_postgres = true});
        server.stop();
        server.restore_from(data);
        server.start();
    }

  private:
    TempDir dir_{"/tmp", true};

  public:
    PgServer server;
};

class Copies : public Errors {
  protected:
    void SetUp() override {
        if (shared_desktop().version() > 15 || shared_cloud().version() > 15)
            GTEST_SKIP() << "Debian's pg_dump is of version 15";
        Errors::SetUp();
        first_sync(good_toml());
        edit_both();
    }
    static void dump_and_load(const std::string& from, const std::string& to) {
        run_checked(
            {"bash", "-c",
             "set -o pipefail; pg_dump -d \"$1\" | psql -X -q -v ON_ERROR_STOP=1 -d \"$2\" >/dev/null",
             "copy", from, to});
    }
};

TEST_F(Copies, CloudDumpedAndLoadedOnAnotherServer) {
    OtherServer elsewhere;
    const Database copy = fresh_database(elsewhere.server, "copy");
    dump_and_load(sides.cloud_database.url(), copy.url());
    Db inside(copy);
    const std::string before = row_versions(inside);
    expect_refused(TwoSides::toml_for(desktop_url(), with_secret(copy.url())) + jobs_toml,
                   {2, "TW307", {"cloud"}});
    EXPECT_EQ(row_versions(inside), before);
}

TEST_F(Copies, DesktopDumpedAndLoadedOnAnotherServer) {
    OtherServer elsewhere;
    const Database copy = fresh_database(elsewhere.server, "copy");
    dump_and_load(sides.desktop_database.url(), copy.url());
    Db inside(copy);
    const std::string before = row_versions(inside);
    expect_refused(TwoSides::toml_for(with_secret(copy.url()), cloud_url()) + jobs_toml,
                   {2, "TW307", {"desktop"}});
    EXPECT_EQ(row_versions(inside), before);
}

TEST_F(Copies, CloudCopiedWithinItsServer) {
    const Database copy = fresh_database(shared_cloud(), "copy");
    dump_and_load(sides.cloud_database.url(), copy.url());
    Db inside(copy);
    const std::string before = row_versions(inside);
    expect_refused(TwoSides::toml_for(desktop_url(), with_secret(copy.url())) + jobs_toml,
                   {2, "TW307", {"cloud"}});
    EXPECT_EQ(row_versions(inside), before);
}

TEST_F(Errors, AnotherCloudDatabaseThatWasNeverSynced) {
    first_sync(good_toml());
    edit_both();
    TwoSides other("other");
    make_jobs(other, 5);
    const Versions before = versions_of(other);
    expect_refused(TwoSides::toml_for(desktop_url(), with_secret(other.cloud_database.url())) + jobs_toml,
                   {2, "TW307", {"cloud"}});
    expect_refused(TwoSides::toml_for(with_secret(other.desktop_database.url()), cloud_url()) + jobs_toml,
                   {2, "TW307", {"desktop"}});
    EXPECT_EQ(versions_of(other), before);
}

TEST_F(Errors, CloudOfAnotherPairThatWasSynced) {
    first_sync(good_toml());
    TwoSides other("other");
    make_jobs(other, 5);
    first_sync(other.sides_toml() + jobs_toml);
    edit_both();
    const Versions before = versions_of(other);
    expect_refused(TwoSides::toml_for(desktop_url(), with_secret(other.cloud_database.url())) + jobs_toml,
                   {2, "TW307"});
    EXPECT_EQ(versions_of(other), before);
}

}  // namespace
}  // namespace tideway::test
