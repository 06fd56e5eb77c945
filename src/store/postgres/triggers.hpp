// What a table of the cloud does by itself when it is written.
#pragma once
#include "db/postgres/connection.hpp"
#include "sql/identifier.hpp"

namespace tideway::pg {

enum class Event { insert, update };

// Whether triggers or rules that are not ours may do more than the statement says. Outside a transaction.
bool does_more(Connection& connection, const sql::TableName& table, Event event);

}  // namespace tideway::pg
