// What a run or a plan says to a person: a table, a verdict in one line, then what waits and what to do about
// it.
#pragma once
#include <string>

#include "model/report.hpp"

namespace tideway::cli {

std::string run_text(const RunReport& report);
std::string plan_text(const RunReport& report, bool with_rows);

}  // namespace tideway::cli
