// Runs of the first users that failed half-way, or failed and said nothing (entries 34 to 36 and 42 to 44):
// it does not happen.
#include "scenario/first_users.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

class FirstUsers : public OfficeAndPhones {
  protected:
    // The state of one side is gone, and an edit waits: the run says so and writes nothing.
    void lose_state_of(Db& side) {
        use({jobshead, workdiary});
        pair.desktop.exec(ten_jobs);
        pair.cloud.exec("insert into workdiary (staff_id, date, source) values (7, '2025-12-27', 'M')");
        sync();
        side.exec("drop schema tideway cascade");
        pair.desktop.exec("update jobshead set work_desc = 'Edited' where job_id = 1");
        const std::string office = row_versions(pair.desktop), phones = row_versions(pair.cloud);
        EXPECT_EQ(error_code(sync(2)), "TW307");
        EXPECT_EQ(row_versions(pair.desktop), office);
        EXPECT_EQ(row_versions(pair.cloud), phones);
    }
    void expect_new_start() {
        sync();
        EXPECT_EQ(in_cloud("jobshead where work_desc = 'Edited'"), 1);
        EXPECT_EQ(in_cloud("jobshead"), 10);
        EXPECT_EQ(at_office("workdiary"), 1);
        expect_settled();
    }
};

constexpr const char* five_staff =
    "insert into mbstaff (staff_id, name, desc_id) select i, 'Staff ' || i, i from generate_series(1, 5) i";
constexpr const char* a_new_job_with_its_task =
    "insert into jobshead (job_id, sporg_id, client_id) values (900, 1, 1); insert into jobtasks (job_id, "
    "task_id) values (900, 1)";

TEST_F(FirstUsers, entry_34_readers_see_jobs_and_tasks_of_one_moment_even_if_the_run_is_killed) {
    use({jobshead, jobtasks});
    for (const char* rows : {ten_jobs, ten_tasks}) pair.desktop.exec(rows);
    sync();
    pair.desktop.exec(a_new_job_with_its_task);
    pair.desktop.exec("delete from jobshead where job_id = 1; delete from jobtasks where job_id = 1");
    const std::string state =
        "select (select count(*) from jobshead where job_id = 900), (select count(*) from jobtasks where "
        "job_id = 900), (select count(*) from jobshead where job_id = 1), (select count(*) from jobtasks "
        "where job_id = 1)";
    {
        const PauseAt written("apply.locked");
        const auto run = pair.start(written.env());
        written.wait_until_reached();
        EXPECT_ROWS(pair.cloud, state, "0|0|1|1");
        run->kill_tree();
        EXPECT_ROWS(pair.cloud, state, "0|0|1|1");
    }
    EXPECT_EQ(pair.sync({}, {{"TIDEWAY_FAILPOINTS", "M5a.committed=kill9"}}).exit_code, -9);
    EXPECT_ROWS(pair.cloud, state, "1|1|0|0");
    sync();
    expect_settled();
}

TEST_F(FirstUsers, entry_34_a_line_that_drops_leaves_no_table_empty) {
    use({jobshead, jobtasks});
    TcpProxy line(shared_cloud().port());
    pair.cloud_url = line.url(pair.cloud_database.name());
    pair.configure(section(jobshead) + section(jobtasks));
    for (const char* rows : {ten_jobs, ten_tasks}) pair.desktop.exec(rows);
    sync();
    pair.desktop.exec("update jobshead set job_status = 'C'; update jobtasks set actual_man_min = 5");
    line.cut_before_forwarding("COMMIT");
    (void)pair.sync();  // it may connect again and succeed
    EXPECT_EQ(in_cloud("jobshead"), 10);
    EXPECT_EQ(in_cloud("jobtasks"), 10);
    sync();
    expect_settled();
}

TEST_F(FirstUsers, entry_35_one_row_that_cannot_be_loaded_waits_alone_wherever_it_stands) {
    use({climaster, jobshead});
    pair.cloud.exec("alter table climaster alter clientname type varchar(20)");
    pair.desktop.exec(
        "insert into climaster (client_id, clientname) select i, case when i in (1, 1500) then repeat('x', "
        "30) else 'Client ' || i end from generate_series(1, 2000) i");
    pair.desktop.exec(ten_jobs);
    const TidewayResult result = sync(3);
    EXPECT_EQ(result.json["status"], "attention");
    EXPECT_EQ(reported(result, "parked"), 2);
    EXPECT_EQ(in_cloud("climaster"), 1998);
    EXPECT_EQ(in_cloud("jobshead"), 10);
    for (const auto& row : nlohmann::json::parse(listed("parked")))
        EXPECT_EQ(row["sqlstate"], "22001") << row;
    pair.desktop.exec("update climaster set clientname = 'Short' where client_id in (1, 1500)");
    sync();
    expect_settled();
}

