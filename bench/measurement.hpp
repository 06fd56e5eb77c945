// What a case found out, as plain values.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "measured_run.hpp"

namespace tideway::bench {

// What a piece of work took: by the clock, and of all processors in the programs and servers that did it.
struct Cost {
    double seconds = 0, cpu = 0;
    Cost operator+(const Cost& other) const { return {seconds + other.seconds, cpu + other.cpu}; }
};

// One repetition: what is measured and its floor, one right after the other.
struct Sample {
    Cost own, floor;
    double ratio() const { return own.seconds / floor.seconds; }
};

// What the project wants to reach; a time is only meant for machines like the one it was set on.
struct Goal {
    std::optional<double> ratio = {};
    std::optional<double> milliseconds = {};
    std::optional<long> round_trips = {};
};

// What went over the line to the cloud, after connecting was counted out.
struct Wire {
    long round_trips = 0;
    long long to_server = 0, to_client = 0;  // bytes
};

struct Measurement {
    std::string name, what, floor;  // for people: "first forward sync", "COPY to COPY"
    long long rows = 0;             // of the table, or changed: as `what` says
    Goal goal = {};
    std::vector<Sample> samples = {};
    long peak_kib = 0;              // the most memory that a run of the program held; 0 = it did not run
    std::optional<Wire> wire = {};  // of the last repetition
    std::optional<long long> wal_bytes = {};  // that the cloud's server wrote in it
    std::string failure = {};                 // why there are no samples
    std::string not_here = {};                // why the case was left out: something is not installed, or was not asked for

    void note(const MeasuredRun& run) { peak_kib = std::max(peak_kib, run.peak_kib); }

    double ratio() const;  // medians
    std::optional<double> cpu_ratio() const;  // none where the floor is no work of this machine
    double seconds() const;
    double floor_seconds() const;
    bool reached() const;  // the goal
};

}  // namespace tideway::bench
