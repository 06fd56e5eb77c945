// Processor time, which says what a run costs also where other programs take their share of the machine.
#pragma once
#include <sys/types.h>

namespace tideway::bench {

// User and system time of this process and of those that it started and has waited for; seconds.
double cpu_of_us();

struct TreeTime {
    double seconds = 0;  // of a process, of its children, and of those of them that have ended
    int children = 0;
};
TreeTime cpu_of_tree(pid_t parent);

}  // namespace tideway::bench
