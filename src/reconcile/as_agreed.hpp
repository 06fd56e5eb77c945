// Rows of the cloud that need not be read: nothing was found there about their keys, and all that the rules would do is write
// over them. Whether they still are what was agreed on is what the write itself asks, row by row; where one is not, it has
// raced, and is read and decided again. Pure.
#pragma once
#include "store/reading.hpp"

namespace tideway {

// Whether the decision on a row of the cloud that is as agreed on looks at its key and its references only. Not where rows
// share a key, are merged, filtered or name others by their keys: there each cell may matter to which row is which.
bool may_leave_cells_out(const LinkedTable& table);

// The cloud's row as the base knows it; none where it has to be read: the cloud was written, a row waits, or the decision looks
// at more than the hash covers.
std::optional<RowImage> cloud_as_agreed(const CandidateGroup& group, const LinkedTable& table, Direction direction,
                                        const ClockFacts& clocks);

}  // namespace tideway
