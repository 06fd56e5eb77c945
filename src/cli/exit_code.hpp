// Which exit code a result means (DESIGN.md section 5).
#pragma once
#include <vector>

#include "base/error.hpp"
#include "model/report.hpp"
#include "model/verify_report.hpp"

namespace tideway::cli {

Exit exit_of(const RunReport& report);
Exit exit_of(const VerifyReport& report);
Exit exit_of(const StatusReport& report);
Exit exit_of(const std::vector<Finding>& findings);  // failed when there is an error among them

}  // namespace tideway::cli
