// What a transaction of ours wrote, compared with its plan: cascades and triggers show here.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "db/postgres/connection.hpp"
#include "model/table.hpp"

namespace tideway::pg {

struct Writes {
    std::int64_t inserted = 0, updated = 0, deleted = 0;
};

class PlannedWrites {
  public:
    void add(const LinkedTable& table, Side side, const Writes& writes);
    Writes of(const sql::TableName& name) const;
    bool declared(const sql::TableName& name) const { return side_effects_.contains(name.quoted()); }
    // Quoted names of the tables that are to be written.
    std::set<std::string> written() const;

  private:
    std::map<std::string, Writes> tables_;
    std::set<std::string> side_effects_;
};

// Before the first write of the transaction; posted.
void remember_writes(Connection& connection);
// Behind the last one; posted.
Answer ask_writes(Connection& connection);
// Refused (TW408) if this transaction wrote anything to users' tables that is neither planned nor declared.
void check_side_effects(Connection& connection, Side side, const Answer& writes, const PlannedWrites& planned);

}  // namespace tideway::pg
