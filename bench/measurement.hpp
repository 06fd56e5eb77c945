// What a case found out, as plain values.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace tideway::bench {

// One repetition: what is measured and its floor, one right after the other.
struct Sample {
    double seconds, floor_seconds;
    double ratio() const { return seconds / floor_seconds; }
};

// What the project wants to reach; a time is only meant for machines like the one it was set on.
struct Goal {
    std::optional<double> ratio = {};
    std::optional<double> milliseconds = {};
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

    double ratio() const;  // medians
    double seconds() const;
    double floor_seconds() const;
    bool reached() const;  // the goal
};

}  // namespace tideway::bench
