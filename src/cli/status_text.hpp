// status for people.
#pragma once
#include <string>

#include "base/error.hpp"
#include "model/report.hpp"

namespace tideway::cli {

std::string status_text(const StatusReport& report);

}  // namespace tideway::cli
