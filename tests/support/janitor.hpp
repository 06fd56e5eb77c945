// Nothing that a test started or created outlives the test process, even when that is killed: one watchdog
// (janitor.sh) per test process learns of every child and directory, and clears up when its pipe closes.
#pragma once
#include <sys/types.h>

#include <string>

namespace tideway::test::janitor {

void process_started(pid_t pid);
void process_reaped(pid_t pid);
void directory_made(const std::string& path);
void directory_removed(const std::string& path);

}  // namespace tideway::test::janitor
