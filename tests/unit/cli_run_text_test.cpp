#include <gtest/gtest.h>

#include "cli/exit_code.hpp"
#include "cli/run_text.hpp"

namespace tideway::cli {
namespace {

TableReport table(const std::string& desktop, const std::string& cloud = "") {
    TableReport out;
    out.desktop = desktop;
    out.cloud = cloud.empty() ? desktop : cloud;
    return out;
}

RunReport first_run() {
    RunReport report;
    report.status = "ok";
    report.duration_ms = 4210;
    report.plan_hash = "4f3a9c02d1e8b7a6";
    TableReport jobs = table("jobshead");
    jobs.to_cloud = {1200, 4, 0};
    jobs.to_desktop = {0, 3, 0};
    jobs.conflicts = 1;
    jobs.protected_before = 11;
    jobs.protected_after = 12;
    TableReport clients = table("climaster");
    clients.to_cloud.updated = 2;
    clients.adopted = 726;
    report.tables = {jobs, table("mbreminder", "reminder"), clients};
    return report;
}

TEST(RunText, tells_what_was_written_where_and_which_conflicts_were_settled) {
    EXPECT_EQ(run_text(first_run()),
              R"(           -- to cloud --  - to desktop -
table        new  changed         changed  matched  conflicts  protected
jobshead   1,200        4               3        -          1   11 -> 12
climaster      -        2               -      726          -          -
1 more table without any change

in sync: 1,206 rows written to the cloud, 3 to the desktop, 726 rows found equal on both sides, 1 conflict (loser kept: tideway conflicts list) (4.2 s)
)");
}

TEST(RunText, a_quiet_run_is_one_line) {
    RunReport report;
    report.status = "ok";
    report.idle = true;
    report.duration_ms = 120;
    report.tables = {table("a"), table("b")};
    EXPECT_EQ(run_text(report), "in sync: nothing had changed (0.1 s)\n");
    EXPECT_EQ(plan_text(report, true), "in sync: nothing to do (0.1 s)\n");
}

TEST(RunText, says_what_waits_why_and_what_to_do) {
    RunReport report;
    report.status = "attention";
    report.duration_ms = 61'000;
    report.tables = {table("jobshead"), table("mbreminder", "reminder"), table("jobtasks")};
    report.tables[0].open_conflicts = 1;
    report.tables[0].parked = 3;
    report.tables[1].held = 2;
    report.tables[2].not_synced = "identity = \"business_key+ordinal\" (duplicate keys)";
    report.clock_offset_ms = -3400;
    report.receipts_booked = 2;
    report.cloud_rolled_back = true;
    report.remarks = {"a remark"};
    EXPECT_EQ(run_text(report),
              R"(table                open  held  parked
jobshead                1     -       3
mbreminder/reminder     -     2       -

done, but rows wait: 1 open conflict, 2 held, 3 parked (1 min 1 s)
  1 open conflict (jobshead 1): both rows are kept until you choose one
    tideway conflicts list
  2 rows held (mbreminder/reminder 2): ownership, deletes or where keeps the change from crossing
    tideway conflicts list
  3 rows parked (jobshead 3): the other database refuses them for now, for example because the row they refer to is missing
    every run tries them again; tideway parked list says why
  jobtasks is not synced: identity = "business_key+ordinal" (duplicate keys)
  an earlier run was interrupted: 2 rows of it booked now, nothing was written twice
  the cloud database went back to an older state (a restored backup?): rows of both sides were kept, nothing was deleted because of it
  the cloud's clock is 3.4 s behind the desktop's
  a remark
)");
}

TEST(RunText, tables_left_out_alone_need_attention_too) {
    RunReport report;
    report.status = "attention";
    report.tables = {table("jobtasks")};
    report.tables[0].not_synced = "why";
    EXPECT_EQ(run_text(report),
              "done, but not everything is in sync (0.0 s)\n  jobtasks is not synced: why\n");
}

TEST(RunText, a_guard_tells_the_rows_and_how_to_go_on) {
    RunReport report;
    report.status = "guard";
    report.plan_hash = "4f3a";
    report.tables = {table("jobshead")};
    report.guard = {{"jobshead", "would delete 812 of 1,000 rows in the cloud", 812, 1000}};
    EXPECT_EQ(run_text(report), R"(stopped by a guard: nothing was written (0.0 s)
  a guard stopped this:
    jobshead: would delete 812 of 1,000 rows in the cloud
    look at the rows: tideway plan --rows
    if that is what you want: tideway sync --confirm 4f3a
)");
}

// Another run might not find these rows.
TEST(RunText, what_a_guard_stopped_is_let_through_by_a_run_of_the_same_kind) {
    RunReport report;
    report.status = "guard";
    report.plan_hash = "4f3a";
    report.mode = Mode::full;
    report.direction = Direction::reverse;
    report.only_tables = {"jobshead", "two words"};
    report.guard = {{"jobshead", "would delete 812 of 1,000 rows in the cloud", 812, 1000}};
    const std::string options = " --mode full --direction reverse --table jobshead --table 'two words'";
    const std::string text = run_text(report);
    EXPECT_NE(text.find("tideway plan --rows" + options + "\n"), std::string::npos) << text;
    EXPECT_NE(text.find("tideway sync" + options + " --confirm 4f3a\n"), std::string::npos) << text;
}

TEST(RunText, rows_that_wait_for_the_other_direction_name_it) {
    RunReport report;
    report.status = "ok";
    report.tables = {table("jobs")};
    report.tables[0].pending = 1;
    report.direction = Direction::forward;
    EXPECT_NE(run_text(report).find("in sync forward (desktop to cloud): nothing had changed"),
              std::string::npos);
    EXPECT_NE(
        run_text(report).find("1 row waits for the other direction\n    tideway sync --direction reverse\n"),
        std::string::npos);
    report.direction = Direction::reverse;
    report.tables[0].pending = 4;
    EXPECT_NE(
        run_text(report).find("4 rows wait for the other direction\n    tideway sync --direction forward\n"),
        std::string::npos);
    report.direction = Direction::both;
    EXPECT_NE(run_text(report).find("4 rows changed again while the run was at work"), std::string::npos);
}

TEST(RunText, a_failure_says_what_to_do) {
    RunReport report;
    report.status = "failed";
    report.error_code = "TW206";
    report.error_text = "the connection to the cloud broke";
    report.error_hint = "run it again";
    EXPECT_EQ(run_text(report),
              "failed: error TW206: the connection to the cloud broke\n  what to do: run it again\n");
    report.error_hint = "";
    EXPECT_NE(run_text(report).find("what to do: run it again; nothing is half-done"), std::string::npos);
}

TEST(PlanText, speaks_of_what_would_be_done) {
    EXPECT_EQ(
        plan_text(first_run(), false).substr(plan_text(first_run(), false).find("sync would")),
        "sync would write: 1,206 rows to the cloud, 3 to the desktop, 726 rows found equal on both sides, 1 "
        "conflict (the loser will be kept) (4.2 s)\nplan 4f3a9c02d1e8b7a6; nothing was written\n");
}

TEST(PlanText, finding_equal_rows_is_no_writing) {
    RunReport report;
    report.status = "ok";
    report.tables = {table("climaster")};
    report.tables[0].adopted = 726;
    const std::string text = plan_text(report, false);
    EXPECT_NE(text.find("\nnothing to write: 726 rows found equal on both sides (0.0 s)\n"),
              std::string::npos)
        << text;
}

TEST(PlanText, lists_rows_with_their_reasons_and_cuts_a_long_list) {
    RunReport report = first_run();
    for (int i = 0; i < 23; ++i)
        report.rows.push_back({"jobshead", "job_id=" + std::to_string(i) + "\n", "R7", "update in the cloud",
                               "only the desktop changed it"});
    const std::string text = plan_text(report, true);
    EXPECT_EQ(text.substr(0, text.find("job_id=1\\n")),
              "table     key          what                 rule  why\n"
              "jobshead  job_id=0\\n   update in the cloud  R7    only the desktop changed it\n"
              "jobshead  ");
    EXPECT_NE(text.find("job_id=19\\n"), std::string::npos);
    EXPECT_EQ(text.find("job_id=20"), std::string::npos);
    EXPECT_NE(text.find("\nand 3 more (--json lists all)\n"), std::string::npos);
    EXPECT_EQ(plan_text(report, false).find("job_id="), std::string::npos);
}

TEST(ExitCode, follows_the_status_of_a_run) {
    RunReport report;
    for (const auto& [status, exit] : {std::pair{"ok", Exit::ok}, std::pair{"attention", Exit::attention},
                                       std::pair{"guard", Exit::guard}, std::pair{"failed", Exit::failed}}) {
        report.status = status;
        EXPECT_EQ(exit_of(report), exit) << status;
    }
    report.error_code = "TW401";
    EXPECT_EQ(exit_of(report), Exit::locked);
    report.error_code = "TW901";
    EXPECT_EQ(exit_of(report), Exit::defect);
}

TEST(ExitCode, follows_what_status_and_doctor_found) {
    StatusReport status;
    status.tables.resize(2);
    EXPECT_EQ(exit_of(status), Exit::ok);
    status.tables[1].pending = 4;
    EXPECT_EQ(exit_of(status), Exit::ok);
    status.tables[1].parked = 1;
    EXPECT_EQ(exit_of(status), Exit::attention);
    status.last_run_status = "guard";
    EXPECT_EQ(exit_of(status), Exit::guard);
    status.last_run_status = "failed";
    EXPECT_EQ(exit_of(status), Exit::failed);
    EXPECT_EQ(exit_of(std::vector<Finding>{{Severity::warning, "", "", "", ""}}), Exit::ok);
    EXPECT_EQ(exit_of(std::vector<Finding>{{Severity::error, "", "", "", ""}}), Exit::failed);
}

}  // namespace
}  // namespace tideway::cli
