#include "report/journal_json.hpp"

namespace tideway {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

// A row is kept as JSON text; text that is none is handed on as it is.
Json row_json(const std::string& row) {
    Json parsed = Json::parse(row, nullptr, false);
    return parsed.is_discarded() ? Json(row) : parsed;
}

Json counts_json(const WriteCounts& counts) {
    return {{"inserted", counts.inserted}, {"updated", counts.updated}, {"deleted", counts.deleted}};
}

Json rows_json(const std::vector<UndoneRow>& rows) {
    Json out = Json::array();
    for (const UndoneRow& row : rows)
        out.push_back({{"side", name(row.side)},
                       {"table", row.table},
                       {"key", row.key},
                       {"action", row.action},
                       {"reason", row.reason}});
    return out;
}

Json side_json(const StorySide& side) {
    Json out = {{"state", side.state}, {"rows", Json::array()}};
    for (const std::string& row : side.rows) out["rows"].push_back(row_json(row));
    return out;
}

Json versions_json(const std::vector<StoryVersion>& versions) {
    Json out = Json::array();
    for (const StoryVersion& version : versions)
        out.push_back({{"at", version.at},
                       {"side", name(version.side)},
                       {"run", version.run},
                       {"key", version.key},
                       {"action", version.action},
                       {"rule", version.rule},
                       {"reason", version.reason},
                       {"entry", version.entry},
                       {"before", version.before ? row_json(*version.before) : Json(nullptr)}});
    return out;
}

Json waiting_json(const std::vector<StoryWaiting>& waiting) {
    Json out = Json::array();
    for (const StoryWaiting& each : waiting)
        out.push_back({{"id", each.id == 0 ? Json(nullptr) : Json(each.id)},
                       {"key", each.key},
                       {"kind", each.kind},
                       {"rule", each.rule},
                       {"reason", each.reason},
                       {"since", each.since},
                       {"what_to_do", each.what_to_do}});
    return out;
}

}  // namespace

Json undo_json(const UndoReport& report) {
    Json out = {{"version", 1},
                {"run", report.run},
                {"status", report.status},
                {"dry_run", report.dry_run},
                {"runs", report.runs},
                {"tables", Json::array()},
                {"left", rows_json(report.left)}};
    for (const UndoneTable& table : report.tables)
        out["tables"].push_back({{"desktop", table.desktop},
                                 {"cloud", table.cloud},
                                 {"to_cloud", counts_json(table.to_cloud)},
                                 {"to_desktop", counts_json(table.to_desktop)},
                                 {"already", table.already},
                                 {"left", table.left}});
    if (report.dry_run) out["rows"] = rows_json(report.rows);
    return out;
}

Json kept_runs_json(const std::vector<KeptRun>& runs) {
    Json out = {{"version", 1}, {"runs", Json::array()}};
    for (const KeptRun& run : runs)
        out["runs"].push_back({{"run", run.run},
                               {"at", run.at},
                               {"undo", run.undo},
                               {"to_cloud", counts_json(run.to_cloud)},
                               {"to_desktop", counts_json(run.to_desktop)}});
    return out;
}

Json story_json(const Story& story) {
    Json out = {{"version", 1},
                {"table", story.table},
                {"key", story.key},
                {"known", story.known},
                {"desktop", side_json(story.desktop)},
                {"cloud", side_json(story.cloud)},
                {"agreements", Json::array()},
                {"versions", versions_json(story.versions)},
                {"conflicts", conflicts_json(story.conflicts)["conflicts"]},
                {"waiting", waiting_json(story.waiting)},
                {"next", Json::array()},
                {"undo", story.undo.empty() ? Json(nullptr) : Json(story.undo)}};
    for (const StoryAgreement& agreement : story.agreements)
        out["agreements"].push_back({{"key", agreement.key},
                                     {"state", agreement.state},
                                     {"made_on", agreement.made_on},
                                     {"at", or_null(agreement.at)},
                                     {"run", or_null(agreement.run)}});
    for (const PlannedChange& next : story.next)
        out["next"].push_back(
            {{"key", next.key}, {"rule", next.rule}, {"action", next.action}, {"reason", next.reason}});
    return out;
}

}  // namespace tideway
