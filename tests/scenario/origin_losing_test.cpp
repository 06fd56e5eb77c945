// How the first users lost what their phones had done (entries 1 to 14): it does not happen.
#include "scenario/first_users.hpp"

namespace tideway::test {
namespace {

class FirstUsers : public OfficeAndPhones {};

constexpr const char* diary_line =
    "insert into workdiary (staff_id, job_id, task_id, date, timefrom, timeto, minutes, tasknotes, source) "
    "values (7, 1, 1, '2025-12-27', '09:30', '11:00', 90, 'Ledger', 'M')";

TEST_F(FirstUsers, entry_01_forward_runs_leave_every_phone_row_in_place) {
    use({jobshead, workdiary});
    pair.desktop.exec(ten_jobs);
    forward();
    pair.cloud.exec(
        "insert into jobshead (job_id, sporg_id, client_id, work_desc, source) values (900, 7, 1, 'Site "
        "visit', 'M')");
    pair.cloud.exec(diary_line);
    const std::string phone_rows =
        "select ctid, xmin, job_id::text from jobshead where source = 'M' union all select ctid, xmin, "
        "tasknotes from workdiary";
    const std::string before = dump(pair.cloud, phone_rows);
    for (const char* mode : {"incremental", "full", "incremental"}) {
        pair.desktop.exec("update jobshead set job_status = 'C' where job_id = 1");
        sync(0, {"--direction", "forward", "--mode", mode});
        EXPECT_EQ(dump(pair.cloud, phone_rows), before) << mode;
    }
    EXPECT_EQ(in_cloud("jobshead"), 11);
    EXPECT_EQ(at_office("jobshead"), 10);
}

TEST_F(FirstUsers, entry_02_a_phone_edit_of_an_office_row_survives_and_reaches_the_office) {
    use({jobshead, climaster, taskchecklist});
    for (const char* rows : {ten_jobs, ten_clients, ten_checks}) pair.desktop.exec(rows);
    sync();
    // As the app does: the row stays marked D.
    pair.cloud.exec(
        "update jobshead set job_status = 'C' where job_id = 3; update climaster set clientphone = '98400' "
        "where client_id = 4; update taskchecklist set checkliststatus = 1 where checklistdesc = 'Check 5'");
    forward();
    EXPECT_EQ(in_cloud("jobshead where job_status = 'C'"), 1);
    reverse();
    for (const char* edited : {"jobshead where job_id = 3 and job_status = 'C'",
                               "climaster where client_id = 4 and clientphone = '98400'",
                               "taskchecklist where checklistdesc = 'Check 5' and checkliststatus = 1"}) {
        EXPECT_EQ(at_office(edited), 1) << edited;
        EXPECT_EQ(in_cloud(edited), 1) << edited;
    }
    expect_settled();
}

TEST_F(FirstUsers, entry_03_phone_made_jobs_reminders_and_replies_reach_the_office) {
    use({jobshead, reminder, remdetail});
    pair.desktop.exec(ten_jobs);
    sync();
    pair.cloud.exec(
        "insert into jobshead (job_id, sporg_id, client_id, work_desc, source) values (900, 7, 1, 'Walk-in', "
        "'M'); insert into reminder (rem_id, staff_id, remtitle, source) values (800001, 7, 'Call', 'M'); "
        "insert into remdetail (remdetid, rem_id, staff_id, remresponse, source) values (800001, 800001, 7, "
        "'Called', 'M')");
    reverse();
    EXPECT_EQ(at_office("jobshead where job_id = 900 and source = 'M'"), 1);
    EXPECT_EQ(at_office("mbreminder where rem_id = 800001"), 1);
    EXPECT_EQ(at_office("mbremdetail where remresponse = 'Called'"), 1);
    expect_settled();
}

TEST_F(FirstUsers, entry_04_an_edit_marked_mobile_neither_doubles_nor_freezes_the_row) {
    use({jobshead, climaster});
    pair.desktop.exec(
        "insert into jobshead (job_id, sporg_id, client_id, job_status) select 50, i, 1, 'O' from "
        "generate_series(1, 3) i");
    pair.desktop.exec(ten_clients);
    sync();
    pair.cloud.exec(
        "update jobshead set job_status = 'P', source = 'M' where sporg_id = 2; "
        "update climaster set clientphone = '98400', source = 'M' where client_id = 4");
    for (int round = 0; round < 2; ++round) {
        forward();
        reverse();
        EXPECT_EQ(in_cloud("jobshead where job_id = 50"), 3);
        EXPECT_EQ(at_office("jobshead where job_id = 50"), 3);
    }
    pair.desktop.exec(
        "update jobshead set work_desc = 'Later at the office' where sporg_id = 2; "
        "update climaster set clientname = 'Later at the office' where client_id = 4");
    sync();
    EXPECT_EQ(in_cloud("jobshead where sporg_id = 2 and work_desc like 'Later%' and job_status = 'P'"), 1);
    EXPECT_EQ(in_cloud("climaster where clientname like 'Later%' and clientphone = '98400'"), 1);
    expect_settled();
}

TEST_F(FirstUsers, entry_05_phone_edits_after_the_first_transfer_reach_the_office) {
    use({workdiary});
    sync();
    pair.cloud.exec(diary_line);
    sync();
    for (const char* edit :
         {"minutes = 120", "tasknotes = 'Ledger and cash book'", "doc_ref = 'doc/17.pdf'"}) {
        pair.cloud.exec(fmt::format("update workdiary set {}", edit));
        sync();
        EXPECT_EQ(at_office(fmt::format("workdiary where {}", edit)), 1) << edit;
    }
    expect_settled();
}

TEST_F(FirstUsers, entry_06_phone_deletes_and_office_approvals_travel) {
    use({workdiary, learequest});
    pair.cloud.exec(
        "insert into workdiary (staff_id, job_id, date, minutes, source) values (7, 1, '2025-12-27', 30, "
        "'M'), (7, 2, '2025-12-27', 45, 'M'); "
        "insert into learequest (learequest_id, staff_id, fromdate, approval_status, source) values (11, 7, "
        "'2026-01-05', 'P', 'M'), (12, 7, '2026-02-05', 'P', 'M')");
    sync();
    pair.cloud.exec(
        "delete from workdiary where job_id = 2; delete from learequest where learequest_id = 12");
    pair.desktop.exec(
        "update learequest set approval_status = 'A', approvedby = 'Partner' where learequest_id = 11");
    sync();
    EXPECT_ROWS(pair.desktop, "select job_id from workdiary", "1");
    EXPECT_ROWS(pair.desktop, "select learequest_id from learequest", "11");
    EXPECT_ROWS(pair.cloud, "select learequest_id, approval_status, approvedby from learequest",
                "11|A|Partner");
    expect_settled();
}

TEST_F(FirstUsers, entry_07_the_same_key_made_on_both_sides_is_kept_and_listed) {
    use({reminder, learequest});
    sync();
    pair.desktop.exec(
        "insert into mbreminder (rem_id, staff_id, remtitle) values (5000, 1, 'File the return'); "
        "insert into learequest (learequest_id, staff_id, leaveremarks) values (123, 1, 'Wedding')");
    pair.cloud.exec(
        "insert into reminder (rem_id, staff_id, remtitle, source) values (5000, 7, 'Buy stamps', 'M'); "
        "insert into learequest (learequest_id, staff_id, leaveremarks, source) values (123, 7, 'Fever', "
        "'M')");
    for (int round = 0; round < 2; ++round) {
        const TidewayResult result = sync(3);
        EXPECT_EQ(reported(result, "open_conflicts"), 2) << told(result);
        EXPECT_ROWS(pair.desktop, "select remtitle from mbreminder", "File the return");
        EXPECT_ROWS(pair.cloud, "select remtitle from reminder", "Buy stamps");
        EXPECT_ROWS(pair.desktop, "select leaveremarks from learequest", "Wedding");
        EXPECT_ROWS(pair.cloud, "select leaveremarks from learequest", "Fever");
    }
    const auto conflicts = nlohmann::json::parse(listed("conflicts"));
    ASSERT_EQ(conflicts.size(), 2U);
    for (const auto& conflict : conflicts) EXPECT_EQ(conflict["status"], "open") << conflict;
    EXPECT_EQ(pair.run({"status"}).exit_code, 3);
}

TEST_F(FirstUsers, entry_08_a_diary_line_that_cannot_be_placed_waits_and_is_not_destroyed) {
    use({jobshead, workdiary});
    pair.desktop.exec(
        "create unique index on jobshead (job_id); alter table workdiary add foreign key (job_id) references "
        "jobshead (job_id)");
    pair.desktop.exec(ten_jobs);
    sync();
    pair.cloud.exec(
        "insert into workdiary (wd_id, staff_id, job_id, date, minutes, source) values (1, 7, 777, "
        "'2025-12-27', 30, 'M'), (2, 7, 1, '2025-12-27', 45, 'M')");
    const std::string phone = "select ctid, xmin, wd_id from workdiary order by wd_id";
    const std::string before = dump(pair.cloud, phone);
    for (int round = 0; round < 2; ++round) EXPECT_EQ(reported(sync(3), "parked"), 1);
    EXPECT_EQ(dump(pair.cloud, phone), before);
    EXPECT_ROWS(pair.desktop, "select wd_id from workdiary", "2");
    pair.desktop.exec("insert into jobshead (job_id, sporg_id, client_id) values (777, 1, 1)");
    sync();
    EXPECT_ROWS(pair.desktop, "select wd_id from workdiary order by 1", "1\n2");
    expect_settled();
}

TEST_F(FirstUsers, entry_09_neither_age_nor_number_leaves_rows_behind) {
    use({jobshead});
    sync();
    pair.desktop.exec(
        "insert into jobshead (job_id, sporg_id, client_id, created_at, updated_at) select i, 1, 1, "
        "timestamp "
        "'2019-04-01' + i * interval '3 hours', timestamp '2019-04-01' + i * interval '3 hours' from "
        "generate_series(1, 12000) i");
    sync();
    EXPECT_EQ(in_cloud("jobshead"), 12'000);
    pair.desktop.exec(
        "insert into jobshead (job_id, sporg_id, client_id, updated_at) values (20000, 1, 1, "
        "'2001-01-01')");
    sync();
    EXPECT_EQ(in_cloud("jobshead"), 12'001);
    expect_same();
}

TEST_F(FirstUsers, entry_10_lookalike_diary_lines_both_arrive_and_refused_ones_are_listed) {
    use({workdiary});
    pair.desktop.exec("alter table workdiary add check (minutes < 1440)");
    sync();
    for (int i = 0; i < 2; ++i) pair.cloud.exec(diary_line);
    pair.cloud.exec(
        "insert into workdiary (wd_id, staff_id, job_id, task_id, date, minutes, source) values (50, 7, 1, "
        "null, '2025-12-27', 15, 'M'), (51, 7, null, null, '1999-12-27', 20, 'M'), (52, 7, 1, 1, "
        "'2025-12-27', 2000, 'M')");
    for (int round = 0; round < 2; ++round) {
        sync(3);
        EXPECT_ROWS(pair.desktop, "select wd_id, minutes from workdiary order by 1",
                    "1|90\n2|90\n50|15\n51|20");
        const auto parked = nlohmann::json::parse(listed("parked"));
        ASSERT_EQ(parked.size(), 1U);
        EXPECT_EQ(parked[0]["sqlstate"], "23514") << parked;
        EXPECT_NE(parked[0].dump().find("52"), std::string::npos) << "the key is not named: " << parked;
    }
    pair.cloud.exec("update workdiary set minutes = 200 where wd_id = 52");
    sync();
    expect_settled();
}

TEST_F(FirstUsers, entry_11_a_text_is_never_cut_silently) {
    use({workdiary});
    sync();
    const std::string note(120, 'n');
    pair.cloud.exec(diary_line);
    pair.cloud.exec(fmt::format(
        "insert into workdiary (wd_id, staff_id, date, tasknotes) values (2, 7, '2025-12-27', '{}'); insert "
        "into workdiary (wd_id, staff_id, date, doc_ref) values (3, 7, '2025-12-27', "
        "'https://files.example/doc/17.pdf')",
        note));
    EXPECT_EQ(reported(sync(3), "parked"), 2);
    EXPECT_ROWS(pair.desktop, "select wd_id from workdiary", "1");
    for (const auto& row : nlohmann::json::parse(listed("parked")))
        EXPECT_EQ(row["sqlstate"], "22001") << row;
    // Only a declared cut is made, and it never comes back.
    OfficeTable cut = workdiary;
    for (const char* column : {"tasknotes", "doc_ref"})
        cut.columns += fmt::format("[[table.column]]\nname = '{}'\nlossy = true\n", column);
    pair.configure(section(cut));
    sync();
    EXPECT_EQ(at_office(fmt::format("workdiary where tasknotes = '{}'", note.substr(0, 50))), 1);
    pair.desktop.exec("update workdiary set minutes = 10");
    sync();
    EXPECT_EQ(in_cloud(fmt::format("workdiary where tasknotes = '{}' and minutes = 10", note)), 1);
    EXPECT_EQ(in_cloud("workdiary where doc_ref like '%.pdf' and minutes = 10"), 1);
}

TEST_F(FirstUsers, entry_12_a_diary_day_stays_the_day_it_was_in_india) {
    use({workdiary, learequest});
    sync();
    pair.cloud.exec(diary_line);
    pair.cloud.exec(
        "insert into learequest (learequest_id, staff_id, fromdate, todate, source) values (1, 7, "
        "'2025-12-27', '2025-12-28', 'M')");
    for (const char* zone : {"Asia/Kolkata", "UTC", "America/New_York"}) {
        sync(0, {"--mode", "full"}, {{"TZ", zone}});
        EXPECT_ROWS(pair.desktop, "select date, timefrom, timeto from workdiary",
                    "2025-12-27|2025-12-27 09:30:00|2025-12-27 11:00:00");
        EXPECT_ROWS(pair.desktop, "select fromdate, todate from learequest", "2025-12-27|2025-12-28");
        EXPECT_ROWS(pair.cloud, "select date, timefrom, timeto from workdiary",
                    "2025-12-27|09:30:00|11:00:00");
        pair.desktop.exec("update workdiary set minutes = minutes + 1");
    }
}

TEST_F(FirstUsers, entry_13_columns_with_nowhere_to_go_are_named_and_keep_their_values) {
    use({workdiary});
    pair.cloud.exec(
        "insert into workdiary (staff_id, date, minutes, client_id, recper_id, cma_id, created_at, source) "
        "values (7, '2025-12-27', 30, 15, 8, 9, '2025-12-27 04:00:00.123456+00', 'M')");
    sync();
    EXPECT_ROWS(pair.desktop, "select minutes, created_at from workdiary", "30|2025-12-27 09:30:00.123456");
    pair.desktop.exec("update workdiary set minutes = 60");
    sync();
    EXPECT_ROWS(pair.cloud, "select minutes, client_id, recper_id, cma_id from workdiary", "60|15|8|9");
    const TidewayResult doctor = pair.run({"doctor"});
    for (const char* column : {"client_id", "recper_id", "cma_id"})
        EXPECT_NE(doctor.json["findings"].dump().find(column), std::string::npos) << told(doctor);
}

TEST_F(FirstUsers, entry_14_ids_that_the_cloud_made_stay_what_they_are) {
    use({jobtasks.with("refill = true"), taskchecklist.with("refill = true")});
    for (const char* rows : {ten_tasks, ten_checks}) pair.desktop.exec(rows);
    sync();
    const std::string ids =
        "select 'task', jt_id, job_id::text from jobtasks union all select 'check', tc_id, checklistdesc "
        "from taskchecklist order by 1, 2";
    const std::string before = dump(pair.cloud, ids);
    const std::string held_id =
        pair.cloud.scalar("select tc_id from taskchecklist where checklistdesc = 'Check 7'");
    for (const char* direction : {"forward", "reverse", "both", "forward"}) {
        pair.desktop.exec("delete from jobtasks; delete from taskchecklist");
        for (const char* rows : {ten_tasks, ten_checks}) pair.desktop.exec(rows);
        sync(0, {"--direction", direction});
        EXPECT_EQ(dump(pair.cloud, ids), before);
    }
    pair.cloud.exec(fmt::format("update taskchecklist set checkliststatus = 1 where tc_id = {}", held_id));
    sync();
    EXPECT_EQ(at_office("taskchecklist where checkliststatus = 1 and checklistdesc = 'Check 7'"), 1);
}

}  // namespace
}  // namespace tideway::test
