// The printed rights are enough, and each of them is needed: without it doctor names it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rows.hpp"
#include "support/run_tideway.hpp"

using namespace tideway::test;

namespace {

// Both sides as a hosted server is: nothing is granted to everybody.
class Grants : public testing::Test {
  protected:
    Grants() {
        for (Db* db : {&desktop_db, &cloud_db}) {
            db->exec(
                "create role office_sync login; create schema app; create table app.job (id int primary key, "
                "note text, updated_at timestamptz);"
                "revoke all on schema public from public");
            db->exec(fmt::format("revoke all on database {} from public",
                                 quote_identifier(db->scalar("select current_database()"))));
        }
        cloud_db.exec("alter table app.job add no bigserial not null");
        // To read the catalogues before anything is granted.
        connect();
    }
    ~Grants() override {
        for (Db* db : {&desktop_db, &cloud_db}) {
            db->exec(
                "drop schema if exists tideway cascade; drop owned by office_sync; drop role office_sync");
        }
    }
    void connect() {
        for (Db* db : {&desktop_db, &cloud_db})
            db->exec(fmt::format("grant connect on database {} to office_sync",
                                 quote_identifier(db->scalar("select current_database()"))));
    }
    // The two parts of what --print-grants prints, run by the administrators.
    void grant_what_is_printed() {
        const TidewayResult printed = run_tideway(config(), {"doctor", "--print-grants"});
        ASSERT_EQ(printed.exit_code, 0) << printed.err;
        const std::size_t middle = printed.out.find("-- cloud side");
        ASSERT_NE(middle, std::string::npos) << printed.out;
        desktop_db.exec(printed.out.substr(0, middle));
        cloud_db.exec(printed.out.substr(middle));
    }
    ConfigFile config(const std::string& more = "") const {
        return ConfigFile(
            fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}[[table]]\nname = "
                        "\"app.job\"\ntimestamps = {{ updated = \"updated_at\" }}\n",
                        desktop.url("office_sync"), cloud.url("office_sync"), more));
    }
    // "code where: remedy" of every error.
    std::string errors() const {
        std::string all;
        const TidewayResult result = run_tideway(config(), {"doctor", "--json"});
        if (!result.json.contains("findings")) return result.out + result.err;
        for (const auto& finding : result.json["findings"])
            if (finding["severity"] == "error")
                all += fmt::format("{}{} {}: {}", all.empty() ? "" : "\n", finding["code"].get<std::string>(),
                                   finding["where"].get<std::string>(), finding["remedy"].get<std::string>());
        return all;
    }

    const Database desktop = fresh_database(shared_desktop(), "grants"),
                   cloud = fresh_database(shared_cloud(), "grants");
    Db desktop_db{desktop}, cloud_db{cloud};
};

TEST_F(Grants, WhatIsPrintedIsEnough) {
    EXPECT_NE(errors(), "");
    grant_what_is_printed();
    EXPECT_EQ(errors(), "");
    desktop_db.exec("insert into app.job values (1, 'office', now())");
    cloud_db.exec("insert into app.job values (2, 'phone', now())");
    const TidewayResult first = run_tideway(config(), {"sync", "--json"});
    EXPECT_EQ(first.exit_code, 0) << first.out << first.err;
    EXPECT_ROWS(desktop, "select id, note from app.job order by id", "1|office\n2|phone");
    EXPECT_ROWS(cloud, "select id, note from app.job order by id", "1|office\n2|phone");
    desktop_db.exec(
        "update app.job set note = 'changed', updated_at = now() where id = 2; delete from app.job where id "
        "= 1");
    const TidewayResult second = run_tideway(config(), {"sync", "--json"});
    EXPECT_EQ(second.exit_code, 0) << second.out << second.err;
    EXPECT_ROWS(cloud, "select id, note from app.job order by id", "2|changed");
    EXPECT_ROWS(cloud, "select count(*) from pg_trigger where tgname like 'tideway%'", "4");
}

