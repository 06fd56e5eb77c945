// What undo and explain say, as plain values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/decision.hpp"
#include "model/report.hpp"
#include "model/value.hpp"

namespace tideway {

struct UndoneTable {
    std::string desktop, cloud;
    WriteCounts to_cloud, to_desktop;
    std::int64_t already = 0;  // rows that were back already
    std::int64_t left = 0;     // rows that were not undone, or only a part of the way
};

struct UndoneRow {
    Side side = Side::desktop;
    std::string table, key, action, reason;
};

struct UndoReport {
    std::string run;                // of the undo itself: it can be undone by it
    std::string status;             // ok | attention
    bool dry_run = false;           // nothing was written
    std::vector<std::string> runs;  // that were undone
    std::vector<UndoneTable> tables;
    std::vector<UndoneRow> rows;  // dry run only: what would be written
    std::vector<UndoneRow> left;  // what was not undone, each with its reason
};

struct KeptRun {  // a run whose changes are in the journal
    std::string run, at;
    WriteCounts to_cloud, to_desktop;
    bool undo = false;
};

struct StorySide {
    std::string state;              // "as agreed", "edited since", "deleted since", "new", "absent"
    std::vector<std::string> rows;  // as JSON; more than one only where rows share a key
};

struct StoryVersion {
    std::int64_t entry = 0;  // its number in that side's journal
    Side side = Side::desktop;
    std::string at, run, rule, reason;
    std::string key;                    // with its ordinal, where rows share a key
    std::string action;                 // "inserted", "updated", "deleted", "loaded"
    std::optional<std::string> before;  // the version that was replaced, as JSON
};

struct StoryAgreement {
    std::string key, state, made_on;     // state: "both have the row", "both deleted it", "unknown"
    std::optional<std::string> at, run;  // none: nothing had to be written for it
};

struct StoryWaiting {
    std::int64_t id = 0;  // of `conflicts`; 0: it is not one of those
    std::string key, kind, rule, reason, since, what_to_do;
};

struct Story {
    std::string table, key;
    bool known = false;  // there is, or was, such a row
    StorySide desktop, cloud;
    std::vector<StoryAgreement> agreements;
    std::vector<StoryVersion> versions;  // the newest first
    std::vector<ConflictEntry> conflicts;
    std::vector<StoryWaiting> waiting;
    std::vector<PlannedChange> next;  // what the next run would do
    std::string undo;                 // the command that takes the last change back; empty: there is none
};

}  // namespace tideway
