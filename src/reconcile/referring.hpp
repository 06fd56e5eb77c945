// How a row of one table names a row of another one. Pure.
#pragma once
#include <string>
#include <vector>

#include "store/store.hpp"

namespace tideway {

// A key may be spelled otherwise where it is referred to: 5000.00, or with blanks behind it.
Cell plain(Cell cell);

// The cells that refer to these columns of the parent, in their order; empty if some are missing.
Cells referring_cells(const Reference& reference, const RowImage& row,
                      const std::vector<std::string>& wanted);

}  // namespace tideway
