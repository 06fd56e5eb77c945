// What the first users asked for: their three test cases, their three ways of losing data, and the accidents
// of their repairs. Each holds in both modes, whichever direction runs first.
#include <gtest/gtest.h>

#include <map>

#include "support/tcp_proxy.hpp"
#include "two_sides.hpp"

namespace tideway::test {
namespace {

struct Way {
    const char* mode;
    const char* first;  // the direction that runs first after users were at work
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.mode << ", first " << way.first; }

constexpr Way ways[] = {{"incremental", "forward"}, {"incremental", "reverse"}, {"incremental", "both"},
                        {"full", "forward"},        {"full", "reverse"},        {"full", "both"}};

std::string name_of(const testing::TestParamInfo<Way>& way) {
    return fmt::format("{}_{}_first", way.param.mode, way.param.first);
}

std::vector<std::string> directions(const Way& way) {
    const std::string first = way.first;
    if (first == "forward") return {"forward", "reverse"};
    if (first == "reverse") return {"reverse", "forward"};
    return {"both"};
}

class SeedCases : public testing::TestWithParam<Way> {
  protected:
    TidewayResult sync(const std::string& direction) {
        const long long before = mobile_rows();
        TidewayResult result =
            run_tideway(config, {"sync", "--json", "--mode", GetParam().mode, "--direction", direction});
        EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
        EXPECT_EQ(result.json["status"], "ok") << result.out;
        const nlohmann::json table = table_of(result.json, "jobshead");
        if (!table.is_null()) expect_protected(table, before);
        return result;
    }
    // Counts of protected rows are true, and never fall but for deletes that users made.
    void expect_protected(const nlohmann::json& table, long long before) {
        EXPECT_EQ(table["protected"]["before"], before) << table;
        EXPECT_EQ(table["protected"]["after"], mobile_rows()) << table;
        EXPECT_GE(mobile_rows() + table["to_cloud"]["deleted"].get<long long>(), before) << table;
    }
    long long mobile_rows() { return sides.cloud.number("select count(*) from jobshead where source = 'M'"); }

    // One round of runs, in the order under test.
    std::vector<TidewayResult> sync_round() {
        std::vector<TidewayResult> results;
        for (const std::string& direction : directions(GetParam())) results.push_back(sync(direction));
        return results;
    }
    void start_with(int rows) {
        make_jobs(sides, rows);
        sync("both");
        ASSERT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
    }
    void expect_same() {
        EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
        const Versions before = versions_of(sides);
        for (const char* direction : {"forward", "reverse", "both"}) sync(direction);
        EXPECT_EQ(versions_of(sides), before) << "an echo: a run on a quiet pair wrote rows";
    }
    std::string job(Db& db, int id, const std::string& columns) {
        return dump(db, fmt::format("select {} from jobshead where job_id = {}", columns, id));
    }

