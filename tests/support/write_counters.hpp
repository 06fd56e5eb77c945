// Proof that a run wrote nothing to users' tables: tables outside schema tideway (and tideway_* schemas).
#pragma once
#include <string>

#include "support/db.hpp"

namespace tideway::test {

// The exact proof: ctid and xmin of every row of every user's table, as one line per table. Any insert,
// update or delete that was committed in between changes it, a no-op update too; reads, locks and VACUUM do
// not.
std::string row_versions(Db& db);

// Rows inserted + updated + deleted since the statistics began, rolled back ones included. Counts what
// sessions of this thread and sessions that ended have done; throws when another session (a pool's, a
// service's) stays open, because its numbers arrive late: use row_versions() then.
long long write_counters(Db& db);
std::string writes_by_table(Db& db);  // the same, one line per table: name|inserted|updated|deleted

// Where the server's log stands, in bytes: equal before and after = nothing at all was written on that
// server, tideway's own tables and background work included.
long long wal_position(Db& db);

}  // namespace tideway::test
