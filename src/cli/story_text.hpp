// One row's story in plain words.
#pragma once
#include <string>

#include "model/journal_report.hpp"

namespace tideway::cli {

std::string story_text(const Story& story);

}  // namespace tideway::cli