    TwoSides sides{"seed"};
    ConfigFile config{sides.sides_toml() + jobs_toml};
};

INSTANTIATE_TEST_SUITE_P(Ways, SeedCases, testing::ValuesIn(ways), name_of);

// ---- section 9, item 1 ----------------------------------------------------------------------------------

TEST_P(SeedCases, TheFirstRunsBringAllDesktopRowsToTheCloud) {
    make_jobs(sides, 60);
    nlohmann::json inserted = 0;
    for (const TidewayResult& run : sync_round()) {
        const nlohmann::json table = table_of(run.json, "jobshead");
        if (table["to_cloud"]["inserted"] != 0) inserted = table["to_cloud"]["inserted"];
        EXPECT_EQ(table["to_desktop"], writes(0, 0, 0));
    }
    EXPECT_EQ(inserted, 60);
    EXPECT_EQ(sides.cloud.number("select count(*) from jobshead where source = 'D'"), 60);
    expect_same();
}

TEST_P(SeedCases, NewDesktopRowsAreInserted) {
    start_with(40);
    sides.desktop.exec(
        "insert into jobshead (job_id, client_id, job_name, status) values (41, 3, 'New', 'Open'), "
        "(42, 3, 'Newer', null)");
    sync_round();
    EXPECT_EQ(job(sides.cloud, 41, "client_id, job_name, status, source"), "3|New|Open|D");
    EXPECT_EQ(job(sides.cloud, 42, "client_id, job_name, status, source"), "3|Newer|(null)|D");
    expect_same();
}

TEST_P(SeedCases, OnlyChangedRowsAreWritten) {
    start_with(60);
    const std::string others =
        "select ctid, xmin, * from jobshead where job_id not in (7, 8, 61) order by job_id";
    const std::string cloud = dump(sides.cloud, others), desktop = row_versions(sides.desktop);
    sides.desktop.exec(
        "update jobshead set status = 'On Hold', updated_at = timezone('Asia/Kolkata', now()) where job_id "
        "in (7, 8)");
    sides.desktop.exec("insert into jobshead (job_id, client_id, job_name) values (61, 1, 'One more')");
    const std::string edited = row_versions(sides.desktop);
    ASSERT_NE(edited, desktop);
    int updated = 0, inserted = 0;
    for (const TidewayResult& run : sync_round()) {
        const nlohmann::json to_cloud = table_of(run.json, "jobshead")["to_cloud"];
        updated += to_cloud["updated"].get<int>();
        inserted += to_cloud["inserted"].get<int>();
    }
    EXPECT_EQ(updated, 2);
    EXPECT_EQ(inserted, 1);
    EXPECT_ROWS(sides.cloud, "select job_id, status from jobshead where job_id in (7, 8) order by 1",
                "7|On Hold\n8|On Hold");
    EXPECT_EQ(
        sides.cloud.number("select count(distinct xmin::text) from jobshead where job_id in (7, 8, 61)"), 1)
        << "not one transaction";
    EXPECT_EQ(dump(sides.cloud, others), cloud) << "a row that nobody changed was written";
    EXPECT_EQ(row_versions(sides.desktop), edited) << "a forward change was written back";
    expect_same();
}

TEST_P(SeedCases, OnlyChangedRowsCrossTheWire) {
    TcpProxy proxy(shared_cloud().port());
    config.rewrite(TwoSides::toml_for(sides.desktop_database.url(), proxy.url(sides.cloud_database.name())) +
                   jobs_toml);
    make_jobs(sides, 2'000);
    sides.on_both("alter table jobshead add notes text");
    sides.desktop.exec("update jobshead set notes = repeat('x', 2000)");
    sync("both");
    ASSERT_GT(proxy.counters().bytes_to_server, 4'000'000);
    sides.desktop.exec("update jobshead set status = 'Changed' where job_id <= 5");
    sides.cloud.exec("update jobshead set status = 'Changed' where job_id between 11 and 15");
    proxy.reset_counters();
    sync_round();
    EXPECT_LT(proxy.counters().bytes_to_server + proxy.counters().bytes_to_client, 400'000);
    EXPECT_EQ(sides.cloud.number("select count(*) from jobshead where status = 'Changed'"), 10);
    EXPECT_EQ(sides.desktop.number("select count(*) from jobshead where status = 'Changed'"), 10);
}

TEST_P(SeedCases, AnEditThatLeavesTheTimeStampAloneTravelsToo) {
    start_with(20);
    sides.desktop.exec("update jobshead set status = 'Closed' where job_id = 5");
    sides.cloud.exec("update jobshead set status = 'Seen' where job_id = 6");
    sync_round();
    EXPECT_EQ(job(sides.cloud, 5, "status"), "Closed");
    EXPECT_EQ(job(sides.desktop, 6, "status"), "Seen");
    expect_same();
}

TEST_P(SeedCases, ADesktopDeleteTravelsAndIsCounted) {
    start_with(20);
    sides.desktop.exec("delete from jobshead where job_id = 9");
    int deleted = 0;
    for (const TidewayResult& run : sync_round())
        deleted += table_of(run.json, "jobshead")["to_cloud"]["deleted"].get<int>();
    EXPECT_EQ(deleted, 1);
    EXPECT_EQ(job(sides.cloud, 9, "job_name"), "");
    EXPECT_EQ(sides.cloud.number("select count(*) from jobshead"), 19);
    expect_same();
}

TEST_P(SeedCases, RecordsOfWhatWasSyncedCanBeReadInSqlOnBothSides) {
    make_jobs(sides, 30);
    const std::string begin = sides.cloud.scalar("select clock_timestamp()");
    sync_round();
    const std::string sql = fmt::format(
        "select table_name, direction, last_sync_timestamp between timestamptz '{}' - interval '1 second' "
        "and "
        "clock_timestamp() + interval '1 second' from tideway.sync_metadata where table_name = 'jobshead' "
        "order by 2",
        begin);
    EXPECT_ROWS(sides.desktop, sql, "jobshead|forward|t\njobshead|reverse|t");
    EXPECT_ROWS(sides.cloud, sql, "jobshead|forward|t\njobshead|reverse|t");
}

TEST_P(SeedCases, RecordsCountTheRowsOfEachDirection) {
    make_jobs(sides, 30);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (500, 1, 'Mobile', 'M')");
    std::map<std::string, std::string> seen;
    for (const std::string& direction : directions(GetParam())) {
        sync(direction);
        for (const std::string way : {"forward", "reverse"})
            if (direction == way || direction == "both") {
                const std::string sql =
                    "select records_synced from tideway.sync_metadata where table_name = 'jobshead' and "
                    "direction = '" +
                    way + "'";
                EXPECT_EQ(dump(sides.desktop, sql), way == "forward" ? "30" : "1") << way;
                EXPECT_EQ(dump(sides.cloud, sql), way == "forward" ? "30" : "1") << way;
            }
    }
}

TEST_P(SeedCases, AnIncrementalRunOfAHundredChangesKeepsAllRows) {
    start_with(24'562);
    sides.desktop.exec(
        "update jobshead set status = 'Done', updated_at = timezone('Asia/Kolkata', now()) where job_id % "
        "245 = 0 and job_id <= 24500");
    int updated = 0;
    for (const TidewayResult& run : sync_round()) {
        const nlohmann::json to_cloud = table_of(run.json, "jobshead")["to_cloud"];
        updated += to_cloud["updated"].get<int>();
        EXPECT_EQ(to_cloud["inserted"], 0);
        EXPECT_EQ(to_cloud["deleted"], 0);
    }
    EXPECT_EQ(updated, 100);
    EXPECT_ROWS(sides.cloud, "select count(*), count(*) filter (where status = 'Done') from jobshead",
                "24562|100");
    EXPECT_ROWS(sides.desktop, "select count(*), count(*) filter (where status = 'Done') from jobshead",
                "24562|100");
    expect_same();
}

// ---- item 2: the three ways of losing data --------------------------------------------------------------

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

// ---- items 1 and 6 of their document: the three test cases ----------------------------------------------

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

// ---- items 5 and 6 --------------------------------------------------------------------------------------

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
