#include <gtest/gtest.h>

#include "report/report_json.hpp"

namespace tideway::cli {
namespace {

std::set<std::string> keys_of(const Json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
}

RunReport a_run() {
    RunReport report;
    report.run = "6f1c";
    report.status = "attention";
    report.mode = Mode::full;
    report.direction = Direction::forward;
    report.duration_ms = 4210;
    report.plan_hash = "4f3a";
    report.clock_offset_ms = -5;
    TableReport table;
    table.desktop = "mbreminder";
    table.cloud = "reminder";
    table.to_cloud = {1, 2, 3};
    table.to_desktop = {4, 5, 6};
    table.adopted = 7;
    table.conflicts = 8;
    table.settled = {{{"latest", "cloud"}, 8}};
    table.open_conflicts = 9;
    table.held = 10;
    table.parked = 11;
    table.pending = 12;
    table.protected_before = 13;
    table.protected_after = 14;
    table.rules = {{"R7", 15}};
    table.capture_desktop = "xmin";
    table.capture_cloud = "changelog";
    report.tables = {table};
    report.guard = {{"reminder", "would delete 16 of 17 rows", 16, 17, "deletes"}};
    report.remarks = {"remark"};
    report.only_tables = {"mbreminder"};
    return report;
}

TEST(RunJson, holds_every_number_of_the_report) {
    EXPECT_EQ(run_json(a_run()), Json::parse(R"({
        "version": 1, "run": "6f1c", "status": "attention", "mode": "full", "direction": "forward",
        "duration_ms": 4210, "plan_hash": "4f3a",
        "tables": [{"desktop": "mbreminder", "cloud": "reminder",
                    "to_cloud": {"inserted": 1, "updated": 2, "deleted": 3},
                    "to_desktop": {"inserted": 4, "updated": 5, "deleted": 6},
                    "adopted": 7, "reasserted": 0, "renumbered": 0, "merged": 0, "conflicts": 8, "settled": [{"policy": "latest", "winner": "cloud", "count": 8}], "open_conflicts": 9, "held": 10, "parked": 11, "pending": 12,
                    "protected": {"before": 13, "after": 14, "removed_by_users": null}, "lost": 0, "rules": {"R7": 15},
                    "capture": {"desktop": "xmin", "cloud": "changelog"}, "not_synced": null, "stopped": null}],
        "guard": [{"table": "reminder", "what": "would delete 16 of 17 rows", "count": 16, "of": 17, "reason": "deletes",
                   "stopped": true}],
        "idle": false, "receipts_booked": 0, "desktop_rolled_back": false, "cloud_rolled_back": false,
        "clock_offset_ms": -5, "remarks": ["remark"], "rehearsal": false, "only_tables": ["mbreminder"]})"));
}

TEST(RunJson, is_one_line_that_begins_with_the_version) {
    const std::string text = dump(run_json(a_run()));
    EXPECT_TRUE(text.starts_with("{\"version\":1,\"run\":\"6f1c\",")) << text;
    EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(RunJson, unknown_counts_are_null_and_reasons_are_texts) {
    RunReport report = a_run();
    report.tables[0].protected_before.reset();
    report.tables[0].protected_after.reset();
    report.tables[0].not_synced = "why";
    const Json table = run_json(report)["tables"][0];
    EXPECT_EQ(table["protected"], Json::parse(R"({"before": null, "after": null, "removed_by_users": null})"));
    EXPECT_EQ(table["not_synced"], "why");
}

TEST(RunJson, a_failed_run_carries_its_error) {
    RunReport report = a_run();
    EXPECT_FALSE(run_json(report).contains("error"));
    report.status = "failed";
    report.error_code = "TW206";
    report.error_text = "broke";
    report.error_hint = "again";
    EXPECT_EQ(run_json(report)["error"],
              Json::parse(R"({"code": "TW206", "message": "broke", "hint": "again"})"));
}

TEST(PlanJson, adds_every_row_when_asked) {
    RunReport report = a_run();
    for (int i = 0; i < 30; ++i) report.rows.push_back({"t", std::to_string(i), "R7", "update", "why"});
    EXPECT_FALSE(plan_json(report, false).contains("rows"));
    const Json rows = plan_json(report, true)["rows"];
    ASSERT_EQ(rows.size(), 30U);
    EXPECT_EQ(
        rows[29],
        Json::parse(R"({"table": "t", "key": "29", "rule": "R7", "action": "update", "reason": "why"})"));
}

TEST(StatusJson, has_one_object_per_table) {
    StatusReport report;
    report.pair = "main";
    report.tables.resize(1);
    report.tables[0].state = "in sync";
    report.tables[0].last_forward = "2026";
    const Json json = status_json(report);
    EXPECT_EQ(json["version"], 1);
    EXPECT_EQ(json["pair"], "main");
    EXPECT_EQ(json["last_run"], Json::parse(R"({"run": null, "at": null, "status": null})"));
    EXPECT_TRUE(json["lag_seconds"].is_null());
    EXPECT_EQ(keys_of(json["tables"][0]),
              (std::set<std::string>{"desktop", "cloud", "state", "rows", "open_conflicts", "held", "parked",
                                     "pending", "last_forward", "last_reverse", "last_proof", "reason"}));
    EXPECT_EQ(json["tables"][0]["last_forward"], "2026");
    EXPECT_TRUE(json["tables"][0]["last_reverse"].is_null());
}

TEST(FindingsJson, counts_errors_and_warnings) {
    const Json json = findings_json({{Severity::error, "TW304", "cloud.t", "text", "cure"},
                                     {Severity::warning, "w", "", "", ""},
                                     {Severity::info, "i", "", "", ""}});
    EXPECT_EQ(json["errors"], 1);
    EXPECT_EQ(json["warnings"], 1);
    EXPECT_EQ(json["findings"][0], Json::parse(R"({"severity": "error", "code": "TW304", "where": "cloud.t",
                                                   "text": "text", "remedy": "cure"})"));
    EXPECT_EQ(json["findings"][2]["severity"], "info");
}

TEST(ConflictJson, holds_the_rows_as_objects) {
    ConflictEntry entry;
    entry.id = 3;
    entry.kind = "held";
    entry.desktop_row = R"({"id": 1, "big": 12345678901234567890})";
    const Json json = conflicts_json({entry})["conflicts"][0];
    EXPECT_EQ(json["id"], 3);
    EXPECT_EQ(json["desktop"], Json::parse(R"({"id": 1, "big": 12345678901234567890})"));
    EXPECT_TRUE(json["cloud"].is_null());
    entry.desktop_row = "no json";
    EXPECT_EQ(conflict_json(entry)["desktop"], "no json");
}

TEST(Json, bytes_that_are_not_utf8_do_not_break_the_output) {
    EXPECT_EQ(dump(Json("a\xff")), "\"a\xef\xbf\xbd\"\n");
}

}  // namespace
}  // namespace tideway::cli
