// Which desktop row, base entry and cloud row are one and the same, among all those that bear one key.
// Pure. Where a key names one row at most there is nothing to choose; where rows repeat
// (identity = "business_key+ordinal", "full_row") this decides (correctness.md 2.2).
#pragma once
#include <vector>

#include "model/decision.hpp"
#include "reconcile/merge.hpp"
#include "store/store.hpp"

namespace tideway {

// One key with everything known about it, and the decision.
struct KeyWork {
    Candidate candidate;
    RowImage cloud;
    Decision decision;
    std::optional<MergedRow> merged = {};  // where both sides edited a row of a merged table
};

// Every row and every live entry of the group stands in exactly one work; a row that equals what a side had
// at the agreement stays with that entry, equal rows of both sides meet, and only then are the rest matched
// by likeness. Of the rows that a filter leaves out only those count that were agreed on before. Works are
// undecided. The group's rows are moved out of it.
std::vector<KeyWork> pair_rows(CandidateGroup group, std::vector<RowImage> cloud, const LinkedTable& table);

}  // namespace tideway
