// Numbers of conflicts and waiting keys, as people see them.
#pragma once
#include <cstdint>

#include "model/value.hpp"

namespace tideway {

// Numbers of both sides in one list: the desktop's are even, the cloud's odd.
inline std::int64_t public_id(std::int64_t id, Side side) { return 2 * id + (side == Side::cloud ? 1 : 0); }

}  // namespace tideway
