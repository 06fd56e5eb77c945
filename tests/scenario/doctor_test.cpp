// doctor against two real servers: every fault that can be set up is named, with SQL that mends it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/pgbouncer.hpp"
#include "support/rows.hpp"
#include "support/run_tideway.hpp"
#include "support/write_counters.hpp"

using namespace tideway::test;

namespace {

class DoctorScenario : public testing::Test {
  protected:
    DoctorScenario() {
        both(
            "create table client (id int primary key, name text, updated_at timestamptz);"
            "create table job (id int primary key, client_id int references client, note text, updated_at "
            "timestamptz)");
    }
    void both(const std::string& sql) {
        desktop_db.exec(sql);
        cloud_db.exec(sql);
    }
    static std::string table(const std::string& name) {
        return fmt::format("[[table]]\nname = \"{}\"\ntimestamps = {{ updated = \"updated_at\" }}\n", name);
    }
    std::string config(const std::string& tables) const {
        return config_of(desktop.url(), cloud.url(), tables);
    }
    static std::string config_of(const std::string& desktop_url, const std::string& cloud_url,
                                 const std::string& tables) {
        return fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}", desktop_url, cloud_url, tables);
    }
    TidewayResult doctor(const std::string& toml) {
        return last = run_tideway(ConfigFile(toml), {"doctor", "--json"});
    }
    // "severity where" of every finding with that code, one a line.
    std::string found(const std::string& code) const {
        std::string all;
        if (last.json.contains("findings"))
            for (const auto& finding : last.json["findings"])
                if (finding["code"] == code)
                    all += fmt::format("{}{} {}", all.empty() ? "" : "\n",
                                       finding["severity"].get<std::string>(),
                                       finding["where"].get<std::string>());
        return all;
    }
    std::string remedy(const std::string& code) const {
        for (const auto& finding : last.json["findings"])
            if (finding["code"] == code) return finding["remedy"];
        return {};
    }

    const Database desktop = fresh_database(shared_desktop(), "doctor"),
                   cloud = fresh_database(shared_cloud(), "doctor");
    Db desktop_db{desktop}, cloud_db{cloud};
    TidewayResult last;
};

TEST_F(DoctorScenario, AFitPairHasNotesOnlyAndIsLeftAlone) {
    const auto before = std::pair(row_versions(desktop_db), row_versions(cloud_db));
    const TidewayResult result = doctor(config(table("client") + table("job")));
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_EQ(result.json["errors"], 0) << result.out;
    EXPECT_EQ(result.json["warnings"], 0) << result.out;
    EXPECT_EQ(found("server"), "info desktop\ninfo cloud");
    EXPECT_EQ(std::pair(row_versions(desktop_db), row_versions(cloud_db)), before);
    for (Db* db : {&desktop_db, &cloud_db})
        EXPECT_ROWS(*db, "select count(*) from pg_namespace where nspname = 'tideway'", "0");
}

TEST_F(DoctorScenario, OneSideThatIsDownDoesNotHideTheOther) {
    const TidewayResult result =
        doctor(config_of(desktop.url(), "postgresql://postgres@127.0.0.1:1/none", table("job")));
    EXPECT_EQ(result.exit_code, 1) << result.out;
    EXPECT_EQ(found("TW201"), "error cloud") << result.out;
    EXPECT_EQ(found("server"), "info desktop") << result.out;
}

TEST_F(DoctorScenario, BothUrlsOfOneDatabaseAreAnError) {
    doctor(config_of(desktop.url(), desktop.url() + "?application_name=x", table("job")));
    EXPECT_EQ(found("TW307"), "error both sides") << last.out;
}

TEST_F(DoctorScenario, AllProblemsOfAllTablesAreListedErrorsFirst) {
    cloud_db.exec("alter table job add must int not null, alter note type date using null");
    const TidewayResult result = doctor(config(table("job") + "[[table]]\nname = \"gone\"\n" +
                                               "[[table]]\nname = \"client\"\nidentity = \"full_row\"\n"));
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(found("TW301"), "error desktop.gone\nerror cloud.gone") << result.out;
    EXPECT_EQ(found("TW302"), "error cloud.job.must") << result.out;
    EXPECT_EQ(found("TW305"), "error desktop.job.note") << result.out;
    EXPECT_EQ(found("TW304"), "") << result.out;
    std::string severities;
    for (const auto& finding : result.json["findings"])
        severities += finding["severity"].get<std::string>()[0];
    EXPECT_LT(severities.find_last_of('e'), severities.find_first_of('w')) << severities;
    EXPECT_LT(severities.find_last_of('w'), severities.find_first_of('i')) << severities;
}

