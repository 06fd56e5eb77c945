// Numbers of conflicts and waiting keys, as people see them, and places in lists of them.
#pragma once
#include <compare>
#include <cstdint>
#include <string>

#include "model/value.hpp"

namespace tideway {

// Numbers of both sides in one list: the desktop's are even, the cloud's odd.
inline std::int64_t public_id(std::int64_t id, Side side) { return 2 * id + (side == Side::cloud ? 1 : 0); }
inline Side side_of(std::int64_t public_id) { return public_id % 2 == 0 ? Side::desktop : Side::cloud; }
inline std::int64_t own_id(std::int64_t public_id) { return public_id / 2; }

// A place in a list of both sides.
struct ListPlace {
    std::int64_t at_micros = 0, number = 0;
    auto operator<=>(const ListPlace&) const = default;
};

std::string text_of(const ListPlace& place);
// Throws Error(usage).
ListPlace place_in(const std::string& text);

}  // namespace tideway
