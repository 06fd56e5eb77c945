#include "report/report_json.hpp"

namespace tideway {
namespace {

Json row_json(const std::optional<std::string>& row) { return row ? Json::parse(*row, nullptr, false) : Json(nullptr); }

Json difference_json(const FoundDifference& found) {
    return {{"key", found.key},         {"where", found.where},     {"rule", found.rule},
            {"reason", found.reason},   {"columns", found.columns}, {"desktop", row_json(found.desktop_row)},
            {"cloud", row_json(found.cloud_row)}};
}

Json table_json(const TableProof& table) {
    Json out = {{"desktop", table.desktop},         {"cloud", table.cloud},
                {"state", table.state},             {"rows", table.rows},
                {"differences", table.differences}, {"listed", table.listed},
                {"changing", table.changing},       {"ignored", table.ignored},
                {"unproven", table.unproven},       {"found", Json::array()},
                {"resumed", table.resumed},
                {"proven", table.proven ? Json(*table.proven) : Json(nullptr)},
                {"not_compared", table.not_compared.empty() ? Json(nullptr) : Json(table.not_compared)},
                {"duration_ms", table.duration_ms}};
    for (const FoundDifference& found : table.found) out["found"].push_back(difference_json(found));
    return out;
}

}  // namespace

Json verify_json(const VerifyReport& report) {
    Json out = {{"version", 1},
                {"status", report.status},
                {"pair", report.pair},
                {"at", report.at},
                {"duration_ms", report.duration_ms},
                {"tables", Json::array()}};
    for (const TableProof& table : report.tables) out["tables"].push_back(table_json(table));
    out["sent_to_repair"] = report.sent_to_repair;
    out["repair"] = report.repair ? run_json(*report.repair) : Json(nullptr);
    return out;
}

}  // namespace tideway
