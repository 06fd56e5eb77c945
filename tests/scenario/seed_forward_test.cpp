// Forward runs: new and changed rows of the office arrive, nothing else is written, records can be read in
// SQL.
#include <gtest/gtest.h>

#include <map>

#include "seed_fixture.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Ways, SeedCases, testing::ValuesIn(ways), name_of);

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

}  // namespace
}  // namespace tideway::test
