// collision = "remap": where both sides created a row under one key, the desktop's gets another one, and the
// rows that refer to it follow. The cloud's keys never change.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/gather.hpp"

namespace tideway {

struct Renumbered {
    std::map<int, std::int64_t> rows;  // by table number
    std::vector<std::string> remarks;  // rows that keep waiting, and why
    bool any() const { return !rows.empty(); }
};

// The lease must be held; afterwards the gathered snapshots are out of date if any() is true. More rows of a
// table than guard.max_updates allows are left to a person.
Renumbered renumber_collisions(Session& session, Gathered& gathered, Direction direction,
                               const std::string& run, std::int64_t desktop_fence);

}  // namespace tideway
