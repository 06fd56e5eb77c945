// The guard's limits as numbers of rows (DESIGN.md 10.18).
#pragma once
#include <algorithm>
#include <cstdint>

#include "config/config.hpp"
#include "store/store.hpp"

namespace tideway {

inline std::int64_t limit_rows(const Limit& limit, std::int64_t of) {
    return std::max<std::int64_t>(limit.rows,
                                  static_cast<std::int64_t>(limit.percent / 100.0 * static_cast<double>(of)));
}

// Rows that could be changed or deleted: at first contact there is no base yet.
inline std::int64_t rows_at_stake(const Tally& tally) { return tally.base_rows + tally.on_both; }

}  // namespace tideway
