// What the first users' rows met on their way to the cloud: references, mappings and other edits (entries 25
// to 33).
#include "scenario/first_users.hpp"

namespace tideway::test {
namespace {

class FirstUsers : public OfficeAndPhones {};

constexpr const char* places =
    "create table locmaster (loc_id numeric(3) primary key); insert into locmaster values (1); alter table "
    "climaster add foreign key (loc_id) references locmaster";

TEST_F(FirstUsers, entry_25_rows_with_unknown_references_wait_and_the_rest_is_loaded) {
    use({climaster});
    pair.cloud.exec(places);
    pair.desktop.exec(ten_clients);
    pair.desktop.exec("update climaster set loc_id = 2 where client_id > 7");
    EXPECT_EQ(reported(sync(3), "parked"), 3);
    EXPECT_EQ(in_cloud("climaster"), 7);
    const auto parked = nlohmann::json::parse(listed("parked"));
    ASSERT_EQ(parked.size(), 3U);
    for (const auto& row : parked) EXPECT_EQ(row["sqlstate"], "23503") << row;
    const TidewayResult status = pair.run({"status"});
    EXPECT_EXIT_CODE(3, status);
    EXPECT_EQ(reported(status, "parked"), 3) << told(status);
    // A row that becomes invalid at the office is not removed from the cloud.
    pair.desktop.exec("update climaster set loc_id = 2 where client_id = 1");
    sync(3);
    EXPECT_EQ(in_cloud("climaster where client_id = 1 and loc_id = 1"), 1);
    pair.cloud.exec("insert into locmaster values (2)");
    sync();
    expect_settled();
}

TEST_F(FirstUsers, entry_26_parents_of_this_very_moment_are_known_to_their_children) {
    use({jobtasks, jobshead});
    pair.cloud.exec(
        "create unique index on jobshead (job_id); alter table jobtasks add foreign key (job_id) references "
        "jobshead (job_id)");
    sync();
    for (const char* rows : {ten_tasks, ten_jobs}) pair.desktop.exec(rows);
    sync();  // parents and children of one run, children configured first
    EXPECT_EQ(in_cloud("jobtasks"), 10);
    pair.cloud.exec("insert into jobshead (job_id, sporg_id, client_id, source) values (900, 7, 1, 'M')");
    pair.desktop.exec("insert into jobtasks (job_id, task_id) values (900, 1)");
    forward();  // a parent that the office has not seen yet
    EXPECT_EQ(in_cloud("jobtasks where job_id = 900"), 1);
    sync();
    expect_settled();
}

TEST_F(FirstUsers, entry_27_the_replies_of_a_waiting_reminder_wait_with_it) {
    use({mbstaff, reminder, remdetail, jobshead});
    pair.cloud.exec(
        "alter table reminder add foreign key (staff_id) references mbstaff; alter table remdetail add "
        "foreign key (rem_id) references reminder");
    pair.desktop.exec(
        "insert into mbstaff (staff_id, name) values (1, 'Staff 1'); insert into mbreminder (rem_id, "
        "staff_id) values (1, 1), (2, 99); insert into mbremdetail (remdetid, rem_id) values (10, 1), (20, "
        "2)");
    pair.desktop.exec(ten_jobs);
    EXPECT_EQ(reported(sync(3), "parked"), 2);
    EXPECT_ROWS(pair.cloud, "select remdetid from remdetail", "10");
    EXPECT_EQ(in_cloud("jobshead"), 10);
    pair.desktop.exec("insert into mbstaff (staff_id, name) values (99, 'Staff 99')");
    sync();
    EXPECT_ROWS(pair.cloud, "select remdetid from remdetail order by 1", "10\n20");
    expect_settled();
}

TEST_F(FirstUsers, entry_28_a_look_up_with_several_answers_is_reported_and_not_drawn_by_lot) {
    use({jobshead,
         jobtasks.with("lookup = { client_id = 'select client_id from jobshead where job_id = :job_id' }")});
    pair.desktop.exec(
        "insert into jobshead (job_id, sporg_id, client_id) values (204, 1, 15), (204, 2, 28), (204, 3, 29), "
        "(205, 1, 30), (205, 2, 30); insert into jobtasks (job_id, task_id) values (204, 1), (205, 1)");
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(reported(sync(3), "parked"), 1);
        EXPECT_ROWS(pair.cloud, "select job_id, client_id from jobtasks", "205|30");
    }
    EXPECT_NE(listed("parked").find("204"), std::string::npos);
    pair.desktop.exec("update jobshead set client_id = 15 where job_id = 204");
    sync();
    EXPECT_ROWS(pair.cloud, "select job_id, client_id from jobtasks order by 1", "204|15\n205|30");
}

TEST_F(FirstUsers,
       entry_29_a_mapping_is_checked_before_the_first_write_and_no_source_is_no_reason_to_delete) {
    use({climaster, workdiary});
    pair.desktop.exec(ten_clients);
    pair.cloud.exec("insert into workdiary (staff_id, date, source) values (7, '2025-12-27', null)");
    const std::string office = row_versions(pair.desktop), phones = row_versions(pair.cloud);
    pair.configure(section(climaster) + section(workdiary.with("rename = { tasknote = 'notes' }")));
    EXPECT_EQ(error_code(sync(2)), "TW302");
    EXPECT_EQ(row_versions(pair.desktop), office);
    EXPECT_EQ(row_versions(pair.cloud), phones);
    pair.configure(section(climaster) + section(workdiary));
    for (int round = 0; round < 2; ++round) {
        forward();
        EXPECT_EQ(in_cloud("workdiary where source is null"), 1);
    }
    reverse();
    expect_settled();
}

TEST_F(FirstUsers, entry_30_all_mismatches_are_told_at_once_before_the_first_write) {
    use({climaster, mbstaff, jobshead});
    pair.cloud.exec(
        "alter table climaster alter con_id type text, add org_id numeric(3) not null; alter table mbstaff "
        "alter name type date using null; alter table jobshead drop sporg_id");
    pair.desktop.exec(ten_clients);
    for (const char* command : {"doctor", "sync"}) {
        const TidewayResult result = pair.run({command});
        EXPECT_NE(result.exit_code, 0) << command;
        for (const char* column :
             {"climaster.con_id", "climaster.org_id", "mbstaff.name", "jobshead.sporg_id"})
            EXPECT_NE(result.out.find(column), std::string::npos) << column << " in " << told(result);
    }
    EXPECT_EQ(in_cloud("climaster"), 0);
}

TEST_F(FirstUsers, entry_30_rows_without_a_value_that_the_cloud_needs_wait_alone) {
    use({climaster});
    pair.cloud.exec("alter table climaster alter con_id set not null");
    pair.desktop.exec(ten_clients);
    pair.desktop.exec("update climaster set con_id = null where client_id in (3, 4)");
    EXPECT_EQ(reported(sync(3), "parked"), 2);
    EXPECT_EQ(in_cloud("climaster"), 8);
    for (const auto& row : nlohmann::json::parse(listed("parked")))
        EXPECT_EQ(row["sqlstate"], "23502") << row;
}

TEST_F(FirstUsers, entry_31_no_origin_column_is_needed_to_protect_phone_rows) {
    use({climaster});
    for (Db* side : {&pair.desktop, &pair.cloud}) side->exec("alter table climaster drop source");
    pair.configure(
        "[[table]]\nname = 'climaster'\nkey = ['client_id']\ntimestamps = { updated = 'updated_at', created "
        "= "
        "'created_at', desktop_zone = 'Asia/Kolkata' }\n");
    pair.desktop.exec(ten_clients);
    sync();
    pair.cloud.exec(
        "update climaster set clientphone = '98400' where client_id = 4; insert into climaster (client_id, "
        "clientname) values (900, 'From the phone')");
    forward();
    EXPECT_EQ(in_cloud("climaster where clientphone = '98400' or client_id = 900"), 2);
    reverse();
    EXPECT_EQ(at_office("climaster where clientphone = '98400' or client_id = 900"), 2);
    expect_settled();
}

TEST_F(FirstUsers, entry_32_the_time_of_creation_arrives_to_the_microsecond_and_stays) {
    use({jobshead, workdiary});
    pair.desktop.exec(
        "insert into jobshead (job_id, sporg_id, client_id, created_at) values (1, 1, 1, '2024-06-01 "
        "09:00:00.123456')");
    pair.cloud.exec(
        "insert into workdiary (wd_id, staff_id, date, created_at, source) values (1, 7, '2025-12-27', "
        "'2025-12-27 04:00:00.654321+00', 'M')");
    for (int round = 1; round <= 3; ++round) {
        sync(0, {"--mode", round == 2 ? "full" : "incremental"});
        EXPECT_ROWS(pair.cloud, "select created_at at time zone 'UTC' from jobshead",
                    "2024-06-01 03:30:00.123456");
        EXPECT_ROWS(pair.desktop, "select created_at from workdiary", "2025-12-27 09:30:00.654321");
        pair.desktop.exec(fmt::format("update jobshead set work_desc = 'Round {}'", round));
        pair.cloud.exec(fmt::format("update workdiary set minutes = {}", round));
    }
}

TEST_F(FirstUsers, entry_33_a_note_edited_on_both_sides_ends_equal_with_the_other_version_on_record) {
    use({mbjobreviewnotes});
    pair.desktop.exec(
        "insert into mbjobreviewnotes (rn_id, job_id, note, source) values (1, 1, 'Office note', 'D'), (2, "
        "1, "
        "'Phone note', 'M')");
    sync();
    pair.desktop.exec("update mbjobreviewnotes set note = 'Office ' || rn_id");
    pair.cloud.exec("update mbjobreviewnotes set note = 'Phone ' || rn_id");
    const TidewayResult result = sync();
    EXPECT_EQ(reported(result, "conflicts"), 2) << told(result);
    expect_settled();
    for (const char* version : {"Office 1", "Office 2", "Phone 1", "Phone 2"})
        expect_accounted(pair, "mbjobreviewnotes", version);
    EXPECT_EQ(count_listed("conflicts"), 2U);
}

}  // namespace
}  // namespace tideway::test
