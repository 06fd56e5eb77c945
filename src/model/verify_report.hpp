// What verify says, as plain values. The command line turns them into text, JSON and a page.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/report.hpp"

namespace tideway {

// A key whose rows are not equal and that nothing explains.
struct FoundDifference {
    std::string key;
    std::string where;         // differs | only on the desktop | only in the cloud
    std::string rule, reason;  // of the decision table: what --repair would make of it
    std::vector<std::string> columns = {};                            // that differ, by their desktop names
    std::optional<std::string> desktop_row = {}, cloud_row = {};      // JSON
};

struct TableProof {
    std::string desktop, cloud;
    std::string state;                                  // equal | waiting | differs | not compared
    std::int64_t rows = 0;                              // of the desktop
    std::int64_t differences = 0;                       // keys; all of them, also those that are not in `found`
    std::int64_t listed = 0, changing = 0, ignored = 0;  // keys that differ for a known reason
    std::int64_t unproven = 0;  // of those changing: a run was at work whenever they were looked at
    std::vector<FoundDifference> found = {};
    bool resumed = false;                     // part of it was proven by an interrupted verify
    std::optional<std::string> proven = {};   // as of when; ISO, UTC
    std::string not_compared = {};            // why
    std::int64_t duration_ms = 0;
};

struct VerifyReport {
    std::string status;  // ok | attention | differs | guard
    std::string pair, at;
    std::int64_t duration_ms = 0;
    std::vector<TableProof> tables;
    std::optional<RunReport> repair = {};   // the run that --repair made
    std::int64_t sent_to_repair = 0;        // keys
    std::vector<std::string> remarks = {};
};

}  // namespace tideway
