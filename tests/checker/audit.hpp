// Takes down the history of a pair of databases: triggers that log each row's change to schema `audit`, and
// queries that read that log and the synchroniser's own tables. For tests; the triggers make every write
// dearer.
#pragma once
#include <string>

#include "checker/history.hpp"
#include "support/db.hpp"

namespace tideway::checker {

// Writes of sessions of this role (session_user) are the synchroniser's.
void install_audit(test::Db& db, const std::vector<TableRules>& tables, const std::string& sync_role);

// The last number in the log.
long long last_audit_seq(test::Db& db);

// Adds the writes, the records and the final rows of both sides. Throws where a side cannot be read.
void collect(History& history, test::Db& desktop, test::Db& cloud);

}  // namespace tideway::checker
