// Conflicts and held rows of both sides in one list, with what is needed to resolve them.
#pragma once
#include <vector>

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

// The oldest first.
std::vector<ConflictCase> all_cases(Session& session);
// Error(conflict_unknown) where there is none of that number.
ConflictCase case_of(const std::vector<ConflictCase>& cases, std::int64_t id);

}  // namespace tideway
