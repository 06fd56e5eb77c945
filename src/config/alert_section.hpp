// [alert] of the file.
#pragma once
#include <optional>

#include "config/config.hpp"
#include "config/section.hpp"

namespace tideway::config {

// None: there is no such section. `path`: of the configuration file; what is relative is relative to its
// folder.
std::optional<AlertSetting> read_alert(Section& top, const std::string& path);

}  // namespace tideway::config
