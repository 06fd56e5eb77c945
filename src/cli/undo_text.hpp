// What an undo says to a person.
#pragma once
#include <string>
#include <vector>

#include "model/journal_report.hpp"

namespace tideway::cli {

std::string undo_text(const UndoReport& report);
std::string kept_runs_text(const std::vector<KeptRun>& runs);

}  // namespace tideway::cli
