// The three test cases of the first users' document, counts of protected rows, and runs in any order.
#include <gtest/gtest.h>

#include "seed_fixture.hpp"

namespace tideway::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Ways, SeedCases, testing::ValuesIn(ways), name_of);

TEST_P(SeedCases, TestCase1_MobileCreateThenForward) {
    make_jobs(sides, 20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99999, 1, 'Mobile Test Job', "
        "'M')");
    sync("forward");
    EXPECT_EQ(job(sides.cloud, 99999, "client_id, job_name, source"), "1|Mobile Test Job|M");
    EXPECT_EQ(sides.cloud.number("select count(*) from jobshead"), 21);
    sync_round();
    EXPECT_EQ(job(sides.desktop, 99999, "client_id, job_name, source"), "1|Mobile Test Job|M");
    expect_same();
}

TEST_P(SeedCases, TestCase2_DesktopUpdateAndMobileCreate) {
    start_with(120);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (200, 5, 'Mobile', 'M')");
    sides.desktop.exec(
        "update jobshead set status = 'At the office', updated_at = timezone('Asia/Kolkata', now()) "
        "where job_id = 100");
    sync_round();
    for (Db* side : {&sides.desktop, &sides.cloud})
        EXPECT_ROWS(
            *side,
            "select job_id, job_name, status, source from jobshead where job_id in (100, 200) order by 1",
            "100|Job 100|At the office|D\n200|Mobile|(null)|M");
    expect_same();
}

class ThreeEdits : public SeedCases {
  protected:
    // T1 is the desktop's version that both sides hold; T2 and T3 are `cloud` and `desktop` minutes ago.
    void edit(int cloud_minutes, int desktop_minutes) {
        sides.cloud.exec(
            fmt::format("update jobshead set status = 'Completed', phone_note = 'done on site', updated_at = "
                        "now() - interval '{} minutes' where job_id = 300",
                        cloud_minutes));
        sides.desktop.exec(
            fmt::format("update jobshead set status = 'On Hold', updated_at = timezone('Asia/Kolkata', now() "
                        "- interval '{} minutes') where job_id = 300",
                        desktop_minutes));
    }
    // The one record of job 300, as `conflicts show` gives it.
    nlohmann::json conflict() {
        const TidewayResult list = run_tideway(config, {"conflicts", "list", "--json"});
        std::vector<nlohmann::json> found;
        if (list.json.is_object())
            for (const auto& entry : list.json["conflicts"])
                if (entry["key"] == "300") found.push_back(entry);
        EXPECT_EQ(found.size(), 1u) << list.out << list.err;
        if (found.size() != 1) return {};
        const TidewayResult shown =
            run_tideway(config, {"conflicts", "show", found[0]["id"].dump(), "--json"});
        EXPECT_EQ(shown.exit_code, 0) << shown.out << shown.err;
        return shown.json.is_object() ? shown.json["conflict"] : nlohmann::json();
    }
};

INSTANTIATE_TEST_SUITE_P(Ways, ThreeEdits, testing::ValuesIn(ways), name_of);

TEST_P(ThreeEdits, TestCase3_TheLatestEditWinsAndTheOtherIsKeptWhole) {
    start_with(320);
    edit(20, 10);
    const nlohmann::json lost = sides.cloud.scalar("select to_jsonb(j) from jobshead j where job_id = 300");
    const nlohmann::json expected = nlohmann::json::parse(lost.get<std::string>());
    int conflicts = 0;
    for (const TidewayResult& run : sync_round())
        conflicts += table_of(run.json, "jobshead")["conflicts"].get<int>();
    EXPECT_EQ(conflicts, 1);
    EXPECT_EQ(job(sides.cloud, 300, "status"), "On Hold");
    EXPECT_EQ(job(sides.desktop, 300, "status"), "On Hold");
    const nlohmann::json record = conflict();
    ASSERT_TRUE(record.is_object());
    EXPECT_EQ(record["table"], "jobshead");
    EXPECT_EQ(record["winner"], "desktop");
    for (const char* column : {"status", "phone_note", "job_name"})
        EXPECT_EQ(record["cloud"][column], expected[column]) << record;
    EXPECT_EQ(record["cloud"].size(), expected.size()) << "not the full row: " << record;
    EXPECT_EQ(job(sides.cloud, 300, "phone_note"), "done on site")
        << "a column that the desktop does not have was lost";
    expect_same();
}

TEST_P(ThreeEdits, ALaterMobileEditWinsAndTheDesktopsIsKeptWhole) {
    start_with(320);
    edit(10, 20);
    sync_round();
    EXPECT_EQ(job(sides.cloud, 300, "status"), "Completed");
    EXPECT_EQ(job(sides.desktop, 300, "status"), "Completed");
    const nlohmann::json record = conflict();
    ASSERT_TRUE(record.is_object());
    EXPECT_EQ(record["winner"], "cloud");
    EXPECT_EQ(record["desktop"]["status"], "On Hold");
    EXPECT_EQ(record["desktop"].size(), 7u) << "not the full row: " << record;
    expect_same();
}

