// Hazards of the first users' two sync engines: echoes (H26) and the rows that they lost (H27).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// ---- H26: echoes --------------------------------------------------------------------------------------

void moddatetime_pair(LivePair& pair, const std::string& capture, bool declared) {
    pair.both(
        "create extension moddatetime; "
        "create table job (id int primary key, status text, updated_at timestamptz not null default now()); "
        "create trigger touch before update on job for each row execute function moddatetime(updated_at)");
    pair.desktop.exec("insert into job select i, 'Open' from generate_series(1, 20) i");
    pair.configure(fmt::format("[sync]\ncapture = '{}'\n[[table]]\nname = 'job'\n{}", capture,
                               declared ? "timestamps = { updated = 'updated_at' }\n" : ""));
    ASSERT_EXIT_CODE(0, pair.sync());
}

using Directions = std::vector<const char*>;

void expect_one_write_in_ten_cycles(LivePair& pair, const std::string& edit, Db& edited, Db& other) {
    const std::string name = &edited == &pair.desktop ? "desktop" : "cloud";
    SCOPED_TRACE("edited on the " + name);
    edited.exec(edit);
    const std::string settled = row_versions(edited);
    const long long written = write_counters(other);
    long long reports = 0;
    for (int cycle = 0; cycle < 10; ++cycle)
        for (const char* direction : cycle % 2 == 0 ? Directions{"forward", "reverse"} : Directions{"both"}) {
            const TidewayResult result = pair.sync({"--direction", direction});
            EXPECT_EXIT_CODE(0, result);
            reports += writes_reported(result);
        }
    EXPECT_EQ(reports, 1);
    EXPECT_EQ(write_counters(other) - written, 1) << writes_by_table(other);
    EXPECT_EQ(row_versions(edited), settled) << "the side that was edited was written to";
}

TEST(Hazard, H26_ModdatetimeOnBothSidesCausesOneWriteInTenCycles) {
    for (const auto& [capture, declared] : {std::pair("auto", true),
                                            {"auto", false},
                                            {"changelog", true},
                                            {"timestamp", true},
                                            {"digest", false}}) {
        SCOPED_TRACE(
            fmt::format("capture {}, updated_at {}", capture, declared ? "declared" : "not declared"));
        LivePair pair("h26");
        moddatetime_pair(pair, capture, declared);
        if (testing::Test::HasFatalFailure()) return;
        expect_one_write_in_ten_cycles(pair, "update job set status = 'Done' where id = 3", pair.desktop,
                                       pair.cloud);
        expect_one_write_in_ten_cycles(pair, "update job set status = 'Paid' where id = 4", pair.cloud,
                                       pair.desktop);
        pair.expect_equal("select id, status from job order by id");
        EXPECT_ROWS(pair.cloud, "select id, status from job where status <> 'Open' order by id",
                    "3|Done\n4|Paid");
        expect_quiet(pair);
    }
}

// ---- H27: what the first users lost
// ------------------------------------------------------------------------

struct Order {
    const char* mode;
    Directions directions;
};

// photo_url is a column that only the mobile app knows.
void seed_tables(LivePair& pair) {
    const char* columns =
        "job_id int primary key, job_name text, status text, source text, updated_at timestamptz";
    pair.desktop.exec(fmt::format("create table jobshead ({})", columns));
    pair.cloud.exec(fmt::format("create table jobshead ({}, photo_url text)", columns));
    pair.configure(
        "[[table]]\nname = 'jobshead'\norigin = { column = 'source', desktop = 'D', cloud = 'M' }\n"
        "timestamps = { updated = 'updated_at' }\n");
}

void cycle(LivePair& pair, const Order& order, int exit_code = 0) {
    for (const char* direction : order.directions)
        EXPECT_EXIT_CODE(exit_code, pair.sync({"--mode", order.mode, "--direction", direction}));
}
void jobs(LivePair& pair) {
    seed_tables(pair);
    pair.desktop.exec(
        "insert into jobshead select i, 'Job ' || i, 'Open', 'D', now() - interval '1 day' "
        "from generate_series(1, 400) i");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("update jobshead set photo_url = 'https://photo/' || job_id where job_id % 2 = 0");
    EXPECT_EXIT_CODE(0, pair.sync());
}
void expect_photos(LivePair& pair) {
    EXPECT_ROWS(pair.cloud,
                "select count(*), count(*) filter (where photo_url = 'https://photo/' || job_id) "
                "from jobshead where job_id % 2 = 0 and job_id <= 400",
                "200|200");
}
std::vector<Order> orders() {
    std::vector<Order> all;
    for (const char* mode : {"incremental", "full"})
        for (const auto& directions : {Directions{"forward", "reverse"},
                                       {"reverse", "forward"},
                                       {"forward", "forward", "reverse"},
                                       {"both"}})
            all.push_back({mode, directions});
    return all;
}

const char* const shared_columns = "select job_id, job_name, status, source from jobshead order by job_id";

