// References that were left empty because the parent was missing at the target (orphans = "null"). Pure.
#pragma once
#include <optional>
#include <vector>

#include "reconcile/pairing.hpp"

namespace tideway {

// The side where a reference of that row is still empty while the other side's row has it; none: there is
// nothing to fill any more.
std::optional<Side> emptied_on(const LinkedTable& table, const KeyWork& work);

// Positions of the columns that are empty on `side` only because a parent was missing there.
std::vector<std::size_t> emptied_columns(const LinkedTable& table, const KeyWork& work, Side side);

}  // namespace tideway
