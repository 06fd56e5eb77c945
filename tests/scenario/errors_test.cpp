// Every error that a user can make: it is told by its code, with what to do, and nothing is changed anywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "support/pause_at.hpp"
#include "support/pg_binaries.hpp"
#include "support/tcp_proxy.hpp"
#include "two_sides.hpp"

namespace tideway::test {
namespace {

constexpr const char* secret = "s3cret-Pa55";  // must never be seen again

std::string with_secret(std::string url, const std::string& user = "postgres") {
    const std::string before = user + "@";
    return url.replace(url.find(before), before.size(), fmt::format("{}:{}@", user, secret));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

struct Told {
    int exit_code;
    std::string code;
    std::vector<std::string> says = {};  // each stands in the message
};

// The same error in words and as JSON.
void expect_told(const Told& expected, const TidewayResult& words, const TidewayResult& json) {
    SCOPED_TRACE("in words: " + words.out + words.err + "\nas JSON: " + json.out + json.err);
    EXPECT_EQ(words.out, "") << "results are for stdout, errors are none";
    for (const TidewayResult* result : {&words, &json})
        EXPECT_FALSE(contains(result->out + result->err, secret)) << "the password is shown";
    ASSERT_EQ(words.exit_code, expected.exit_code);
    ASSERT_EQ(json.exit_code, expected.exit_code);
    EXPECT_TRUE(contains(words.err, "error " + expected.code)) << "not " << expected.code;
    EXPECT_TRUE(contains(words.err, "what to do: ")) << "no hint";
    ASSERT_TRUE(json.json.is_object() && json.json.contains("error"));
    EXPECT_EQ(json.json["status"], "failed");
    const nlohmann::json& error = json.json["error"];
    EXPECT_EQ(error["code"], expected.code);
    EXPECT_NE(error["hint"], "");
    const std::string told = error["message"].get<std::string>() + error["hint"].get<std::string>();
    for (const std::string& part : expected.says) {
        EXPECT_TRUE(contains(words.err, part)) << part << " is not in the words";
        EXPECT_TRUE(contains(told, part)) << part << " is not in the JSON";
    }
}

class Errors : public testing::Test {
  protected:
    void SetUp() override { make_jobs(sides, 20); }

    std::string desktop_url() const { return with_secret(sides.desktop_database.url()); }
    std::string cloud_url() const { return with_secret(sides.cloud_database.url()); }
    std::string sides_toml() const { return TwoSides::toml_for(desktop_url(), cloud_url()); }
    std::string good_toml() const { return sides_toml() + jobs_toml; }

    // All that could have been changed: users' rows, and every schema, relation and trigger.
    std::string everything() {
        std::string text;
        for (Db* side : {&sides.desktop, &sides.cloud})
            text += row_versions(*side) + dump(*side, R"(
                select 'schema', nspname::text from pg_namespace where nspname !~ '^(pg_|information_schema)'
                union all
                select 'relation', oid::regclass::text from pg_class
                where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
                union all
                select 'trigger', tgname::text from pg_trigger where not tgisinternal order by 1, 2)") +
                    "\n";
        return text;
    }
    void expect_refused(const std::string& toml, const Told& expected,
                        const std::vector<std::string>& arguments = {"sync"}) {
        SCOPED_TRACE(toml);
        const ConfigFile config(toml);
        const std::string before = everything();
        const TidewayResult words = run_tideway(config, arguments);
        std::vector<std::string> with_json = arguments;
        with_json.push_back("--json");
        expect_told(expected, words, run_tideway(config, with_json));
        EXPECT_EQ(everything(), before);
    }
    void first_sync(const std::string& toml) {
        const TidewayResult run = run_tideway(ConfigFile(toml), {"sync"});
        ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
    }
    // An edit that a wrong run would carry over.
    void edit_both() {
        sides.desktop.exec("update jobshead set status = 'Office' where job_id = 1");
        sides.cloud.exec("update jobshead set status = 'Phone' where job_id = 2");
    }

    TwoSides sides{"err"};
};

// ---- reaching the servers -------------------------------------------------------------------------------

class Unreachable : public Errors, public testing::WithParamInterface<const char*> {
  protected:
    std::string toml_with(const std::string& url) const {
        const bool desktop = std::string(GetParam()) == "desktop";
        return TwoSides::toml_for(desktop ? url : desktop_url(), desktop ? cloud_url() : url) + jobs_toml;
    }
    void expect_unreachable(const std::string& toml, const std::vector<std::string>& says) {
        const auto begin = std::chrono::steady_clock::now();
        expect_refused(toml, {1, "TW201", says});
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << "two runs of 10 s";
    }
};
INSTANTIATE_TEST_SUITE_P(Side, Unreachable, testing::Values("desktop", "cloud"),
                         [](const auto& side) { return std::string(side.param); });

TEST_P(Unreachable, NothingListensThere) {
    const PortLease nobody;
    const std::string url =
        fmt::format("postgresql://postgres:{}@127.0.0.1:{}/postgres", secret, nobody.port());
    expect_unreachable(toml_with(url), {GetParam(), "127.0.0.1", std::to_string(nobody.port())});
}

TEST_P(Unreachable, TheNameDoesNotResolve) {
    expect_unreachable(
        toml_with(fmt::format("postgresql://postgres:{}@no-such-host.invalid:6543/postgres?sslmode=disable",
                              secret)),
        {GetParam(), "no-such-host.invalid", "6543"});
}

TEST_P(Unreachable, ThePortSwallowsEverything) {
    TcpProxy hole(shared_cloud().port());
    hole.blackhole(true);
    expect_unreachable(toml_with(with_secret(hole.url("postgres"))),
                       {GetParam(), "127.0.0.1", std::to_string(hole.port())});
}

TEST_P(Unreachable, TheServerComesBackAndTheNextRunGoesOn) {
    TcpProxy proxy((std::string(GetParam()) == "desktop" ? shared_desktop() : shared_cloud()).port());
    const std::string name =
        std::string(GetParam()) == "desktop" ? sides.desktop_database.name() : sides.cloud_database.name();
    const std::string toml = toml_with(with_secret(proxy.url(name)));
    first_sync(toml);
    edit_both();
    proxy.refuse_new(true);
    expect_unreachable(toml, {GetParam()});
    proxy.clear_faults();
    first_sync(toml);
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Errors, MissingDatabase) {
    const std::string nowhere = with_secret(shared_cloud().url("no_such_database"));
    expect_refused(TwoSides::toml_for(desktop_url(), nowhere) + jobs_toml,
                   {2, "TW203", {"cloud", "no_such_database"}});
    expect_refused(TwoSides::toml_for(nowhere, cloud_url()) + jobs_toml,
                   {2, "TW203", {"desktop", "no_such_database"}});
}

TEST_F(Errors, EncryptionThatTheServerDoesNotOffer) {
    expect_refused(TwoSides::toml_for(desktop_url(), cloud_url() + "?sslmode=require") + jobs_toml,
                   {2, "TW207", {"cloud"}});
}

class Passwords : public Errors {
  protected:
    void SetUp() override {
        Errors::SetUp();
        Db(locked.url("postgres")).exec("create role clerk login password 'the right one'");
    }
    std::string locked_url(const std::string& parameters = "") const {
        return locked.url("postgres", "clerk") + parameters;
    }
    std::string toml(const std::string& url, const std::string& more) const {
        return fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}\n{}", desktop_url(), url, more,
                           jobs_toml);
    }
    PgServer locked{PgServerOptions{.passwords = true}};
    TempDir dir;
};

TEST_F(Passwords, WrongPasswordInTheUrl) {
    expect_refused(toml(with_secret(locked_url(), "clerk"), ""), {2, "TW202", {"cloud", "clerk"}});
}

TEST_F(Passwords, WrongPasswordAsAParameter) {
    expect_refused(toml(locked_url(fmt::format("?password={}", secret)), ""), {2, "TW202", {"cloud"}});
}

TEST_F(Passwords, WrongPasswordInAFile) {
    write_file(dir / "password", secret);
    expect_refused(toml(locked_url(), fmt::format("password_file = '{}'", (dir / "password").string())),
                   {2, "TW202", {"cloud"}});
}

TEST_F(Passwords, NoPasswordAtAll) { expect_refused(toml(locked_url(), ""), {2, "TW202", {"cloud"}}); }

TEST_F(Passwords, FileThatIsNotThere) {
    expect_refused(toml(locked_url(), "password_file = '/no/such/file'"), {2, "TW204", {"/no/such/file"}});
}

TEST_F(Passwords, CommandThatFails) {
    expect_refused(toml(locked_url(), fmt::format("password_command = 'echo {}; exit 3'", secret)),
                   {2, "TW204", {"cloud"}});
}

TEST_F(Passwords, TheRightOneIsNeverShownEither) {
    const ConfigFile config(toml(locked_url(), "password_command = 'echo the right one'"));
    for (const char* command : {"sync", "plan", "status", "doctor"})
        for (const bool json : {false, true}) {
            const TidewayResult run = run_tideway(config, json ? std::vector<std::string>{command, "--json"}
                                                               : std::vector<std::string>{command});
            EXPECT_FALSE(contains(run.out + run.err, "TW202")) << command << run.err;
            EXPECT_FALSE(contains(run.out + run.err, "the right one")) << command << run.out << run.err;
            EXPECT_FALSE(contains(run.out + run.err, secret)) << command << run.out << run.err;
        }
}

TEST_F(Errors, ServerThatIsReadOnly) {
    const std::string toml = good_toml();
    const std::string name = quote_identifier(sides.cloud_database.name());
    sides.cloud.exec("alter database " + name + " set default_transaction_read_only = on");
    expect_refused(toml, {1, "TW405", {"cloud", "read-only"}});
    sides.cloud.exec("set default_transaction_read_only = off; alter database " + name +
                     " reset default_transaction_read_only");
    first_sync(toml);
    edit_both();
    sides.cloud.exec("alter database " + name + " set default_transaction_read_only = on");
    expect_refused(toml, {1, "TW405", {"cloud", "read-only"}});
    sides.cloud.exec("alter database " + name + " reset default_transaction_read_only");
    first_sync(toml);
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

// ---- tables and columns ---------------------------------------------------------------------------------

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

// ---- the configuration file -----------------------------------------------------------------------------

TEST_F(Errors, UnknownKeys) {
    const std::string head = good_toml();
    const auto lines = std::count(head.begin(), head.end(), '\n');
    const auto at = [&](long line, int column) {
        return fmt::format("tideway.toml:{}:{}", lines + line, column);
    };
    expect_refused(head + "[sync]\nconflct = 'latest'\n",
                   {2, "TW102", {at(2, 1), "conflct", "\"conflict\""}});
    expect_refused(head + "[[table]]\n  nmae = 'client'\n", {2, "TW102", {at(2, 3), "nmae", "\"name\""}});
    expect_refused(head + "[gaurd]\nmax_deletes = '1%'\n", {2, "TW102", {at(1, 2), "gaurd", "\"guard\""}});
}

TEST_F(Errors, ValuesThatCannotBeUsed) {
    const std::string head = good_toml();
    const auto line = fmt::format("tideway.toml:{}:", std::count(head.begin(), head.end(), '\n') + 2);
    expect_refused(head + "[sync]\nconflict = 'newest'\n", {2, "TW103", {line, "newest", "latest"}});
    expect_refused(head + "[sync]\nconflict = 3\n", {2, "TW103", {line}});
    expect_refused(head + "[guard]\nmax_deletes = 'lots'\n", {2, "TW103", {line}});
    expect_refused(head + "[sync]\nconflict = ", {2, "TW101", {line}});
    expect_refused(head + "[[table]]\nname = '${NO_SUCH_VARIABLE}'\n",
                   {2, "TW105", {line, "NO_SUCH_VARIABLE"}});
    expect_refused(head + "[[table]]\nname = 'jobshead'\n", {2, "TW313", {"jobshead"}});
    expect_refused(head + "[serve]\nlisten = '127.0.0.1:1'\n", {2, "TW107", {"serve"}});
    expect_refused(sides_toml(), {2, "TW103", {"[[table]]"}});
    expect_refused(jobs_toml, {2, "TW103", {"url"}});
}

TEST_F(Errors, UrlThatIsNone) {
    expect_refused(
        TwoSides::toml_for(desktop_url(), fmt::format("postgresql://me:{}@host:notaport/db", secret)) +
            jobs_toml,
        {2, "TW103", {"cloud"}});
}

TEST(CommandLineErrors, AreUsageErrors) {
    const auto told = [](const std::vector<std::string>& arguments, const Told& expected) {
        std::vector<std::string> with_json{"--json"};
        with_json.insert(with_json.end(), arguments.begin(), arguments.end());
        expect_told(expected, run_tideway(arguments), run_tideway(with_json));
    };
    told({"-c", "/no/such/tideway.toml", "sync"}, {2, "TW104", {"/no/such/tideway.toml"}});
    told({"snyc"}, {2, "TW106", {"snyc"}});
    told({"sync", "--mdoe", "full"}, {2, "TW106", {"--mdoe"}});
    told({"sync", "--mode", "some"}, {2, "TW106", {"some"}});
    told({"sync", "--direction", "up"}, {2, "TW106", {"up"}});
    told({}, {2, "TW106"});
}

// ---- wrong databases ------------------------------------------------------------------------------------

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

// ---- rights ---------------------------------------------------------------------------------------------

class Rights : public Errors {
  protected:
    void SetUp() override {
        Errors::SetUp();
        clerk = sides.cloud_database.name() + "_clerk";
        sides.cloud.exec(fmt::format("create role {0} login; grant create on database {1} to {0}",
                                     quote_identifier(clerk), quote_identifier(sides.cloud_database.name())));
    }
    void TearDown() override {
        sides.cloud.exec(fmt::format("reassign owned by {0} to postgres; drop owned by {0}; drop role {0}",
                                     quote_identifier(clerk)));
    }
    std::string clerk_toml() const {
        return TwoSides::toml_for(desktop_url(), with_secret(sides.cloud_database.url(clerk), clerk)) +
               jobs_toml;
    }
    void grant(const std::string& rights) {
        sides.cloud.exec(fmt::format("grant {} on jobshead to {}", rights, quote_identifier(clerk)));
    }
    std::string clerk;
};

TEST_F(Rights, RoleWithoutInsert) {
    grant("select, update, delete, trigger");
    expect_refused(clerk_toml(), {2, "TW309", {"cloud.jobshead", "INSERT", "GRANT INSERT"}});
    grant("insert");
    first_sync(clerk_toml());
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Rights, RoleWithoutAnyRight) {
    expect_refused(clerk_toml(), {2, "TW309", {"cloud.jobshead", "SELECT"}});
}

TEST_F(Rights, RoleThatLosesARightLater) {
    grant("select, insert, update, delete, trigger");
    first_sync(clerk_toml());
    edit_both();
    sides.cloud.exec("revoke update on jobshead from " + quote_identifier(clerk));
    expect_refused(clerk_toml(), {2, "TW309", {"cloud.jobshead", "UPDATE"}});
}

TEST_F(Rights, RoleThatMayNotCreateASchema) {
    grant("select, insert, update, delete, trigger");
    sides.cloud.exec(fmt::format("revoke create on database {} from {}",
                                 quote_identifier(sides.cloud_database.name()), quote_identifier(clerk)));
    expect_refused(clerk_toml(), {2, "TW309", {"cloud"}});
}

TEST_F(Rights, RowSecurityThatHidesRows) {
    grant("select, insert, update, delete, trigger");
    first_sync(clerk_toml());
    edit_both();
    sides.cloud.exec(
        fmt::format("alter table jobshead enable row level security; create policy few on jobshead to {} "
                    "using (job_id <= 2)",
                    quote_identifier(clerk)));
    expect_refused(clerk_toml(), {2, "TW308", {"cloud.jobshead", "BYPASSRLS"}});
    expect_refused(clerk_toml(), {2, "TW308"}, {"sync", "--mode", "full"});
    sides.cloud.exec("alter role " + quote_identifier(clerk) + " bypassrls");
    first_sync(clerk_toml());
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Rights, RowSecurityOnTheFirstRun) {
    grant("select, insert, update, delete, trigger");
    sides.cloud.exec("alter table jobshead enable row level security");
    expect_refused(clerk_toml(), {2, "TW308", {"cloud.jobshead"}});
}

// ---- two runs at once -----------------------------------------------------------------------------------

TEST_F(Errors, AnotherRunHoldsTheLease) {
    first_sync(good_toml());
    edit_both();
    const ConfigFile config(good_toml());
    const PauseAt pause("M3.before");
    const auto first = start_tideway(config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached();
    expect_refused(good_toml(), {6, "TW401"});
    expect_refused(good_toml(), {6, "TW401"}, {"sync", "--mode", "full"});
    expect_refused(good_toml(), {6, "TW401"}, {"sync", "--direction", "reverse"});
    pause.release();
    EXPECT_EQ(first->wait(std::chrono::seconds(60)), 0) << first->out() << first->err();
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
    EXPECT_ROWS(sides.cloud, "select status from jobshead where job_id < 3 order by job_id", "Office\nPhone");
    EXPECT_EQ(run_tideway(config, {"sync"}).exit_code, 0) << "the lease was not given back";
}

}  // namespace
}  // namespace tideway::test
