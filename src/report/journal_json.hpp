// undo and explain as JSON (docs/cli.md).
#pragma once
#include <vector>

#include "model/journal_report.hpp"
#include "report/report_json.hpp"

namespace tideway {

Json undo_json(const UndoReport& report);
Json kept_runs_json(const std::vector<KeptRun>& runs);
Json story_json(const Story& story);

}  // namespace tideway