// Scenarios 1 to 3 and test cases 1 and 2 of the report of the data loss, in one story.
TEST(Hazard, H27_WhatMobileWroteSurvivesEveryModeAndOrder) {
    for (const Order& order : orders()) {
        SCOPED_TRACE(fmt::format("{} {}", order.mode, fmt::join(order.directions, " then ")));
        LivePair pair("h27");
        jobs(pair);
        pair.cloud.exec(
            "insert into jobshead values (99999, 'Mobile Test Job', 'New', 'M', now(), 'https://m')");
        pair.cloud.exec("update jobshead set status = 'Completed', updated_at = now() where job_id = 100");
        pair.cloud.exec("update jobshead set photo_url = 'https://photo/100' where job_id = 100");
        pair.desktop.exec("update jobshead set status = 'Billed', updated_at = now() where job_id = 102");
        pair.desktop.exec("insert into jobshead values (500, 'Job 500', 'Open', 'D', now())");
        cycle(pair, order);
        EXPECT_ROWS(
            pair.cloud,
            "select job_id, status, source, photo_url from jobshead where job_id in (100, 102, 500, 99999) "
            "order by 1",
            "100|Completed|D|https://photo/100\n102|Billed|D|https://photo/"
            "102\n500|Open|D|(null)\n99999|New|M|https://m");
        EXPECT_ROWS(
            pair.desktop,
            "select job_id, status, source from jobshead where job_id in (100, 102, 500, 99999) order by 1",
            "100|Completed|D\n102|Billed|D\n500|Open|D\n99999|New|M");
        expect_photos(pair);
        pair.expect_equal(shared_columns);
        expect_quiet(pair);
    }
}

// A forward run alone touches nothing that mobile wrote, and says that the other direction waits.
TEST(Hazard, H27_ForwardAloneLeavesMobileWorkWhereItIs) {
    for (const char* mode : {"incremental", "full"}) {
        SCOPED_TRACE(mode);
        LivePair pair("h27f");
        jobs(pair);
        pair.cloud.exec(
            "insert into jobshead values (200, 'x', 'x', 'M', now()) on conflict (job_id) do update set "
            "status = 'Completed', updated_at = now()");
        pair.cloud.exec("insert into jobshead values (99999, 'Mobile', 'New', 'M', now(), null)");
        const std::string before = row_versions(pair.cloud);
        for (int i = 0; i < 3; ++i) {
            const TidewayResult result = pair.sync({"--mode", mode, "--direction", "forward"});
            EXPECT_EXIT_CODE(0, result);
            EXPECT_EQ(reported(result, "pending"), 2) << result.out;
        }
        EXPECT_EQ(row_versions(pair.cloud), before);
        EXPECT_EXIT_CODE(0, pair.sync({"--mode", mode, "--direction", "reverse"}));
        EXPECT_ROWS(pair.desktop,
                    "select job_id, status from jobshead where job_id in (200, 99999) order by 1",
                    "200|Completed\n99999|New");
        pair.expect_equal(shared_columns);
        expect_quiet(pair);
    }
}

// Test case 3: T1 desktop, T2 mobile, T3 desktop; the latest wins, the mobile version is kept.
TEST(Hazard, H27_TheLaterEditWinsAndTheOtherIsKept) {
    for (const Order& order : orders()) {
        SCOPED_TRACE(fmt::format("{} {}", order.mode, fmt::join(order.directions, " then ")));
        LivePair pair("h27c");
        jobs(pair);
        pair.cloud.exec(
            "update jobshead set status = 'Completed-T2', updated_at = now() - interval '2 minutes' where "
            "job_id = 300");
        pair.desktop.exec(
            "update jobshead set status = 'On Hold-T3', updated_at = now() - interval '1 minute' where "
            "job_id = 300");
        cycle(pair, order);
        EXPECT_ROWS(pair.cloud, "select status, source from jobshead where job_id = 300", "On Hold-T3|D");
        EXPECT_GT(kept_in(pair.cloud, "Completed-T2"), 0) << "the mobile version was not kept";
        expect_photos(pair);
        pair.expect_equal(shared_columns);
        expect_quiet(pair);
    }
}

// The second accident: an incremental run with 100 changed rows left only these.
TEST(Hazard, H27_AnIncrementalRunKeepsTheUnchangedRows) {
    LivePair pair("h27b");
    seed_tables(pair);
    pair.desktop.exec(
        "insert into jobshead select i, 'Job ' || i, 'Open', 'D', now() - interval '1 day' from "
        "generate_series(1, 24562) i");
    EXPECT_EXIT_CODE(0, pair.sync({"--mode", "full"}));
    pair.desktop.exec(
        "update jobshead set status = 'Billed', updated_at = now() where job_id % 245 = 0 and job_id <= "
        "24500");
    const TidewayResult result = pair.sync({"--mode", "incremental"});
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(writes_reported(result), 100);
    EXPECT_ROWS(pair.cloud, "select count(*), count(*) filter (where status = 'Billed') from jobshead",
                "24562|100");
    pair.expect_equal(shared_columns);
    expect_quiet(pair);
}

// The same with rows that say who made them: the mobile row stays byte for byte, the desktop's is held (R4).
TEST(Hazard, H29_AMobileInsertUnderTheSameKeyIsProtected) {
    LivePair pair("h29m");
    jobs(pair);
    pair.desktop.exec(
        "insert into jobshead values (700, 'desktop made', 'Open', 'D', now()), (701, 'undisputed', 'Open', "
        "'D', now())");
    PauseAt pause("M5a.before");
    const auto process = pair.start(pause.env());
    pause.wait_until_reached();
    pair.cloud.exec("insert into jobshead values (700, 'mobile made', 'New', 'M', now(), 'https://m')");
    const std::string mobile = dump(pair.cloud, "select ctid, xmin, * from jobshead where job_id = 700");
    pause.release();
    const TidewayResult result = finish(*process);
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "held") + reported(result, "open_conflicts"), 1) << result.out;
    EXPECT_ROWS(pair.cloud, "select ctid, xmin, * from jobshead where job_id = 700", mobile);
    EXPECT_ROWS(pair.desktop, "select job_name from jobshead where job_id = 700", "desktop made");
    EXPECT_ROWS(pair.cloud, "select job_name from jobshead where job_id = 701", "undisputed");
    expect_quiet(pair, 3);
}

}  // namespace
}  // namespace tideway::test
