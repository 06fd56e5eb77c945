// A conflict or held row of either side, with what is needed to resolve it.
#pragma once
#include "engine/session.hpp"
#include "model/report.hpp"

namespace tideway {

struct ConflictCase {
    ConflictEntry entry;
    std::int64_t number = 0;  // in that side's list
    int table_id = 0;
    Key key;
    Side side = Side::desktop;  // whose state holds it; of a settled one, the side whose row lost
    bool settled = false;       // else it waits for somebody
    Versions seen = {};         // of one that waits: the rows that the last run looked at, or that somebody chose between
};

// The one of that number, without its live rows. Error(conflict_unknown) where there is none.
ConflictCase case_of(Session& session, std::int64_t id);

}  // namespace tideway
