// What a table holds, added up by groups of buckets. Private to this folder.
#pragma once
#include <string>

#include "db/postgres/connection.hpp"
#include "store/digest.hpp"
#include "store/postgres/expressions.hpp"

namespace tideway::pg {

// group, rows, two sums: of the rows `from` has, with bucket, a, b and stamp. The second sum binds the stamp to its row.
std::string adoptable_sums_sql(const std::string& from);
Digest sums_of_groups(const Result& found, int column = 0);

}  // namespace tideway::pg
