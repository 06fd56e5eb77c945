// What doctor found, for people: the worst first.
#pragma once
#include <string>
#include <vector>

#include "model/report.hpp"

namespace tideway::cli {

std::string findings_text(const std::vector<Finding>& findings);

}  // namespace tideway::cli
