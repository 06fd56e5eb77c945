// Values as they cross between the sides: nullable text cells in the server's own text form under pinned
// settings.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tideway {

enum class Side { desktop, cloud };
inline Side other(Side side) { return side == Side::desktop ? Side::cloud : Side::desktop; }
inline const char* name(Side side) { return side == Side::desktop ? "desktop" : "cloud"; }

using Cell = std::optional<std::string>;
using Cells = std::vector<Cell>;

// 128 bits of one row's mapped columns, as one side's server computes them. Comparable only with the same
// side's.
struct Hash {
    std::int64_t a = 0, b = 0;
    auto operator<=>(const Hash&) const = default;
};

}  // namespace tideway
