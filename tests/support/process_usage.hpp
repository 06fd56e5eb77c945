// What a running process holds, as the kernel counts it.
#pragma once
#include <sys/types.h>

namespace tideway::test {

struct ProcessUsage {
    long kib = 0;       // of memory, now
    long peak_kib = 0;  // of memory, at most so far
    long threads = 0;
    long files = 0;  // open ones, sockets among them
};

// All zero for a process that is gone.
ProcessUsage usage_of(pid_t pid);

}  // namespace tideway::test
