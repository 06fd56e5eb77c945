// From what was read to what is written: pure functions between the stores.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/report.hpp"
#include "reconcile/collisions.hpp"
#include "reconcile/pairing.hpp"

namespace tideway {

// Pairs the rows of each key with the cloud's rows of the same key and decides each pair. collisions: those
// of the parents' tables, read before; this table's are added. evaluate: for columns with an expression.
std::vector<KeyWork> reconcile(std::vector<CandidateGroup> groups, std::vector<RowImage> cloud_rows,
                               const LinkedTable& table, Direction direction, const ClockFacts& clocks,
                               Collisions& collisions, const Evaluate& evaluate = {});

// M if first seen at the cloud alone or marked M there, else D; fixed at first sight (DESIGN.md 10.2).
Origin origin_of(const KeyWork& work);

// The row to write on `target`; work.decision must say so.
PlannedRow planned_row(const LinkedTable& table, const KeyWork& work, Side target);

// The agreement after the row was written on `target` with that outcome.
Agreement agreement_after(const LinkedTable& table, const PlannedRow& row, const RowOutcome& outcome,
                          Side target);
// The agreement where nothing has to be written (adopt, bury).
Agreement agreement_found(const LinkedTable& table, const KeyWork& work);

// What is known of who wrote what and when, as ConflictNote keeps it.
std::string facts_as_json(const KeyWork& work);

// Counts a decision into the report of its table.
void count(TableReport& report, const Decision& decision);

// One line of plan --rows.
PlannedChange describe(const LinkedTable& table, const KeyWork& work);

// The linked columns of a row under that side's names, as a JSON object of strings and nulls.
std::string row_as_json(const LinkedTable& table, const RowImage& row, Side side);

// Names one decision with both rows that it was made on; none where nothing would be written and nobody would
// be asked. Where rows repeat, equal rows have equal prints.
std::optional<std::uint64_t> print_of(const LinkedTable& table, const KeyWork& work);

// Order-free digest of decisions: equal plans have equal hashes, whatever order they were made in.
class PlanHash {
  public:
    void add(const LinkedTable& table, const KeyWork& work);
    void add(std::uint64_t print);
    void add(const PlanHash& other);
    std::string text() const;  // 16 hex digits; of the empty plan as well

  private:
    std::uint64_t sum_ = 0, mix_ = 0;
};

}  // namespace tideway