TEST_F(Grants, WhatIsPrintedIsEnoughToKeepOldRowsToUndoAndToExplain) {
    grant_what_is_printed();
    const ConfigFile keeping = config("[guard]\nbackup = 'table'\n[journal]\nkeep = '1d'\n");
    desktop_db.exec("insert into app.job values (1, 'office', now()), (2, 'office', now())");
    EXPECT_EQ(run_tideway(keeping, {"sync"}).exit_code, 0);
    cloud_db.exec("update tideway.journal set at = at - interval '2 days'");
    const std::string before = dump(cloud, "select * from app.job order by id");
    desktop_db.exec("update app.job set note = 'changed' where id = 1; delete from app.job where id = 2");
    const TidewayResult changed = run_tideway(keeping, {"sync", "--json"});
    EXPECT_EQ(changed.exit_code, 0) << changed.out << changed.err;
    EXPECT_ROWS(cloud, "select count(*) from tideway.journal", "2");
    const TidewayResult undone = run_tideway(keeping, {"undo", "--run", changed.json["run"]});
    EXPECT_EQ(undone.exit_code, 0) << undone.out << undone.err;
    EXPECT_EQ(dump(cloud, "select * from app.job order by id"), before);
    const TidewayResult story = run_tideway(keeping, {"explain", "app.job", "1"});
    EXPECT_EQ(story.exit_code, 0) << story.out << story.err;
}

TEST_F(Grants, EachRightThatIsTakenAwayIsNamedWithTheSqlThatGivesItBack) {
    grant_what_is_printed();
    struct Case {
        Db& db;
        std::string revoke, error;
    };
    const std::string database = quote_identifier(cloud.name());
    const std::vector<Case> cases{
        {cloud_db, fmt::format("create on database {}", database),
         fmt::format("TW309 cloud: GRANT CREATE ON DATABASE {} TO \"office_sync\";", database)},
        {desktop_db, fmt::format("temporary on database {}", quote_identifier(desktop.name())),
         fmt::format("TW309 desktop: GRANT TEMPORARY ON DATABASE {} TO \"office_sync\";",
                     quote_identifier(desktop.name()))},
        {cloud_db, "usage on schema app",
         "TW309 cloud.app.job: GRANT USAGE ON SCHEMA \"app\" TO \"office_sync\";"},
        {desktop_db, "select on app.job",
         "TW309 desktop.app.job: GRANT SELECT ON \"app\".\"job\" TO \"office_sync\";"},
        {desktop_db, "insert on app.job",
         "TW309 desktop.app.job: GRANT INSERT ON \"app\".\"job\" TO \"office_sync\";"},
        {cloud_db, "update on app.job",
         "TW309 cloud.app.job: GRANT UPDATE ON \"app\".\"job\" TO \"office_sync\";"},
        {cloud_db, "delete on app.job",
         "TW309 cloud.app.job: GRANT DELETE ON \"app\".\"job\" TO \"office_sync\";"},
        {cloud_db, "usage on sequence app.job_no_seq",
         "TW309 cloud.app.job.no: GRANT USAGE ON SEQUENCE app.job_no_seq TO \"office_sync\";"},
    };
    for (const Case& each : cases) {
        each.db.exec(fmt::format("revoke {} from office_sync", each.revoke));
        EXPECT_EQ(errors(), each.error) << "without " << each.revoke;
        each.db.exec(each.error.substr(each.error.find("GRANT")));
        EXPECT_EQ(errors(), "") << "with it again: " << each.revoke;
    }
}

TEST_F(Grants, PoliciesThatHideRowsAreNamed) {
    grant_what_is_printed();
    cloud_db.exec("alter table app.job enable row level security");
    EXPECT_EQ(errors(),
              "TW308 cloud.app.job: ALTER ROLE \"office_sync\" BYPASSRLS; or, as its owner: GRANT "
              "\"postgres\" TO \"office_sync\";");
    grant_what_is_printed();
    EXPECT_EQ(errors(), "");
}

TEST_F(Grants, ASuperuserGetsTheSqlForARoleOfItsOwn) {
    const ConfigFile as_admin(
        fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[[table]]\nname = \"app.job\"\n",
                    desktop.url(), cloud.url()));
    const TidewayResult printed = run_tideway(as_admin, {"doctor", "--print-grants"});
    EXPECT_NE(printed.out.find("CREATE ROLE \"tideway\" LOGIN;"), std::string::npos) << printed.out;
    EXPECT_NE(
        printed.out.find("GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON \"app\".\"job\" TO \"tideway\";"),
        std::string::npos)
        << printed.out;
}

}  // namespace
