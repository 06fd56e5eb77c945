// When each job last ran, in a file: what was missed while the service was down is known at its next start.
#pragma once
#include <string>

#include "daemon/schedule.hpp"

namespace tideway::daemon {

// Empty where there is no such file, or it cannot be understood.
Schedule::Times recall_jobs(const std::string& path);
// Replaces the file whole. False: it cannot be written.
bool remember_jobs(const std::string& path, const Schedule::Times& times);

}  // namespace tideway::daemon
