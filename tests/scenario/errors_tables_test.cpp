// Tables and columns that do not fit each other or the configuration.
#include <gtest/gtest.h>

#include "errors_fixture.hpp"

namespace tideway::test {
namespace {

TEST_F(Errors, MissingTable) {
    expect_refused(good_toml() + "[[table]]\nname = 'no_such_table'\n",
                   {2, "TW301", {"no_such_table", "desktop", "cloud"}});
    sides.cloud.exec("create table lonely (id int primary key)");
    expect_refused(good_toml() + "[[table]]\nname = 'lonely'\n", {2, "TW301", {"desktop.lonely"}});
    expect_refused(good_toml(), {2, "TW301", {"not_configured"}}, {"sync", "--table", "not_configured"});
}

TEST_F(Errors, NameThatIsNoTable) {
    sides.on_both("create table t (id int primary key); create view v as select * from t");
    expect_refused(good_toml() + "[[table]]\nname = 'v'\nkey = ['id']\n", {2, "TW306", {"v"}});
}

TEST_F(Errors, MissingColumn) {
    sides.desktop.exec("create table t (id int primary key, a text)");
    sides.cloud.exec("create table t (id int primary key, b text)");
    const std::string table = "[[table]]\nname = 't'\n";
    expect_refused(good_toml() + table + "rename = { a = 'nowhere' }\n", {2, "TW302", {"cloud.t.nowhere"}});
    expect_refused(good_toml() + table + "key = ['a']\n", {2, "TW302", {"cloud.t.a"}});
    expect_refused(good_toml() + table + "skip = ['nothing']\n", {2, "TW302", {"nothing"}});
    expect_refused(good_toml() + table + "constant = { nothing = '1' }\n", {2, "TW302", {"nothing"}});
    expect_refused(good_toml() + table + "timestamps = { updated = 'changed' }\n", {2, "TW302", {"changed"}});
    expect_refused(good_toml() + table + "origin = { column = 'source' }\n",
                   {2, "TW302", {"cloud.t.source"}});
}

TEST_F(Errors, ColumnThatMustBeFilledButNobodyFills) {
    sides.cloud.exec("alter table jobshead add office_id int not null");
    expect_refused(good_toml(), {2, "TW302", {"cloud.jobshead.office_id", "constant"}});
}

TEST_F(Errors, MissingKey) {
    sides.on_both("create table t (id int, a text)");
    expect_refused(good_toml() + "[[table]]\nname = 't'\n", {2, "TW303", {"t", "key = ["}});
}

TEST_F(Errors, IncompatibleTypes) {
    sides.desktop.exec("create table t (id int primary key, a text, d date)");
    sides.cloud.exec("create table t (id int primary key, a int, d timestamptz)");
    expect_refused(good_toml() + "[[table]]\nname = 't'\n",
                   {2, "TW305", {"desktop.t.a", "text", "integer", "desktop.t.d", "skip = ["}});
}

TEST_F(Errors, TimesWithoutZone) {
    sides.desktop.exec("create table t (id int primary key, at timestamp)");
    sides.cloud.exec("create table t (id int primary key, at timestamptz)");
    expect_refused(good_toml() + "[[table]]\nname = 't'\n", {2, "TW312", {"desktop.t.at", "desktop_zone"}});
}

TEST_F(Errors, AllProblemsAreToldAtOnce) {
    sides.desktop.exec("create table t (id int primary key, a text); create table u (id int, a text)");
    sides.cloud.exec("create table t (id int primary key, a int); create table u (id int, a text)");
    const ConfigFile config(good_toml() + "[[table]]\nname = 't'\n[[table]]\nname = 'u'\n");
    const TidewayResult run = run_tideway(config, {"sync"});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_TRUE(contains(run.err, "desktop.t.a") && contains(run.err, "desktop.u")) << run.err;
}

class DuplicateKeys : public Errors {
  protected:
    void SetUp() override {
        Errors::SetUp();
        sides.on_both("create table client (client_id int primary key, name text)");
        sides.desktop.exec("insert into client values (1, 'One'), (2, 'Two')");
    }
    // The table with duplicates is left out with a reason, the others flow.
    void expect_left_out(const std::string& reason) {
        const TidewayResult run = run_tideway(config, {"sync", "--json"});
        EXPECT_EQ(run.exit_code, 3) << run.out << run.err;
        EXPECT_EQ(run.json["status"], "attention");
        const nlohmann::json table = table_of(run.json, "jobshead");
        ASSERT_TRUE(table["not_synced"].is_string()) << run.out;
        for (const std::string& part : {std::string("TW304"), std::string("job_id"), reason})
            EXPECT_TRUE(contains(table["not_synced"], part)) << part << " is not in " << table["not_synced"];
        EXPECT_TRUE(table_of(run.json, "client")["not_synced"].is_null());
        const TidewayResult words = run_tideway(config, {"sync"});
        EXPECT_EQ(words.exit_code, 3);
        EXPECT_TRUE(contains(words.out, "jobshead is not synced: TW304")) << words.out;
    }
    ConfigFile config{good_toml() + "[[table]]\nname = 'client'\n"};
};

TEST_F(DuplicateKeys, LeaveTheTableOutAndTheOthersFlow) {
    sides.desktop.exec(
        "insert into jobshead (job_id, client_id, job_name) values (7, 1, 'Twin'), (7, 1, 'Triplet')");
    const std::string jobs = desktop_jobs(sides.desktop);
    expect_left_out("7");
    EXPECT_ROWS(sides.cloud, "select * from client order by 1", "1|One\n2|Two");
    EXPECT_EQ(cloud_jobs(sides.cloud), "");
    EXPECT_EQ(desktop_jobs(sides.desktop), jobs);
    sides.desktop.exec("delete from jobshead where job_name in ('Twin', 'Triplet')");
    EXPECT_EQ(run_tideway(config, {"sync"}).exit_code, 0);
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(DuplicateKeys, ThatAppearLaterHarmNobody) {
    ASSERT_EQ(run_tideway(config, {"sync"}).exit_code, 0);
    const std::string before = cloud_jobs(sides.cloud);
    sides.desktop.exec(
        "insert into jobshead (job_id, client_id, job_name) values (7, 1, 'Twin'); update jobshead set "
        "status = 'x' where job_id = 8");
    sides.cloud.exec("update jobshead set phone_note = 'mine', status = 'Phone' where job_id = 7");
    sides.desktop.exec("update client set name = 'Uno' where client_id = 1");
    const Versions versions = versions_of(sides);
    expect_left_out("7");
    EXPECT_EQ(versions_of(sides).desktop, versions.desktop);
    EXPECT_ROWS(sides.cloud, "select name from client where client_id = 1", "Uno");
    EXPECT_ROWS(sides.cloud, "select status, phone_note from jobshead where job_id = 7", "Phone|mine");
    EXPECT_ROWS(sides.cloud, "select status from jobshead where job_id = 8", "Open");
    sides.desktop.exec("delete from jobshead where job_name = 'Twin'");
    EXPECT_EQ(run_tideway(config, {"sync"}).exit_code, 0);
    EXPECT_ROWS(sides.desktop, "select status from jobshead where job_id in (7, 8) order by job_id",
                "Phone\nx");
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

}  // namespace
}  // namespace tideway::test
