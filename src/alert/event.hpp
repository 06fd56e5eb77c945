// What a run gives people reason to be told, as plain values. No row data enters here: counts, names of
// tables and codes are all that an alert may say.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "model/alert_kind.hpp"
#include "model/report.hpp"
#include "model/verify_report.hpp"

namespace tideway::alert {

// Where something can be the case: a kind and a table (its desktop name; empty: the pair as a whole).
using Place = std::pair<AlertKind, std::string>;

struct Condition {
    Place place;
    std::int64_t count = 0;  // of rows, where it counts any
    std::string code;        // run_failed: "TW201"
    std::string detail = {};
    // What makes it another event than the one before at the same place: reasons of stops, codes, the run that lost rows.
    std::vector<std::string> signs = {};
};

// What somebody looked at, and what was found there. A place that was judged and where nothing is present is
// over.
struct Observation {
    std::string run, status;  // of a run: as in its report
    std::vector<Condition> present;
    std::vector<Place> judged;
};

Observation observe(const RunReport& report);
// Tables that were compared, and the run that a repair made.
Observation observe(const VerifyReport& report);
// A run that ended with an error. Empty where nobody needs to be told: another run is at work, or somebody
// asked this one to stop.
Observation observe(const Error& error);

}  // namespace tideway::alert
