// One run of a program, with its wall clock time and the most memory that it held.
#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace tideway::bench {

struct MeasuredRun {
    int exit_code = 0;  // minus the signal's number when one ended it
    std::string out, err;
    double seconds = 0;  // from start to end, loading included
    long peak_kib = 0;   // ru_maxrss; never less than what this process itself held when it started the other
};

// PG* and TIDEWAY_* variables are hidden from the program. Throws when it does not end before the deadline.
MeasuredRun measured_run(const std::vector<std::string>& argv, std::chrono::seconds deadline);

}  // namespace tideway::bench
