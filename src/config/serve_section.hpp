// [serve] and [[serve.job]] of the file.
#pragma once
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/section.hpp"

namespace tideway::config {

// The defaults where there is no such section. `path`: of the configuration file; what is relative is relative
// to its folder. `tables`: those that a job may name.
ServeConfig read_serve(Section& top, const std::string& path, const std::vector<TableSetting>& tables);

}  // namespace tideway::config
