// Whether a side's catalogue still says of some tables what it said before. Private to this folder.
#pragma once
#include <string>
#include <vector>

#include "db/postgres/connection.hpp"
#include "sql/identifier.hpp"

namespace tideway::pg {

// In the text of a statement, :tables stands for those that are asked for ($1: schemas, $2: names). An array, so that the
// catalogue is searched by its indexes.
std::string about_tables(std::string text);
std::vector<Cell> catalog_parameters(const std::vector<sql::TableName>& names);

// One text that is another one once anything was changed that the catalogue's rows about these tables say: columns, defaults,
// keys, references to and from them, triggers, owners, rights, sequences, and who is a member of which role.
Answer ask_catalog_sign(Connection& connection, const std::vector<Cell>& parameters);

}  // namespace tideway::pg
