// The commands that show and let through what a guard stopped.
#pragma once
#include <string>

#include "model/report.hpp"

namespace tideway::cli {

// Of a run like the one that was stopped: another one may not find the same rows.
std::string plan_command(const StoppedRun& run);
std::string confirm_command(const StoppedRun& run);

}  // namespace tideway::cli
