// Reports as JSON (docs/cli.md). Fields are only ever added; "version" changes when one changes its meaning.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "config/config.hpp"
#include "model/report.hpp"
#include "model/verify_report.hpp"

namespace tideway {

using Json = nlohmann::ordered_json;

Json run_json(const RunReport& report);  // of sync
Json plan_json(const RunReport& report, bool with_rows);
Json verify_json(const VerifyReport& report);
Json status_json(const StatusReport& report);
Json findings_json(const std::vector<Finding>& findings);
Json conflict_json(const ConflictEntry& entry);
Json conflicts_json(const std::vector<ConflictEntry>& entries);
Json resolutions_json(const std::vector<Resolution>& resolutions, const std::string& take);
Json runs_of_json(const std::vector<RunOfTable>& runs);
Json parked_json(const std::vector<ParkedEntry>& entries);
Json config_json(const Config& config);
Json error_json(std::string_view code, const std::string& message, const std::string& hint);

// One line ending in a newline. Bytes that are not UTF-8 become U+FFFD.
std::string dump(const Json& json);

}  // namespace tideway