// As the first users' document writes the case: nothing was ever synced before.
TEST_P(ThreeEdits, TestCase3_WithoutAnyRunBefore) {
    make_jobs(sides, 310);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, status, source, updated_at) values (300, 6, 'Job "
        "300', 'Completed', 'D', now() - interval '20 minutes')");
    sides.desktop.exec(
        "update jobshead set status = 'On Hold', updated_at = timezone('Asia/Kolkata', now() - interval '10 "
        "minutes') where job_id = 300");
    sync_round();
    EXPECT_EQ(job(sides.cloud, 300, "status"), "On Hold");
    EXPECT_EQ(job(sides.desktop, 300, "status"), "On Hold");
    const nlohmann::json record = conflict();
    ASSERT_TRUE(record.is_object());
    EXPECT_EQ(record["cloud"]["status"], "Completed");
    expect_same();
}

TEST_P(SeedCases, MobileUsersOwnDeletesAreTheOnlyReasonForFewerProtectedRows) {
    start_with(20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) select 400 + i, 1, 'Mobile ' || i, 'M' "
        "from generate_series(1, 5) i");
    sync_round();
    sides.cloud.exec("delete from jobshead where job_id = 403");
    int deleted = 0;
    for (const TidewayResult& run : sync_round())
        deleted += table_of(run.json, "jobshead")["to_desktop"]["deleted"].get<int>();
    EXPECT_EQ(deleted, 1) << "the user's own delete is not shown";
    EXPECT_EQ(mobile_rows(), 4);
    EXPECT_EQ(job(sides.desktop, 403, "1"), "");
    expect_same();
}

TEST_P(SeedCases, AlternatingDirectionsTenTimesGivesNoDuplicatesAndNoEcho) {
    start_with(30);
    const std::vector<std::string> order{GetParam().first, "forward", "forward", "reverse", "both",
                                         "reverse",        "reverse", "forward", "both",    "reverse"};
    for (std::size_t round = 0; round < order.size(); ++round) {
        if (round % 2 == 0) {
            sides.cloud.exec(fmt::format(
                "insert into jobshead (job_id, client_id, job_name, source) values ({}, 1, 'Mobile', 'M'); "
                "update jobshead set status = 'M{}' where job_id = {}",
                1000 + round, round, 10 + round));
            sides.desktop.exec(
                fmt::format("insert into jobshead (job_id, client_id, job_name) values ({}, 1, 'Office'); "
                            "update jobshead set status = 'D{}' where job_id = {}",
                            2000 + round, round, 20 + round));
        }
        sync(order[round]);
        EXPECT_EQ(sides.desktop.number("select count(*) - count(distinct job_id) from jobshead"), 0)
            << "round " << round;
    }
    sync_round();
    EXPECT_EQ(sides.desktop.number("select count(*) from jobshead"), 40);
    EXPECT_EQ(sides.cloud.number("select count(*) from jobshead where job_id >= 1000"), 10);
    EXPECT_EQ(sides.desktop.number("select count(*) from jobshead where status ~ '^[MD][0-9]$'"), 10);
    expect_same();
}

// The app's and the office's own triggers stamp every write, ours too.
TEST_P(SeedCases, TriggersThatStampEveryWriteCauseNoEcho) {
    make_jobs(sides, 30);
    sides.desktop.exec(
        "create function touch() returns trigger language plpgsql as $$ begin new.updated_at := "
        "timezone('Asia/Kolkata', clock_timestamp()); return new; end $$; "
        "create trigger touch before insert or update on jobshead for each row execute function touch()");
    sides.cloud.exec(
        "create function touch() returns trigger language plpgsql as $$ begin new.updated_at := "
        "clock_timestamp(); return new; end $$; "
        "create trigger touch before insert or update on jobshead for each row execute function touch()");
    sync_round();
    sides.desktop.exec("update jobshead set status = 'At the office' where job_id = 1");
    sides.cloud.exec("update jobshead set status = 'On site' where job_id = 2");
    sync_round();
    EXPECT_ROWS(sides.desktop, "select job_id, status from jobshead where job_id < 3 order by 1",
                "1|At the office\n2|On site");
    EXPECT_ROWS(sides.cloud, "select job_id, status from jobshead where job_id < 3 order by 1",
                "1|At the office\n2|On site");
    const Versions before = versions_of(sides);
    for (const char* direction : {"forward", "reverse", "both", "forward"}) sync(direction);
    EXPECT_EQ(versions_of(sides), before) << "an echo: a run on a quiet pair wrote rows";
}

}  // namespace
}  // namespace tideway::test
