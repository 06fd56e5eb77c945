// The first load of a table: new rows go by COPY straight into the cloud's table as long as that holds
// nothing but what was agreed on. Whatever is in the way, the ordinary batches do the rest.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/gather.hpp"

namespace tideway {

// The state of a run that loading moves on.
struct LoadState {
    std::string run;
    std::int64_t desktop_fence = 0, cloud_fence = 0, desktop_barrier = 0, acknowledged = 0;
};

// Tables whose rows may be loaded: gather() left them unread. Both sides' barriers must have been raised
// after their snapshots. Returns the rows loaded, by table number. Throws what is not the rows' fault.
std::map<int, std::int64_t> load_tables(Session& session, Gathered& gathered, LoadState& state);

}  // namespace tideway
