#include "report/report_json.hpp"

namespace tideway {
namespace {

constexpr int json_version = 1;

template <typename T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json counts_json(const WriteCounts& counts) {
    return {{"inserted", counts.inserted}, {"updated", counts.updated}, {"deleted", counts.deleted}};
}

Json table_json(const TableReport& table) {
    Json out;
    out["desktop"] = table.desktop;
    out["cloud"] = table.cloud;
    out["to_cloud"] = counts_json(table.to_cloud);
    out["to_desktop"] = counts_json(table.to_desktop);
    out["adopted"] = table.adopted;
    out["reasserted"] = table.reasserted;
    out["renumbered"] = table.renumbered;
    out["merged"] = table.merged;
    out["conflicts"] = table.conflicts;
    out["settled"] = Json::array();
    for (const auto& [by, count] : table.settled)
        out["settled"].push_back({{"policy", by.first}, {"winner", by.second}, {"count", count}});
    out["open_conflicts"] = table.open_conflicts;
    out["held"] = table.held;
    out["parked"] = table.parked;
    out["pending"] = table.pending;
    out["protected"] = {{"before", or_null(table.protected_before)},
                        {"after", or_null(table.protected_after)},
                        {"removed_by_users", or_null(table.protected_removed)}};
    out["lost"] = table.lost;
    out["rules"] = Json::object();
    for (const auto& [rule, keys] : table.rules) out["rules"][rule] = keys;
    out["capture"] = {{"desktop", table.capture_desktop}, {"cloud", table.capture_cloud}};
    out["not_synced"] = table.not_synced.empty() ? Json(nullptr) : Json(table.not_synced);
    out["stopped"] = table.stopped.empty() ? Json(nullptr) : Json(table.stopped);
    return out;
}

Json rows_json(const std::vector<PlannedChange>& rows) {
    Json out = Json::array();
    for (const PlannedChange& row : rows)
        out.push_back({{"table", row.table},
                       {"key", row.key},
                       {"rule", row.rule},
                       {"action", row.action},
                       {"reason", row.reason}});
    return out;
}

Json guard_json(const std::vector<GuardStop>& stops) {
    Json out = Json::array();
    for (const GuardStop& stop : stops)
        out.push_back({{"table", stop.table},
                       {"what", stop.what},
                       {"count", stop.count},
                       {"of", stop.of},
                       {"reason", stop.reason},
                       {"stopped", stop.stopped}});
    return out;
}

// A row is kept as JSON text; text that is none is handed on as it is.
Json row_json(const std::optional<std::string>& row) {
    if (!row) return nullptr;
    Json parsed = Json::parse(*row, nullptr, false);
    return parsed.is_discarded() ? Json(*row) : parsed;
}

Json written_json(const Written& written) {
    return {{"stamp", or_null(written.stamp)}, {"captured", or_null(written.captured)}};
}

Json stopped_json(const StoppedRun& run) {
    return {{"mode", to_string(run.mode)}, {"direction", to_string(run.direction)}, {"tables", run.tables}};
}

const char* severity_name(Severity severity) {
    switch (severity) {
        case Severity::info:
            return "info";
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    return "?";
}

Json table_status_json(const TableStatus& table) {
    Json out;
    out["desktop"] = table.desktop;
    out["cloud"] = table.cloud;
    out["state"] = table.state;
    out["rows"] = table.rows;
    out["open_conflicts"] = table.open_conflicts;
    out["held"] = table.held;
    out["parked"] = table.parked;
    out["pending"] = table.pending;
    out["last_forward"] = or_null(table.last_forward);
    out["last_reverse"] = or_null(table.last_reverse);
    out["last_proof"] = or_null(table.last_proof);
    out["reason"] = table.reason.empty() ? Json(nullptr) : Json(table.reason);
    return out;
}

}  // namespace

Json run_json(const RunReport& report) {
    Json out;
    out["version"] = json_version;
    out["run"] = report.run;
    out["status"] = report.status;
    out["mode"] = to_string(report.mode);
    out["direction"] = to_string(report.direction);
    out["duration_ms"] = report.duration_ms;
    out["plan_hash"] = report.plan_hash;
    out["tables"] = Json::array();
    for (const TableReport& table : report.tables) out["tables"].push_back(table_json(table));
    out["guard"] = guard_json(report.guard);
    out["idle"] = report.idle;
    out["receipts_booked"] = report.receipts_booked;
    out["desktop_rolled_back"] = report.desktop_rolled_back;
    out["cloud_rolled_back"] = report.cloud_rolled_back;
    out["clock_offset_ms"] = report.clock_offset_ms;
    out["remarks"] = report.remarks;
    out["rehearsal"] = report.rehearsal;
    out["only_tables"] = report.only_tables;
    if (report.status == "failed")
        out["error"] = error_json(report.error_code, report.error_text, report.error_hint)["error"];
    return out;
}

Json plan_json(const RunReport& report, bool with_rows) {
    Json out = run_json(report);
    if (with_rows) out["rows"] = rows_json(report.rows);
    return out;
}

Json status_json(const StatusReport& report) {
    Json out;
    out["version"] = json_version;
    out["pair"] = report.pair;
    const auto or_none = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    out["last_run"] = {{"run", or_none(report.last_run)},
                       {"at", or_none(report.last_run_at)},
                       {"status", or_none(report.last_run_status)}};
    out["stopped_plan"] = report.stopped ? Json(report.stopped->plan_hash) : Json(nullptr);
    out["stopped_run"] = report.stopped ? stopped_json(*report.stopped) : Json(nullptr);
    out["lag_seconds"] = or_null(report.lag_seconds);
    out["lease_holder"] = or_none(report.lease_holder);
    out["journal"] = Json::object();
    for (const JournalStatus& journal : report.journals)
        out["journal"][name(journal.side)] = {{"bytes", journal.bytes}, {"oldest", or_null(journal.oldest)}};
    out["tables"] = Json::array();
    for (const TableStatus& table : report.tables) out["tables"].push_back(table_status_json(table));
    out["alerts_failing"] = Json::array();
    for (const AlertFailure& each : report.alerts)
        out["alerts_failing"].push_back(
            {{"channel", each.channel}, {"code", each.code}, {"text", each.text}, {"since", each.since}});
    return out;
}

Json findings_json(const std::vector<Finding>& findings) {
    Json out = {{"version", json_version}, {"errors", 0}, {"warnings", 0}, {"findings", Json::array()}};
    for (const Finding& finding : findings) {
        if (finding.severity == Severity::error) out["errors"] = out["errors"].get<int>() + 1;
        if (finding.severity == Severity::warning) out["warnings"] = out["warnings"].get<int>() + 1;
        out["findings"].push_back({{"severity", severity_name(finding.severity)},
                                   {"code", finding.code},
                                   {"where", finding.where},
                                   {"text", finding.text},
                                   {"remedy", finding.remedy}});
    }
    return out;
}

Json conflict_json(const ConflictEntry& entry) {
    Json out;
    out["id"] = entry.id;
    out["table"] = entry.table;
    out["key"] = entry.key;
    out["kind"] = entry.kind;
    out["winner"] = entry.winner;
    out["policy"] = entry.policy;
    out["status"] = entry.status;
    out["at"] = entry.at;
    out["reason"] = entry.reason;
    out["desktop"] = row_json(entry.desktop_row);
    out["cloud"] = row_json(entry.cloud_row);
    const auto or_none = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    out["run"] = or_none(entry.run);
    out["rule"] = or_none(entry.rule);
    out["origin"] = or_none(entry.origin);
    out["written"] = {{"desktop", written_json(entry.desktop)}, {"cloud", written_json(entry.cloud)}};
    return out;
}

Json conflicts_json(const std::vector<ConflictEntry>& entries) {
    Json out = {{"version", json_version}, {"conflicts", Json::array()}};
    for (const ConflictEntry& entry : entries) out["conflicts"].push_back(conflict_json(entry));
    return out;
}

Json resolutions_json(const std::vector<Resolution>& resolutions, const std::string& take) {
    Json out = {{"version", json_version}, {"status", "ok"}};
    if (resolutions.size() == 1) out["id"] = resolutions.front().id;
    out["take"] = take;
    out["resolved"] = Json::array();
    for (const Resolution& each : resolutions) {
        if (!each.done()) out["status"] = "attention";
        out["resolved"].push_back({{"id", each.id},
                                   {"table", each.table},
                                   {"key", each.key},
                                   {"outcome", each.outcome},
                                   {"reason", each.reason.empty() ? Json(nullptr) : Json(each.reason)}});
    }
    return out;
}

Json runs_of_json(const std::vector<RunOfTable>& runs) {
    Json out = {{"version", json_version}, {"runs", Json::array()}};
    for (const RunOfTable& run : runs)
        out["runs"].push_back({{"run", run.run},
                               {"at", run.at},
                               {"status", run.status},
                               {"mode", run.mode},
                               {"direction", run.direction},
                               {"duration_ms", run.duration_ms},
                               {"to_cloud", counts_json(run.to_cloud)},
                               {"to_desktop", counts_json(run.to_desktop)},
                               {"adopted", run.adopted},
                               {"conflicts", run.conflicts},
                               {"open_conflicts", run.open_conflicts},
                               {"held", run.held},
                               {"parked", run.parked},
                               {"pending", run.pending},
                               {"reason", run.reason.empty() ? Json(nullptr) : Json(run.reason)}});
    return out;
}

Json parked_json(const std::vector<ParkedEntry>& entries) {
    Json out = {{"version", json_version}, {"parked", Json::array()}};
    for (const ParkedEntry& entry : entries)
        out["parked"].push_back({{"table", entry.table},
                                 {"key", entry.key},
                                 {"sqlstate", entry.sqlstate},
                                 {"reason", entry.reason},
                                 {"detail", entry.detail},
                                 {"constraint", entry.constraint},
                                 {"rule", entry.rule},
                                 {"since", entry.since}});
    return out;
}

Json config_json(const Config& config) {
    Json out = {{"version", json_version},
                {"status", "ok"},
                {"path", config.path},
                {"pair", config.pair},
                {"tables", Json::array()}};
    for (const TableSetting& table : config.tables)
        out["tables"].push_back({{"desktop", table.desktop}, {"cloud", table.cloud}});
    return out;
}

Json error_json(std::string_view code, const std::string& message, const std::string& hint) {
    return {{"version", json_version},
            {"status", "failed"},
            {"error", {{"code", code}, {"message", message}, {"hint", hint}}}};
}

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tideway
