// The lines of COPY text in which a load's agreements travel: to the cloud's inbox, and into the base.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

// Stands before the lines of a receipt in which both sides have the same hash and stamp: key, hash, stamp.
constexpr std::string_view same_on_both = "=\n";

// Key, the desktop's hash, the cloud's, the desktop's stamp, the cloud's.
void append_booked(std::string& out, const LoadRow& row, const RowOutcome& written);

// The receipts that one load left, a row each; `load` has what they share.
void expand_load(const Receipt& load, std::string_view lines, std::vector<Receipt>& receipts);

}  // namespace tideway::pg
