// The first contact of a table's two sides, at once instead of row by row: new rows go by COPY straight into
// a cloud table that holds nothing but what was agreed on, and rows that are equal on both sides are linked
// by one comparison in the server. Whatever is in the way, the ordinary batches do the rest.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/gather.hpp"

namespace tideway {

// The state of a run that this moves on.
struct StartState {
    std::string run;
    std::int64_t desktop_fence = 0, cloud_fence = 0, desktop_barrier = 0, cloud_barrier = 0, acknowledged = 0;
};

struct Started {
    std::int64_t loaded = 0, linked = 0;
    bool complete = false;  // nothing else is to be done for the table in this run
};

// For the tables that gather() left unread, by table number. Both sides' barriers must have been raised after
// their snapshots. Throws what is not the rows' fault.
std::map<int, Started> start_at_once(Session& session, Gathered& gathered, StartState& state);

}  // namespace tideway
