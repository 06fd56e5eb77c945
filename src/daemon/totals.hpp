// What the runs of this process have done to a pair, added up, and how its tables stood after the last one.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "daemon/moment.hpp"
#include "model/report.hpp"
#include "model/verify_report.hpp"

namespace tideway::daemon {

struct TableTotals {
    WriteCounts to_cloud, to_desktop;   // rows written since the start
    std::map<std::pair<std::string, std::string>, std::int64_t> conflicts;  // found since the start: by policy and winner
    std::int64_t open_conflicts = 0, held = 0, parked = 0, pending = 0;  // after the last run
    std::optional<std::int64_t> protected_rows;                          // likewise
    std::optional<std::int64_t> proven_at;  // microseconds since 1970: when a verify found it equal
};

struct Totals {
    std::map<std::string, TableTotals> tables;        // by the desktop's name
    std::map<std::string, std::int64_t> runs;         // by status, as in PastRun
    std::int64_t guard_stops = 0;                     // runs that a guard stopped
    std::int64_t busy_ms = 0;                         // spent in runs
    std::optional<std::int64_t> forward_at, reverse_at;  // when the last run began after which that direction was
                                                         // up to date; by the steady clock
};

// whole: it was about every table of the pair; else it says nothing about how far the pair is up to date.
void add(Totals& totals, const RunReport& report, Moment began, bool whole);
void add(Totals& totals, const VerifyReport& report, Moment began);

}  // namespace tideway::daemon
