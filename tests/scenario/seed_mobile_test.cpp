// What the phones wrote survives: the three ways in which the first users' engine lost it, and their
// neighbours.
#include <gtest/gtest.h>

#include "seed_fixture.hpp"

namespace tideway::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Ways, SeedCases, testing::ValuesIn(ways), name_of);

TEST_P(SeedCases, Scenario1_AMobileCreatedJobSurvivesEveryForwardRun) {
    start_with(20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99999, 1, 'Mobile Test Job', "
        "'M')");
    const std::string mine = "select ctid, xmin, * from jobshead where job_id = 99999";
    const std::string before = dump(sides.cloud, mine);
    for (int round = 0; round < 3; ++round) {
        sync("forward");
        EXPECT_EQ(dump(sides.cloud, mine), before) << "forward run " << round + 1;
        EXPECT_EQ(job(sides.desktop, 99999, "1"), "") << "forward wrote to the desktop";
        sides.desktop.exec(fmt::format("update jobshead set job_name = 'Round {}' where job_id = 1", round));
    }
    sync_round();
    EXPECT_EQ(dump(sides.cloud, mine), before);
    EXPECT_EQ(job(sides.desktop, 99999, "client_id, job_name, status, source"), "1|Mobile Test Job|(null)|M");
    expect_same();
}

TEST_P(SeedCases, Scenario2_AMobileEditOfADesktopJobSurvivesAndReachesTheDesktop) {
    start_with(120);
    sides.cloud.exec("update jobshead set status = 'Completed', updated_at = now() where job_id = 100");
    const std::string mine = "select ctid, xmin, * from jobshead where job_id = 100";
    const std::string before = dump(sides.cloud, mine);
    sync_round();
    EXPECT_EQ(dump(sides.cloud, mine), before);
    EXPECT_EQ(job(sides.desktop, 100, "status, source"), "Completed|D");
    expect_same();
}

TEST_P(SeedCases, Scenario2_TheMobileAppMayMarkItsEditAsItsOwn) {
    start_with(60);
    sides.cloud.exec(
        "update jobshead set status = 'Completed', source = 'M', updated_at = now() where job_id = 50");
    sync_round();
    EXPECT_EQ(job(sides.cloud, 50, "status"), "Completed");
    EXPECT_EQ(job(sides.desktop, 50, "status"), "Completed");
    sides.desktop.exec(
        "update jobshead set status = 'Billed', updated_at = timezone('Asia/Kolkata', now()) where job_id = "
        "50");
    sync_round();
    EXPECT_EQ(job(sides.cloud, 50, "status"), "Billed") << "a later edit of the office no longer arrives";
    EXPECT_EQ(sides.desktop.number("select count(*) from jobshead"), 60);
    EXPECT_EQ(sides.cloud.number("select count(*) from jobshead"), 60);
}

TEST_P(SeedCases, Scenario3_AMobileJobWaitsUnharmedForTheReverseRun) {
    start_with(20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (200, 2, 'From the phone', 'M')");
    sides.desktop.exec("update jobshead set status = 'Busy' where job_id = 3");
    const nlohmann::json forward = table_of(sync("forward").json, "jobshead");
    EXPECT_EQ(forward["to_desktop"], writes(0, 0, 0));
    EXPECT_EQ(forward["pending"], 1) << "the row that waits for the reverse run is not counted";
    EXPECT_EQ(job(sides.cloud, 200, "job_name, source"), "From the phone|M");
    sync_round();
    EXPECT_EQ(job(sides.cloud, 200, "job_name, source"), "From the phone|M");
    EXPECT_EQ(job(sides.desktop, 200, "job_name, source"), "From the phone|M");
    expect_same();
}

TEST_P(SeedCases, ARowThatTheAppForgotToMarkSurvivesToo) {
    start_with(20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (201, 2, 'No mark', null), (202, "
        "2, 'Default mark', 'D')");
    sync("forward");
    EXPECT_EQ(sides.cloud.number("select count(*) from jobshead where job_id in (201, 202)"), 2);
    sync_round();
    EXPECT_ROWS(sides.desktop, "select job_id, job_name from jobshead where job_id > 200 order by 1",
                "201|No mark\n202|Default mark");
    EXPECT_EQ(sides.cloud.number("select count(*) from jobshead where job_id in (201, 202)"), 2);
}

TEST_P(SeedCases, MobileEditsOfAMobileJobReachTheDesktopAgainAndAgain) {
    start_with(20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (300, 2, 'One', 'M')");
    sync_round();
    for (const char* name : {"Two", "Three"}) {
        sides.cloud.exec(
            fmt::format("update jobshead set job_name = '{}', updated_at = now() where job_id = 300", name));
        sync_round();
        EXPECT_EQ(job(sides.desktop, 300, "job_name, source"), fmt::format("{}|M", name));
    }
    expect_same();
}

TEST_P(SeedCases, AColumnThatOnlyTheCloudHasKeepsWhatMobileWrote) {
    start_with(20);
    sides.cloud.exec("update jobshead set phone_note = 'call back' where job_id = 4");
    sides.desktop.exec("update jobshead set status = 'Waiting' where job_id = 4");
    sync_round();
    EXPECT_EQ(job(sides.cloud, 4, "status, phone_note"), "Waiting|call back");
    sides.cloud.exec("update jobshead set phone_note = 'called', job_name = 'Renamed' where job_id = 4");
    sync_round();
    EXPECT_EQ(job(sides.cloud, 4, "job_name, status, phone_note"), "Renamed|Waiting|called");
    EXPECT_EQ(job(sides.desktop, 4, "job_name, status"), "Renamed|Waiting");
    expect_same();
}

TEST_P(SeedCases, ForwardNeverWritesAMobileRowThatTheDesktopEditedOrDeleted) {
    start_with(20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (301, 1, 'Mine', 'M'), (302, 1, "
        "'Mine too', 'M')");
    sync_round();
    const std::string mine = "select ctid, xmin, * from jobshead where job_id in (301, 302) order by job_id";
    const std::string before = dump(sides.cloud, mine);
    sides.desktop.exec(
        "update jobshead set job_name = 'Ours' where job_id = 301; delete from jobshead where job_id = 302");
    const long long protected_before = mobile_rows();
    for (const std::string& direction : directions(GetParam())) {
        const TidewayResult run =
            run_tideway(config, {"sync", "--json", "--mode", GetParam().mode, "--direction", direction});
        EXPECT_EQ(run.exit_code, 3) << run.out << run.err;
        const nlohmann::json table = table_of(run.json, "jobshead");
        EXPECT_EQ(table["held"], 2) << run.out;
        expect_protected(table, protected_before);
    }
    EXPECT_EQ(dump(sides.cloud, mine), before);
    EXPECT_EQ(job(sides.desktop, 301, "job_name"), "Ours")
        << "nobody asked for the desktop's edit to be undone";
    EXPECT_EQ(job(sides.desktop, 302, "1"), "") << "nobody asked for the deleted row to come back";
}

}  // namespace
}  // namespace tideway::test
