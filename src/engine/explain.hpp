// explain: one row's story, from both sides, the base, the journals, the conflict records and the waiting
// list.
#pragma once
#include <string>
#include <vector>

#include "engine/session.hpp"
#include "model/journal_report.hpp"

namespace tideway {

// The table must be the only one that is selected; key as for Undo. Writes nothing.
Story explain_row(Session& session, const LinkedTable& table, const Key& key);

}  // namespace tideway
