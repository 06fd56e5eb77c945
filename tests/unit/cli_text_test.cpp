#include <gtest/gtest.h>

#include <sstream>

#include "cli/conflicts_text.hpp"
#include "cli/findings_text.hpp"
#include "cli/progress_view.hpp"
#include "cli/status_text.hpp"
#include "cli/text.hpp"
#include "cli/text_table.hpp"

namespace tideway::cli {
namespace {

TEST(Text, numbers_are_grouped_and_counted) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1204), "1,204");
    EXPECT_EQ(grouped(-1234567), "-1,234,567");
    EXPECT_EQ(grouped(-123), "-123");
    EXPECT_EQ(counted(1, "row"), "1 row");
    EXPECT_EQ(counted(0, "row"), "0 rows");
    EXPECT_EQ(counted(2000, "batch", "batches"), "2,000 batches");
}

TEST(Text, durations_have_the_unit_that_fits) {
    EXPECT_EQ(duration(0), "0.0 s");
    EXPECT_EQ(duration(9'940), "9.9 s");
    EXPECT_EQ(duration(9'960), "10 s");
    EXPECT_EQ(duration(59'400), "59 s");
    EXPECT_EQ(duration(59'600), "1 min 0 s");
    EXPECT_EQ(duration(3'599'000), "59 min 59 s");
    EXPECT_EQ(duration(7'500'000), "2 h 5 min");
    EXPECT_EQ(duration(100'000'000), "1 d 3 h");
}

TEST(Text, values_cannot_steer_the_terminal) {
    EXPECT_EQ(printable("a\nb\tc\x1b[2J\x7f"), "a\\nb\\tc\\x1b[2J\\x7f");
    EXPECT_EQ(printable("\xc3\xa9"), "\xc3\xa9");
    EXPECT_EQ(printable("\xc2\x9b" "31m"), "\\u009b31m") << "an escape in one character";
    EXPECT_EQ(printable("a\xe2\x80\xae" "b\xe2\x81\xa9\xd8\x9c\xe2\x82\xac"), "a\\u202eb\\u2069\\u061c\xe2\x82\xac");
    EXPECT_EQ(printable("\xe2\x80"), "\xe2\x80") << "cut in the middle of a character";
}

TEST(Text, shortening_counts_characters_and_never_splits_one) {
    EXPECT_EQ(shortened("abcdef", 6), "abcdef");
    EXPECT_EQ(shortened("abcdefg", 6), "abc...");
    EXPECT_EQ(shortened("\xc3\xa9\xc3\xa9\xc3\xa9", 3), "\xc3\xa9\xc3\xa9\xc3\xa9");
    EXPECT_EQ(shortened("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4), "\xc3\xa9...");
}

TEST(Text, lists_are_cut_after_twenty_lines) {
    EXPECT_EQ(cut_list(std::vector<std::string>(2, "x")), "x\nx\n");
    EXPECT_EQ(cut_list(std::vector<std::string>(20, "x")).find("more"), std::string::npos);
    const std::string cut = cut_list(std::vector<std::string>(1220, "x"));
    EXPECT_EQ(std::count(cut.begin(), cut.end(), '\n'), 21);
    EXPECT_TRUE(cut.ends_with("and 1,200 more (--json lists all)\n"));
}

TEST(TextTable, aligns_and_leaves_out_columns_without_any_value) {
    TextTable table;
    table.add_column("name", Align::left);
    table.add_column("none", Align::right);
    table.add_column("n", Align::right);
    table.add_row({"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "", "1"});
    table.add_row({"b", "", ""});
    EXPECT_EQ(table.text(), "name   n\n\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9  1\nb      -\n");
}

TEST(TextTable, a_group_stands_above_its_columns_and_makes_room_for_its_name) {
    TextTable table;
    table.add_column("t", Align::left);
    table.add_column("a", Align::right, "long heading");
    table.add_column("b", Align::left);
    table.add_row({"x", "1", "y"});
    EXPECT_EQ(table.text(), "   - long heading -\nt                 a  b\nx                 1  y\n");
}

// ---------------------------------------------------------------- status

StatusReport quiet_status() {
    StatusReport report;
    report.pair = "main";
    report.last_run = "u";
    report.last_run_at = "2026-01-05 10:00:00Z";
    report.last_run_status = "ok";
    report.lag_seconds = 247;
    TableStatus jobs;
    jobs.desktop = jobs.cloud = "jobshead";
    jobs.state = "in sync";
    jobs.rows = 10120;
    jobs.last_forward = "2026-01-05 10:00:00Z";
    report.tables = {jobs};
    return report;
}

TEST(StatusText, shows_each_table_and_a_verdict) {
    EXPECT_EQ(status_text(quiet_status()),
              R"(pair main: last run 2026-01-05 10:00:00Z (ok), last complete one 4 min 7 s ago

table     state      rows  last to cloud
jobshead  in sync  10,120  2026-01-05 10:00:00Z

everything was in sync at the last run
)");
}

TEST(StatusText, says_what_waits_and_why_a_table_is_left_out) {
    StatusReport report = quiet_status();
    TableStatus reminders = report.tables[0];
    reminders.desktop = "mbreminder";
    reminders.cloud = "reminder";
    reminders.state = "waiting";
    reminders.parked = 2;
    TableStatus tasks;
    tasks.desktop = tasks.cloud = "jobtasks";
    tasks.state = "not synced";
    tasks.reason = "duplicate keys";
    report.tables.push_back(reminders);
    report.tables.push_back(tasks);
    const std::string text = status_text(report);
    EXPECT_NE(text.find("\nrows wait: 2 parked\n  2 rows parked (mbreminder/reminder 2): "),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\n  jobtasks (not synced): duplicate keys\n"), std::string::npos) << text;
}

TEST(StatusText, tells_a_failed_run_a_running_one_and_none_at_all) {
    StatusReport report = quiet_status();
    report.last_run_status = "failed";
    report.lease_holder = "office:4711";
    EXPECT_NE(status_text(report).find("a run is at work now: office:4711\n"), std::string::npos);
    EXPECT_NE(
        status_text(report).find("the last run failed; nothing is half-done\n  what to do: tideway sync"),
        std::string::npos);
    report.last_run = "";
    EXPECT_NE(status_text(report).find("pair main: no run yet\n  what to do: tideway plan"),
              std::string::npos);
}

// ---------------------------------------------------------------- doctor

TEST(FindingsText, puts_errors_first_and_their_cure_beside_them) {
    EXPECT_EQ(findings_text({{Severity::info, "no-zone", "desktop.jobs", "no zone", "set desktop_zone"},
                             {Severity::error, "TW304", "cloud.jobshead", "24 rows share 300.",
                              "CREATE UNIQUE INDEX ...;\nANALYZE jobshead;"},
                             {Severity::warning, "rls", "cloud", "policies hide rows", ""}}),
              R"(ERROR    cloud.jobshead (TW304)
         24 rows share 300.
         cure: CREATE UNIQUE INDEX ...;
               ANALYZE jobshead;
warning  cloud (rls)
         policies hide rows
note     desktop.jobs (no-zone)
         no zone
         cure: set desktop_zone

1 error must be mended before a sync, 1 warning
)");
}

TEST(FindingsText, says_when_all_is_well) {
    EXPECT_EQ(findings_text({}), "ready to sync\n");
    EXPECT_TRUE(findings_text({{Severity::warning, "c", "w", "t", ""}})
                    .ends_with("ready to sync; 1 warning to read first\n"));
}

TEST(FindingsText, never_cuts_errors) {
    const std::string text = findings_text(std::vector<Finding>(30, {Severity::error, "c", "w", "t", ""}));
    EXPECT_EQ(text.find("more (--json"), std::string::npos);
    const std::string notes = findings_text(std::vector<Finding>(30, {Severity::info, "c", "w", "t", ""}));
    EXPECT_NE(notes.find("and 10 more (--json lists all)"), std::string::npos);
}

// ---------------------------------------------------------------- conflicts

ConflictEntry settled() {
    ConflictEntry entry;
    entry.id = 12;
    entry.table = "jobshead";
    entry.key = "job_id=300";
    entry.kind = "update_update";
    entry.winner = "desktop";
    entry.policy = "latest";
    entry.status = "kept";
    entry.at = "2026-01-05 10:00:00Z";
    entry.reason = "the desktop's row is later";
    entry.desktop_row = R"({"job_id":300,"work_desc":"Audit\nnext","job_status":"H","extra":null})";
    entry.cloud_row = R"({"job_id":300,"work_desc":"Audit\nnext","job_status":"C"})";
    return entry;
}

TEST(ConflictsText, lists_them) {
    EXPECT_EQ(conflicts_text({settled()}),
              "id  table     key         what happened               holds    status  found\n"
              "12  jobshead  job_id=300  both sides changed the row  desktop  kept    2026-01-05 10:00:00Z\n"
              "\ntideway conflicts show ID shows both rows\n");
    EXPECT_EQ(conflicts_text({}), "no conflicts and no held rows\n");
}

TEST(ConflictsText, shows_both_rows_and_marks_what_differs) {
    EXPECT_EQ(conflict_text(settled()), R"(conflict 12: jobshead job_id=300
found 2026-01-05 10:00:00Z: both sides changed the row
the desktop's row holds (conflict = "latest")
why: the desktop's row is later

   column      desktop      cloud
   job_id      300          300
   work_desc   Audit\nnext  Audit\nnext
*  job_status  H            C
*  extra       NULL

settled, the other row is kept here; to let it hold after all: tideway conflicts resolve 12 --take cloud
)");
}

TEST(ConflictsText, a_held_row_that_one_side_lacks) {
    ConflictEntry entry = settled();
    entry.kind = "held";
    entry.winner = "";
    entry.status = "open";
    entry.cloud_row.reset();
    const std::string text = conflict_text(entry);
    EXPECT_TRUE(text.starts_with("held row 12: jobshead job_id=300\n")) << text;
    EXPECT_NE(text.find("no side has won: both rows stay as they are\n"), std::string::npos);
    EXPECT_NE(text.find("the cloud has no such row\n"), std::string::npos);
    EXPECT_TRUE(text.ends_with("it waits for you: tideway conflicts resolve 12 --take desktop|cloud\n"))
        << text;
}

TEST(ConflictsText, a_choice_that_was_made_is_told) {
    ConflictEntry entry = settled();
    entry.kind = "held";
    entry.status = "resolved, waits for the next sync";
    const std::string text = conflict_text(entry);
    EXPECT_NE(text.find("\nyou chose the desktop's row\n"), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with("\nresolved, waits for the next sync\n")) << text;
}

TEST(ConflictsText, rows_that_are_not_json_do_no_harm) {
    ConflictEntry entry = settled();
    entry.desktop_row = "{broken";
    EXPECT_NE(conflict_text(entry).find("*  job_status  C\n"), std::string::npos) << conflict_text(entry);
}

// ---------------------------------------------------------------- progress

class ProgressTest : public testing::Test {
  protected:
    std::int64_t now = 0;
    std::ostringstream out;
    ProgressView::MonotonicMicros clock = [this] { return now; };
    static constexpr std::int64_t second = 1'000'000;
};

TEST_F(ProgressTest, away_from_a_terminal_it_is_a_line_every_five_seconds) {
    ProgressView view(out, ProgressKind::lines, clock);
    view.phase("reading");
    for (now = 0; now < 11 * second; now += second / 10) view.table("jobs", now / second * 100, 1200);
    EXPECT_EQ(out.str(),
              "tideway: reading: jobs 500 of 1,200 rows\ntideway: reading: jobs 1,000 of 1,200 rows\n");
}

TEST_F(ProgressTest, on_a_terminal_it_is_a_bar_with_the_time_left) {
    {
        ProgressView view(out, ProgressKind::bar, clock);
        view.phase("reading");
        view.table("jobs", 0, 400);
        now += 10 * second;
        view.table("jobs", 100, 400);
        EXPECT_TRUE(out.str().ends_with("reading: jobs  [#####...............]  25%  100 / 400  30 s left"))
            << out.str();
        now += second / 100;
        view.table("jobs", 101, 400);
        EXPECT_TRUE(out.str().ends_with("100 / 400  30 s left")) << "redrawn too soon";
        view.table("jobs", 400, 400);
        EXPECT_TRUE(out.str().ends_with("[####################] 100%  400 / 400")) << out.str();
    }
    EXPECT_EQ(out.str().back(), '\r') << "the bar is cleared at the end";
}

TEST_F(ProgressTest, it_can_be_silenced) {
    ProgressView view(out, ProgressKind::none, clock);
    view.phase("reading");
    now += 60 * second;
    view.table("jobs", 1, 2);
    EXPECT_EQ(out.str(), "");
}

TEST_F(ProgressTest, an_unknown_total_shows_only_the_count) {
    ProgressView view(out, ProgressKind::bar, clock);
    view.phase("reading");
    now += second;
    view.table("jobs", 1234, 0);
    EXPECT_TRUE(out.str().ends_with("reading: jobs  1,234 rows")) << out.str();
}

}  // namespace
}  // namespace tideway::cli
