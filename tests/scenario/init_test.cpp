// init against two real servers: what it proposes, and that the proposal works as it stands.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/powerca.hpp"
#include "support/rows.hpp"
#include "support/run_tideway.hpp"
#include "support/write_counters.hpp"

using namespace tideway::test;

namespace {

class Init : public testing::Test {
  protected:
    std::string propose() {
        const TidewayResult result =
            run_tideway({"init", "--desktop", desktop.url(), "--cloud", cloud.url()});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return result.out;
    }
    void both(const std::string& sql) {
        Db(desktop).exec(sql);
        Db(cloud).exec(sql);
    }
    // From the line `first` to the next empty one.
    static std::string block(const std::string& toml, const std::string& first) {
        const std::size_t at = toml.find(first + "\n");
        return at == std::string::npos ? "" : toml.substr(at, toml.find("\n\n", at) - at);
    }
    static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    const Database desktop = fresh_database(shared_desktop(), "init"),
                   cloud = fresh_database(shared_cloud(), "init");
};

// The same rows on both sides, whatever the types, in the columns that init can bring together.
std::string reminders(const Database& database, const std::string& table) {
    return dump(
        database,
        fmt::format("select rem_id, org_id, staff_id, remdate, client_name, remnotes, remtime, trim(source) "
                    "from {} order by rem_id",
                    table));
}

int decisions(const std::string& toml) {
    int count = 0;
    for (std::size_t at = 0; (at = toml.find("# DECIDE: ", at)) != std::string::npos; ++at) ++count;
    return count;
}

class InitOfTheFirstUsers : public Init, public testing::WithParamInterface<double> {
  protected:
    // At full size the first run writes 90,000 rows.
    static TidewayResult sync(const ConfigFile& config) {
        return run_tideway(config, {"sync", "--json"}, {}, {.deadline = std::chrono::minutes(8)});
    }
    // Every row that the desktop has is in the cloud, or the run lists it.
    void expect_carried_or_listed(const TidewayResult& sync) {
        ASSERT_EQ(sync.json["tables"].size(), 15u) << sync.out << sync.err;
        for (const auto& table : sync.json["tables"]) {
            EXPECT_TRUE(table["not_synced"].is_null()) << table;
            const auto rows = [&](const Database& database, const char* side) {
                return Db(database).number("select count(*) from " + table[side].get<std::string>());
            };
            EXPECT_EQ(rows(desktop, "desktop"), rows(cloud, "cloud") + table["parked"].get<long long>())
                << table;
        }
    }
};

TEST_P(InitOfTheFirstUsers, ItsProposalIsCheckedDoctoredAndSyncedAsItStands) {
    PowercaOptions options;
    options.scale = GetParam();
    powerca(desktop, "desktop", options);
    powerca(cloud, "cloud", options);
    const std::string toml = propose();
    EXPECT_LE(decisions(toml), 8) << toml;
    EXPECT_GE(decisions(toml), 6) << toml;
    EXPECT_FALSE(has(toml, "Not synchronised yet")) << toml;
    const ConfigFile config(toml);
    EXPECT_EQ(run_tideway(config, {"config", "check"}).exit_code, 0);
    const TidewayResult doctor = run_tideway(config, {"doctor", "--json"});
    EXPECT_EQ(doctor.exit_code, 0) << doctor.out;
    EXPECT_EQ(doctor.json["errors"], 0) << doctor.out;
    const TidewayResult first = sync(config);
    EXPECT_EQ(first.exit_code, 3) << first.out
                                  << first.err;  // clients and staff of missing offices are parked
    expect_carried_or_listed(first);
    EXPECT_EQ(reminders(desktop, "mbreminder"), reminders(cloud, "reminder"));
    powerca(cloud, "mobile_activity", options);
    const TidewayResult second = sync(config);
    EXPECT_EQ(second.exit_code, 3) << second.out << second.err;
    EXPECT_EQ(reminders(desktop, "mbreminder"), reminders(cloud, "reminder"));
    for (const char* made_on_a_phone :
         {"select count(*) > 0 from learequest", "select count(*) > 0 from workdiary",
          "select count(*) = 1 from jobshead where job_id = 9999999",
          "select count(*) = 1 from jobtasks where job_id = 9999999",
          "select count(*) > 0 from taskchecklist where checkliststatus = 1"})
        EXPECT_ROWS(desktop, made_on_a_phone, "t");
    powerca(desktop, "desktop_activity", options);
    const TidewayResult third = sync(config);
    EXPECT_EQ(third.exit_code, 3) << third.out << third.err;
    EXPECT_ROWS(cloud, "select count(*) > 0 from jobshead where job_id between 6000000 and 7000000", "t");
    EXPECT_ROWS(cloud, "select count(*) > 0 from jobtasks where job_id between 6000000 and 7000000", "t");
}

INSTANTIATE_TEST_SUITE_P(Scales, InitOfTheFirstUsers, testing::Values(0.01, 1.0));

TEST_F(Init, FindsWhatTheFirstUsersTablesNeed) {
    powerca(desktop, "desktop");
    powerca(cloud, "cloud");
    const std::string toml = propose();
    EXPECT_EQ(
        block(toml, "[[table]]\nname = \"climaster\""),
        "[[table]]\nname = \"climaster\"\n"
        "key = [\"client_id\"]  # primary key in the cloud only; unique in today's rows at the desktop\n"
        "origin = { column = \"source\", desktop = \"D\", cloud = \"M\" }\n"
        "ownership = \"strict\"\n"
        "timestamps = { updated = \"updated_at\", created = \"created_at\", desktop_zone = \"UTC\" }");
    EXPECT_TRUE(has(toml, "desktop = \"mbreminder\"\ncloud = \"reminder\"\n")) << toml;
    EXPECT_TRUE(has(toml, "desktop = \"mbremdetail\"\ncloud = \"remdetail\"\n")) << toml;
    const std::string diary = block(toml, "[[table]]\nname = \"workdiary\"");
    EXPECT_TRUE(has(diary, "[[table.column]]\nname = \"timefrom\"\ndate = \"date\"\n")) << toml;
    EXPECT_TRUE(has(diary, "[[table.column]]\nname = \"timeto\"\ndate = \"date\"\n")) << toml;
    EXPECT_TRUE(has(diary, "[[table.column]]\nname = \"tasknotes\"\nlossy = true")) << toml;
    const std::string tasks = block(toml, "[[table]]\nname = \"jobtasks\"");
    EXPECT_TRUE(has(tasks, "key = [\"job_id\", \"task_id\"]\nidentity = \"business_key\"\n")) << toml;
    EXPECT_TRUE(has(tasks, "# jt_id is numbered by the cloud itself, and it is empty at the desktop"))
        << toml;
    EXPECT_TRUE(has(tasks, "skip = [\"jt_id\"]")) << toml;
    EXPECT_TRUE(
        has(tasks, "# lookup = { client_id = \"select client_id from jobshead where job_id = :job_id\" }\n"))
        << toml;
    const std::string checks = block(toml, "[[table]]\nname = \"taskchecklist\"");
    EXPECT_TRUE(has(checks, "identity = \"business_key+ordinal\"\n")) << toml;
    EXPECT_TRUE(has(checks, "skip = [\"tc_id\"]")) << toml;
    EXPECT_FALSE(has(toml, "office.")) << "the office program's own tables, in a schema that nothing shares\n"
                                       << toml;
}

TEST_F(Init, RowsThatRepeatTheBestKeyOfAFullTableAreToldApart) {
    PowercaOptions options;
    options.scale = 1;
    powerca(desktop, "desktop", options);
    powerca(cloud, "cloud", options);
    for (const bool analysed : {false, true}) {
        if (analysed) Db(desktop).exec("analyze");
        const std::string toml = propose();
        EXPECT_TRUE(has(block(toml, "[[table]]\nname = \"jobshead\""),
                        "key = [\"job_id\", \"sporg_id\"]\nidentity = \"business_key+ordinal\"\n"))
            << toml;
    }
}

TEST_F(Init, AKeyFoundInTheRowsAloneWorksAsItStandsAndWithItsLookUp) {
    powerca(desktop, "desktop");
    powerca(cloud, "cloud");
    std::string toml = propose();
    const std::string rows = Db(desktop).scalar("select count(*) from jobtasks");
    const auto sync = [&] {
        const TidewayResult result =
            run_tideway(ConfigFile(toml), {"sync", "--json", "--table", "jobshead", "--table", "jobtasks"});
        EXPECT_TRUE(result.json.is_object()) << result.err;
        EXPECT_ROWS(cloud, "select count(*), count(distinct jt_id) from jobtasks", rows + "|" + rows);
    };
    sync();
    EXPECT_ROWS(cloud, "select count(*) from jobtasks where client_id is not null", "0");
    toml.replace(toml.find("# lookup = "), 2, "");
    Db(desktop).exec("update jobtasks set task_desc = 'looked up' where job_id = 50");
    sync();
    EXPECT_ROWS(cloud, "select count(*) > 0, bool_and(client_id is not null) from jobtasks where job_id = 50",
                "t|t");
}

TEST_F(Init, WritesNothingIntoTheDatabases) {
    powerca(desktop, "desktop");
    powerca(cloud, "cloud");
    Db d(desktop), c(cloud);
    const auto versions = std::pair(row_versions(d), row_versions(c));
    propose();
    EXPECT_EQ(std::pair(row_versions(d), row_versions(c)), versions);
    for (Db* db : {&d, &c})
        EXPECT_ROWS(*db, "select count(*) from pg_namespace where nspname = 'tideway'", "0");
}

TEST_F(Init, PasswordsDoNotReachTheFile) {
    both("create table t (id int primary key)");
    std::string with_secret = desktop.url();
    with_secret.replace(with_secret.find("postgres@"), 8, "postgres:hush");
    const TidewayResult result = run_tideway({"init", "--desktop", with_secret, "--cloud", cloud.url()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_FALSE(has(result.out, "hush")) << result.out;
    EXPECT_TRUE(has(result.out, fmt::format("url = \"{}\"", desktop.url()))) << result.out;
    EXPECT_TRUE(has(result.out, "# password_command = ")) << result.out;
}

TEST_F(Init, ExplainsTablesItCannotPropose) {
    both("create table fine (id int primary key, note text)");
    Db(desktop).exec(
        "create table repeated (id int, note text); insert into repeated values (1, 'a'), (1, 'b')");
    Db(cloud).exec("create table repeated (id int primary key, note text)");
    Db(desktop).exec("create table must (id int primary key); create table office_alone (id int)");
    Db(cloud).exec(
        "create table must (id int primary key, org int not null); create table phone_alone (id int)");
    const std::string toml = propose();
    EXPECT_TRUE(has(toml, "# - \"id\" does not identify a row at the desktop: 1 (2 rows)\n")) << toml;
    EXPECT_TRUE(has(block(toml, "# Not synchronised yet: must"), "cloud.must.org must not be empty here"))
        << toml;
    EXPECT_TRUE(has(toml, "# Only at the desktop: office_alone\n# Only in the cloud: phone_alone\n")) << toml;
    const TidewayResult sync = run_tideway(ConfigFile(toml), {"sync", "--json"});
    EXPECT_EQ(sync.exit_code, 0) << sync.out << sync.err;
    EXPECT_EQ(sync.json["tables"].size(), 1u);
}

TEST_F(Init, OddNamesSurviveTheWayThroughTheFile) {
    both(
        "create schema \"s.p\"; create table \"s.p\".\"T \"\"x\"\" ${HOME}\" (\"Id $$\" int primary key, "
        "\"v\\1\" text)");
    Db(desktop).exec("insert into \"s.p\".\"T \"\"x\"\" ${HOME}\" values (1, 'one')");
    const TidewayResult sync = run_tideway(ConfigFile(propose()), {"sync", "--json"});
    EXPECT_EQ(sync.exit_code, 0) << sync.out << sync.err;
    EXPECT_ROWS(cloud, "select * from \"s.p\".\"T \"\"x\"\" ${HOME}\"", "1|one");
}

}  // namespace
