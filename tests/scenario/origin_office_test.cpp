// How the first users lost or doubled what their office had done (entries 15 to 24): it does not happen.
#include "scenario/first_users.hpp"

namespace tideway::test {
namespace {

class FirstUsers : public OfficeAndPhones {};

TEST_F(FirstUsers, entry_15_an_incremental_run_writes_what_changed_and_removes_nothing) {
    use({jobshead});
    pair.desktop.exec(
        "insert into jobshead (job_id, sporg_id, client_id, job_status) select i, 1, 1, 'O' from "
        "generate_series(1, 2000) i");
    sync();
    pair.desktop.exec("update jobshead set job_status = 'C' where job_id % 20 = 0");
    const TidewayResult result = forward();
    EXPECT_EQ(writes_reported(result), 100);
    EXPECT_EQ(in_cloud("jobshead"), 2000);
    EXPECT_EQ(in_cloud("jobshead where job_status = 'C'"), 100);
    expect_settled();
}

TEST_F(FirstUsers, entry_16_every_row_of_a_repeated_job_arrives) {
    use({jobshead});
    pair.desktop.exec(
        "insert into jobshead (job_id, sporg_id, client_id, work_desc) select 8533, i % 20, 1, 'Audit' from "
        "generate_series(1, 24) i");  // the last four repeat even job and person
    pair.desktop.exec(ten_jobs);
    sync();
    EXPECT_EQ(in_cloud("jobshead where job_id = 8533"), 24);
    EXPECT_EQ(in_cloud("jobshead"), 34);
    pair.desktop.exec("update jobshead set work_desc = 'Audit, second year' where job_id = 8533");
    sync();
    EXPECT_EQ(in_cloud("jobshead where work_desc = 'Audit, second year'"), 24);
    expect_settled();
}

TEST_F(FirstUsers, entry_17_jobs_and_tasks_do_not_grow_with_the_number_of_runs) {
    use({jobshead, jobtasks});
    for (const char* rows : {ten_jobs, ten_jobs, ten_tasks}) pair.desktop.exec(rows);
    for (const char* mode : {"incremental", "full", "incremental"}) {
        sync(0, {"--mode", mode});
        pair.desktop.exec("update jobtasks set actual_man_min = actual_man_min + 1");
        std::vector<std::unique_ptr<Process>> overlapping;
        for (int i = 0; i < 2; ++i) overlapping.push_back(pair.start());
        for (const auto& run : overlapping) {
            const TidewayResult result = finish(*run);
            EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 6) << told(result);
        }
        EXPECT_EQ(in_cloud("jobshead"), 20);
        EXPECT_EQ(in_cloud("jobtasks"), 10);
    }
    EXPECT_EQ(at_office("jobshead"), 20);
    EXPECT_EQ(at_office("jobtasks"), 10);
}

TEST_F(FirstUsers, entry_18_reverse_runs_know_tasks_and_checks_by_more_than_the_clouds_ids) {
    use({jobtasks, taskchecklist});
    for (const char* rows : {ten_tasks, ten_checks}) pair.desktop.exec(rows);
    for (const char* direction : {"forward", "reverse", "forward", "reverse", "both", "reverse"}) {
        sync(0, {"--direction", direction});
        for (const char* table : {"jobtasks", "taskchecklist"}) {
            EXPECT_EQ(at_office(table), 10) << table;
            EXPECT_EQ(in_cloud(table), 10) << table;
        }
    }
    expect_settled();
}

TEST_F(FirstUsers, entry_19_a_diary_entry_stays_one_however_often_it_is_synchronised) {
    use({workdiary});
    sync();
    pair.cloud.exec(
        "insert into workdiary (staff_id, job_id, date, minutes, source) values (7, 1, '2025-12-27', 30, "
        "'M')");
    for (int run = 0; run < 6; ++run) {
        forward();
        reverse();
        EXPECT_EQ(at_office("workdiary"), 1);
        EXPECT_EQ(in_cloud("workdiary"), 1);
    }
    expect_settled();
}

TEST_F(FirstUsers, entry_20_a_leave_request_stops_nothing_that_follows) {
    use({workdiary, learequest});
    sync();
    for (int day = 1; day <= 3; ++day) {
        pair.cloud.exec(fmt::format(
            "insert into learequest (learequest_id, staff_id, source) values ({0}, 7, 'M'); insert into "
            "workdiary (staff_id, job_id, date, source) values (7, {0}, '2025-12-27', 'M')",
            day));
        forward();
        reverse();
        EXPECT_EQ(at_office("learequest"), day);
        EXPECT_EQ(at_office("workdiary"), day);
    }
    expect_settled();
}

TEST_F(FirstUsers, entry_21_a_wrong_key_is_found_before_the_first_row_of_its_table_exists) {
    OfficeTable wrong = cliunimaster;
    wrong.settings = "key = ['cliu_id']\n";
    use({wrong, mbstaff});
    pair.desktop.exec("insert into mbstaff (staff_id, name) values (1, 'Staff 1')");
    const TidewayResult refused = sync(2);
    EXPECT_EQ(error_code(refused), "TW302") << told(refused);
    EXPECT_NE(refused.out.find("cliu_id"), std::string::npos) << told(refused);
    EXPECT_EQ(in_cloud("mbstaff"), 0);
    pair.configure(section(cliunimaster) + section(mbstaff));
    used = {cliunimaster, mbstaff};
    sync();
    pair.desktop.exec(
        "insert into cliunimaster (cliunit_id, client_id, cliunitname) values (1, 1, 'Unit 1'); insert into "
        "mbstaff (staff_id, name) values (2, 'Staff 2')");
    sync();
    EXPECT_EQ(in_cloud("cliunimaster"), 1);
    EXPECT_EQ(in_cloud("mbstaff"), 2);
    expect_settled();
}

TEST_F(FirstUsers, entry_22_phone_edits_of_a_diary_without_ids_at_the_office_add_no_copies) {
    OfficeTable plain = workdiary;
    plain.desktop_columns = plain.desktop_columns.substr(plain.desktop_columns.find("staff_id"));
    plain.compared = plain.compared.substr(plain.compared.find("staff_id"));
    plain.settings =
        "key = ['staff_id', 'job_id', 'task_id', 'date']\nidentity = 'business_key+ordinal'\nskip = "
        "['wd_id']\n";
    use({plain});
    pair.cloud.exec(
        "insert into workdiary (staff_id, job_id, date, minutes, source) values (7, 1, '2025-12-27', 0, "
        "'M')");
    const std::string id = dump(pair.cloud, "select wd_id from workdiary");
    for (int edit = 1; edit <= 4; ++edit) {
        sync();
        pair.cloud.exec(fmt::format("update workdiary set minutes = {}", edit));
        sync();
        EXPECT_ROWS(pair.desktop, "select minutes from workdiary", std::to_string(edit));
        EXPECT_EQ(dump(pair.cloud, "select wd_id from workdiary"), id);
    }
    expect_settled();
}

TEST_F(FirstUsers, entry_23_office_deletes_travel_and_an_emptied_table_stops_the_run) {
    use({climaster, mbstaff, reminder});
    pair.desktop.exec(ten_clients);
    pair.desktop.exec(
        "insert into mbstaff (staff_id, name) select i, 'Staff ' || i from generate_series(1, 10) i; insert "
        "into mbreminder (rem_id, staff_id) select i, 1 from generate_series(1, 10) i");
    sync();
    pair.desktop.exec(
        "delete from climaster where client_id = 4; delete from mbstaff where staff_id = 5; delete from "
        "mbreminder where rem_id = 6");
    sync();
    expect_settled();
    EXPECT_EQ(in_cloud("climaster"), 9);
    pair.desktop.exec("delete from climaster");
    const TidewayResult stopped = sync(4);
    ASSERT_EQ(stopped.json["guard"].size(), 1U) << told(stopped);
    EXPECT_EQ(stopped.json["guard"][0]["table"], "climaster");
    EXPECT_EQ(in_cloud("climaster"), 9);
    sync(0, {"--confirm", stopped.json["plan_hash"]});
    EXPECT_EQ(in_cloud("climaster"), 0);
}

TEST_F(FirstUsers, entry_24_a_refill_neither_doubles_rows_nor_looks_like_a_change) {
    use({climaster.with("refill = true"), jobshead.with("refill = true")});
    for (const char* rows : {ten_clients, ten_jobs}) pair.desktop.exec(rows);
    sync();
    const std::string cloud = row_versions(pair.cloud);
    for (int round = 0; round < 3; ++round) {
        pair.desktop.exec("delete from climaster; delete from jobshead");
        for (const char* rows : {ten_clients, ten_jobs}) pair.desktop.exec(rows);
        EXPECT_EQ(writes_reported(sync()), 0);
        EXPECT_EQ(row_versions(pair.cloud), cloud);
    }
    pair.desktop.exec("update climaster set clientname = 'Renamed' where client_id = 4");
    EXPECT_EQ(writes_reported(sync()), 1);
}

}  // namespace
}  // namespace tideway::test