TEST_F(FirstUsers, entry_36_a_table_that_fails_does_not_keep_the_others_back) {
    OfficeTable by_job = jobshead;
    by_job.settings = "key = ['job_id']\n";
    use({by_job, climaster, workdiary});
    for (const char* rows : {ten_jobs, ten_jobs, ten_clients}) pair.desktop.exec(rows);
    pair.cloud.exec("insert into workdiary (staff_id, date, source) values (7, '2025-12-27', 'M')");
    const TidewayResult result = sync(3);
    for (const auto& table : result.json["tables"])
        EXPECT_EQ(table["not_synced"].is_string(), table["desktop"] == "jobshead") << table;
    EXPECT_EQ(in_cloud("climaster"), 10);
    EXPECT_EQ(at_office("workdiary"), 1);
    EXPECT_EQ(in_cloud("jobshead"), 0);
}

TEST_F(FirstUsers, entry_36_status_says_why_a_table_was_left_out) {
    OfficeTable by_job = jobshead;
    by_job.settings = "key = ['job_id']\n";
    use({by_job, climaster});
    for (const char* rows : {ten_jobs, ten_jobs, ten_clients}) pair.desktop.exec(rows);
    sync(3);
    const TidewayResult status = pair.run({"status"});
    EXPECT_EXIT_CODE(3, status);
    for (const auto& table : status.json["tables"])
        EXPECT_EQ(table["reason"].is_string(), table["desktop"] == "jobshead") << table;
}

TEST_F(FirstUsers, entry_42_state_tables_are_made_by_the_tool_and_lost_ones_are_noticed) {
    lose_state_of(pair.desktop);
    pair.cloud.exec("drop schema tideway cascade");
    expect_new_start();
}

TEST_F(FirstUsers, entry_42_lost_state_of_the_cloud_is_noticed_too) {
    lose_state_of(pair.cloud);
    pair.desktop.exec("drop schema tideway cascade");
    expect_new_start();
}

TEST_F(FirstUsers, entry_42_uninstall_leads_out_of_it_as_the_message_says) {
    lose_state_of(pair.desktop);
    EXPECT_EXIT_CODE(0, pair.run({"uninstall"}));
    expect_new_start();
}

TEST_F(FirstUsers, entry_43_tables_with_one_time_stamp_or_none_are_synchronised) {
    use({jobshead, climaster, mbstaff});
    for (Db* side : {&pair.desktop, &pair.cloud})
        side->exec(
            "alter table jobshead drop created_at; drop trigger touch on climaster; alter table climaster "
            "drop updated_at; drop trigger touch on mbstaff; alter table mbstaff drop created_at, drop "
            "updated_at");
    const std::string zone = "desktop_zone = 'Asia/Kolkata' }\n";
    pair.configure(
        "[[table]]\nname = 'jobshead'\n" + jobshead.settings + "timestamps = { updated = 'updated_at', " +
        zone + "[[table]]\nname = 'climaster'\nkey = ['client_id']\ntimestamps = { created = 'created_at', " +
        zone + "[[table]]\nname = 'mbstaff'\nkey = ['staff_id']\n");
    for (const char* rows : {ten_jobs, ten_clients}) pair.desktop.exec(rows);
    pair.desktop.exec("insert into mbstaff (staff_id, name) values (1, 'Staff 1')");
    sync();
    pair.desktop.exec(
        "update jobshead set job_status = 'C' where job_id = 1; update mbstaff set name = 'New'");
    pair.cloud.exec("update climaster set clientphone = '98400' where client_id = 1");
    sync();
    EXPECT_EQ(in_cloud("jobshead where job_status = 'C'"), 1);
    EXPECT_EQ(in_cloud("mbstaff where name = 'New'"), 1);
    EXPECT_EQ(at_office("climaster where clientphone = '98400'"), 1);
    expect_settled();
}

TEST_F(FirstUsers, entry_44_new_columns_do_not_stop_a_table_and_a_renamed_one_can_be_mapped) {
    use({mbstaff, climaster});
    pair.desktop.exec(ten_clients);
    pair.desktop.exec(five_staff);
    sync();
    pair.desktop.exec("alter table climaster add gst_no varchar(15)");
    pair.desktop.exec("update climaster set clientname = 'Renamed', gst_no = '33AA' where client_id = 1");
    sync();
    EXPECT_EQ(in_cloud("climaster where clientname = 'Renamed'"), 1);
    EXPECT_NE(pair.run({"doctor"}).out.find("gst_no"), std::string::npos);
    pair.cloud.exec("alter table mbstaff rename desc_id to des_id");
    pair.desktop.exec("update mbstaff set desc_id = 77 where staff_id = 1");
    pair.configure(section(mbstaff.with("rename = { desc_id = 'des_id' }")) + section(climaster));
    sync();
    EXPECT_EQ(in_cloud("mbstaff where des_id = 77"), 1);
    EXPECT_EQ(in_cloud("mbstaff where des_id = staff_id"), 4);
}

// The cloud's desc_id becomes des_id, as it once did: edits of it cannot travel any more.
TEST_F(FirstUsers, entry_44_a_column_that_has_lost_its_counterpart_is_named_by_the_next_run) {
    use({mbstaff});
    pair.desktop.exec(five_staff);
    sync();
    pair.cloud.exec("alter table mbstaff rename desc_id to des_id");
    pair.desktop.exec("update mbstaff set desc_id = 77 where staff_id = 1");
    const TidewayResult drifted = pair.sync();
    EXPECT_NE(drifted.out.find("desc_id"), std::string::npos) << told(drifted);
}

}  // namespace
}  // namespace tideway::test
