// Where files that the program writes for itself lie unless the configuration says otherwise.
#pragma once
#include <string>

namespace tideway::config {

// "/etc/tideway/main.toml" and ".jobs" make "main.jobs": in the folder that systemd set up for the service
// (STATE_DIRECTORY), else beside the configuration file.
std::string state_file(const std::string& config_path, const std::string& ending);
// A path as the configuration gives it: relative to the configuration file.
std::string beside(const std::string& config_path, const std::string& file);

}  // namespace tideway::config
