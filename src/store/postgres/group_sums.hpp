// What a table holds, added up by groups of buckets. Private to this folder.
#pragma once
#include <string>
#include <vector>

#include "db/postgres/connection.hpp"
#include "store/digest.hpp"
#include "store/postgres/expressions.hpp"

namespace tideway::pg {

// group, rows, two sums: of the rows `from` has, with bucket, a, b and stamp. The second sum binds the stamp to its row.
std::string adoptable_sums_sql(const std::string& from);
// Condition: the bucket is one of these. Many are a string of bits, since a server before 14 goes through a list for each row.
std::string lies_in(const std::string& bucket, const std::vector<int>& buckets);
Digest sums_of_groups(const Result& found, int column = 0);

}  // namespace tideway::pg
