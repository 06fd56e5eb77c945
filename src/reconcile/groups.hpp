// Rows of a batch that belong together because references connect them (DESIGN.md 10.9). Pure.
#pragma once
#include <cstddef>
#include <utility>

#include "store/store.hpp"

namespace tideway {

std::size_t row_count(const Batch& batch);

// Whether references connect all rows of the batch with each other. Deleted rows are not connected.
bool is_one_group(const Batch& batch);

// Two halves, as equal as may be without tearing a group; where the batch is one group it is cut between
// rows. Both keep the order of sections and rows, so parents stay before children. Rows are moved.
std::pair<Batch, Batch> split(Batch batch);

}  // namespace tideway