TEST_F(DoctorScenario, RepeatedAndEmptyKeysAreErrors) {
    desktop_db.exec(
        "create table loose (id int, note text); insert into loose values (1, 'a'), (1, 'b'), (null, 'c')");
    cloud_db.exec("create table loose (id int primary key, note text)");
    EXPECT_EQ(doctor(config("[[table]]\nname = \"loose\"\nkey = [\"id\"]\nconflict = \"cloud\"\n")).exit_code,
              1);
    EXPECT_EQ(found("TW304"), "error desktop.loose") << last.out;
    desktop_db.exec("delete from loose where id is null or note = 'b'");
    EXPECT_EQ(doctor(config("[[table]]\nname = \"loose\"\nkey = [\"id\"]\nconflict = \"cloud\"\n")).exit_code,
              0);
    desktop_db.exec(remedy("no-unique-index"));
    doctor(config("[[table]]\nname = \"loose\"\nkey = [\"id\"]\nconflict = \"cloud\"\n"));
    EXPECT_EQ(found("no-unique-index"), "") << last.out;
}

TEST_F(DoctorScenario, TriggersCascadesAndReferencesAreNamed) {
    cloud_db.exec(
        "create table note (id int primary key, job_id int references job on delete cascade);"
        "create function touch() returns trigger language plpgsql as 'begin return new; end';"
        "create trigger touch before update on job for each row execute function touch()");
    doctor(config(table("job")));
    EXPECT_EQ(found("cascade"), "warning cloud.job") << last.out;
    EXPECT_EQ(found("triggers"), "info cloud") << last.out;
    EXPECT_EQ(found("reference-outside"), "warning desktop\nwarning cloud") << last.out;
    EXPECT_EQ(found("not-mentioned"), "info both sides") << last.out;
    doctor(config(table("client") + table("job") + "side_effects = [\"note\"]\n"));
    EXPECT_EQ(found("cascade") + found("reference-outside") + found("not-mentioned"), "") << last.out;
}

TEST_F(DoctorScenario, ReadOnlyDatabasesAndDisabledCountersAreNamed) {
    cloud_db.exec(
        fmt::format("alter database {0} set default_transaction_read_only = on; alter database {0} set "
                    "track_counts = off",
                    quote_identifier(cloud.name())));
    EXPECT_EQ(doctor(config(table("client"))).exit_code, 1);
    EXPECT_EQ(found("read-only"), "error cloud") << last.out;
    EXPECT_EQ(found("track-counts"), "warning cloud") << last.out;
}

TEST_F(DoctorScenario, ADatabaseThatDoesNotKnowItsEncodingIsNamed) {
    const std::string odd = desktop.name() + "_ascii";
    desktop_db.exec(fmt::format("create database {} encoding 'SQL_ASCII' locale 'C' template template0",
                                quote_identifier(odd)));
    const std::string url = desktop.server().url(odd);
    Db(url).exec("create table client (id int primary key, name text, updated_at timestamptz)");
    doctor(config_of(url, cloud.url(), table("client")));
    EXPECT_EQ(found("encoding"), "warning desktop") << last.out;
    desktop_db.exec(fmt::format("drop database {} with (force)", quote_identifier(odd)));
}

TEST_F(DoctorScenario, APoolerIsRecognisedAndFine) {
    Pgbouncer pooler(cloud.server());
    EXPECT_EQ(doctor(config_of(desktop.url(), pooler.url(cloud.name()), table("client"))).exit_code, 0)
        << last.out << last.err;
    EXPECT_EQ(found("pooler"), "info cloud") << last.out;
}

TEST_F(DoctorScenario, AClockThatIsWrongIsMeasured) {
    PgServerOptions options;
    options.clock = "+90s";
    PgServer ahead(options);
    const Database far = fresh_database(ahead, "ahead");
    Db(far).exec("create table client (id int primary key, name text, updated_at timestamptz)");
    doctor(config_of(desktop.url(), far.url(), table("client")));
    EXPECT_EQ(found("clock-offset"), "warning both sides") << last.out;
}

TEST_F(DoctorScenario, BrokenCaptureIsNamedAfterTheFirstSync) {
    const std::string toml = config(table("client"));
    ASSERT_EQ(run_tideway(ConfigFile(toml), {"sync"}).exit_code, 0);
    doctor(toml);
    EXPECT_EQ(found("capture-broken"), "") << last.out;
    cloud_db.exec("alter table client disable trigger all");
    doctor(toml);
    EXPECT_EQ(found("capture-broken"), "warning cloud.client") << last.out;
}

TEST_F(DoctorScenario, RowsThatStrictOwnershipHoldsBackAreNamed) {
    both("alter table client add source char(1)");
    const std::string toml = config(table("client") + "origin = { column = \"source\" }\n");
    cloud_db.exec("insert into client values (1, 'phone', now(), 'M')");
    ASSERT_EQ(run_tideway(ConfigFile(toml), {"sync"}).exit_code, 0);
    doctor(toml);
    EXPECT_EQ(found("held-rows"), "") << last.out;
    desktop_db.exec("update client set name = 'office', updated_at = now()");
    EXPECT_EQ(run_tideway(ConfigFile(toml), {"sync"}).exit_code, 3);
    doctor(toml);
    EXPECT_EQ(found("held-rows"), "warning client") << last.out;
}

}  // namespace
