// Changes that the first users' marks and clocks passed over, and runs without a change that wrote (entries
// 47 to 54): it does not happen.
#include "scenario/first_users.hpp"

namespace tideway::test {
namespace {

class FirstUsers : public OfficeAndPhones {};

// The first users' way of finding changes; the hazards of time are tested with every way (docs/hazards.md).
constexpr const char* by_stamps = "[sync]\ncapture = 'timestamp'\n";

TEST_F(FirstUsers, entry_47_rows_written_while_a_run_is_at_work_are_sent_by_the_next) {
    use({climaster}, by_stamps);
    pair.desktop.exec(ten_clients);
    sync();
    pair.desktop.exec("insert into climaster (client_id) values (100)");
    const TidewayResult result = pair.sync_while("M3.before", [this] {
        pair.desktop.exec("insert into climaster (client_id) values (101)");
        pair.cloud.exec("insert into climaster (client_id, source) values (102, 'M')");
    });
    EXPECT_EQ(result.exit_code, 0) << told(result);
    sync();
    EXPECT_EQ(in_cloud("climaster where client_id = 101"), 1);
    EXPECT_EQ(at_office("climaster where client_id = 102"), 1);
    expect_settled();
}

TEST_F(FirstUsers, entry_48_a_row_stamped_before_and_committed_after_a_run_is_sent) {
    use({climaster}, by_stamps);
    pair.desktop.exec(ten_clients);
    sync();
    Db slow(pair.cloud_database);
    slow.exec("begin; insert into climaster (client_id, source) values (100, 'M')");
    pair.cloud.exec("insert into climaster (client_id, source) values (101, 'M')");
    sync();
    EXPECT_EQ(at_office("climaster where client_id = 101"), 1);
    slow.exec("commit");
    sync();
    Db slow_office(pair.desktop_database);
    slow_office.exec("begin; insert into climaster (client_id, clientname) values (102, 'SLOW COMMIT')");
    pair.desktop.exec("insert into climaster (client_id) values (103)");
    sync();
    EXPECT_EQ(in_cloud("climaster where client_id = 103"), 1);
    slow_office.exec("commit");
    sync();
    EXPECT_EQ(in_cloud("climaster where client_id > 99"), 4);
    EXPECT_EQ(at_office("climaster where client_id > 99"), 4);
    expect_settled();
}

TEST_F(FirstUsers, entry_49_the_zone_of_the_program_decides_nothing) {
    use({climaster}, by_stamps);
    pair.desktop.exec(ten_clients);
    int edit = 0;
    for (const char* zone : {"Asia/Kolkata", "America/New_York", "UTC"}) {
        sync(0, {}, {{"TZ", zone}});
        pair.desktop.exec(
            fmt::format("update climaster set clientname = 'Edit {}' where client_id = 1", ++edit));
        pair.cloud.exec(fmt::format("update climaster set clientphone = '{}' where client_id = 2", edit));
        sync(0, {}, {{"TZ", zone}});
        EXPECT_EQ(in_cloud(fmt::format("climaster where clientname = 'Edit {}'", edit)), 1) << zone;
        EXPECT_EQ(at_office(fmt::format("climaster where clientphone = '{}'", edit)), 1) << zone;
    }
}

TEST_F(FirstUsers, entry_50_a_phone_with_a_fast_clock_holds_nothing_up) {
    use({workdiary}, by_stamps);
    sync();
    pair.cloud.exec(
        "insert into workdiary (staff_id, date, updated_at, source) values (7, '2025-12-27', "
        "'2030-01-01', "
        "'M'), (7, '2025-12-28', now() + interval '5.5 hours', 'M')");
    sync();
    pair.cloud.exec("insert into workdiary (staff_id, date, source) values (8, '2025-12-29', 'M')");
    pair.cloud.exec("update workdiary set doc_ref = 'doc.pdf' where date = '2025-12-28'");
    sync();
    EXPECT_EQ(at_office("workdiary"), 3);
    EXPECT_EQ(at_office("workdiary where doc_ref = 'doc.pdf'"), 1);
    expect_settled();
}

TEST_F(FirstUsers, entry_51_a_row_that_failed_once_is_tried_again_although_newer_ones_have_passed) {
    use({workdiary}, by_stamps);
    pair.desktop.exec("alter table workdiary add constraint day check (minutes < 1440)");
    sync();
    pair.cloud.exec(
        "insert into workdiary (wd_id, staff_id, minutes, source) values (1, 7, 2000, 'M'), (2, 7, 30, "
        "'M')");
    sync(3);
    pair.cloud.exec("insert into workdiary (wd_id, staff_id, minutes, source) values (3, 7, 30, 'M')");
    sync(3);
    pair.desktop.exec("alter table workdiary drop constraint day");
    sync();
    EXPECT_ROWS(pair.desktop, "select wd_id from workdiary order by 1", "1\n2\n3");
    expect_settled();
}

TEST_F(FirstUsers, entry_52_rows_without_time_stamps_are_sent) {
    use({climaster}, by_stamps);
    for (Db* side : {&pair.desktop, &pair.cloud}) side->exec("drop trigger touch on climaster");
    pair.desktop.exec(ten_clients);
    sync();
    pair.desktop.exec("insert into climaster (client_id, created_at, updated_at) values (100, null, null)");
    pair.cloud.exec(
        "insert into climaster (client_id, created_at, updated_at, source) values (101, null, null, "
        "'M')");
    sync();
    EXPECT_EQ(in_cloud("climaster where client_id = 100"), 1);
    EXPECT_EQ(at_office("climaster where client_id = 101"), 1);
    pair.desktop.exec("update climaster set clientname = 'Still without' where client_id = 100");
    sync();
    EXPECT_EQ(in_cloud("climaster where clientname = 'Still without'"), 1);
    expect_settled();
}

// ---- quiet runs ------------------------------------------------------------------------------------------

struct Written {
    long long desktop, cloud;
    bool operator==(const Written&) const = default;
};
Written written(LivePair& pair) { return {write_counters(pair.desktop), write_counters(pair.cloud)}; }

// Everything that was ever written in this database, tideway's own tables included.
long long all_writes(Db& db) {
    (void)write_counters(db);  // all sessions have reported
    return db.number("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables");
}

TEST_F(FirstUsers, entry_53_a_quiet_run_after_a_large_one_writes_nothing) {
    use({workdiary});
    pair.cloud.exec(
        "insert into workdiary (staff_id, job_id, date, created_at, updated_at, source) select 7, i, "
        "'2025-12-27', now() + interval '0.1234 ms', now() + interval '0.1234 ms', 'M' from "
        "generate_series(1, 3000) i");
    sync();
    EXPECT_EQ(at_office("workdiary"), 3000);
    sync();
    const Written before = written(pair);
    for (int run = 0; run < 3; ++run) {
        const TidewayResult quiet = sync();
        EXPECT_EQ(quiet.json["idle"], true) << told(quiet);
        EXPECT_EQ(writes_reported(quiet), 0);
    }
    EXPECT_EQ(written(pair), before);
}

TEST_F(FirstUsers, entry_54_an_incremental_run_costs_what_has_changed) {
    use({climaster, mbstaff, jobshead, jobtasks, taskchecklist, workdiary, reminder, remdetail, learequest});
    for (const char* rows : {ten_clients, ten_jobs, ten_tasks, ten_checks}) pair.desktop.exec(rows);
    sync();
    sync();
    Written before = written(pair);
    const long long state_desktop = all_writes(pair.desktop), state_cloud = all_writes(pair.cloud);
    const long long size = pair.cloud.number("select pg_total_relation_size('jobshead')");
    constexpr int runs = 4;
    for (int run = 0; run < runs; ++run) sync();
    EXPECT_EQ(written(pair), before);
    EXPECT_LE(all_writes(pair.desktop), state_desktop + runs) << "more than the note that a run was there";
    EXPECT_LE(all_writes(pair.cloud), state_cloud + runs) << "more than the note that a run was there";
    EXPECT_EQ(pair.cloud.number("select pg_total_relation_size('jobshead')"), size);
    pair.desktop.exec("update climaster set clientname = 'Changed' where client_id = 3");
    before = written(pair);
    sync();
    EXPECT_EQ(written(pair), (Written{before.desktop, before.cloud + 1}));
}

}  // namespace
}  // namespace tideway::test
