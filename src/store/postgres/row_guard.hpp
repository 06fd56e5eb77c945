// Triggers on a table of the cloud that refuse what our own transactions do outside their plan to rows of
// mobile origin, and any TRUNCATE: correctness.md 3.1. A user's write costs the look at one setting.
#pragma once
#include <array>
#include <string>

namespace tideway::pg {

std::string guard_function_name(int pair, int table);

// Says that this transaction is ours; the work tables of an apply transaction must exist from here on.
extern const char* const begin_guarded_writes;
// Before that, where a batch writes tables with such triggers: they look rows up by their place.
extern const std::array<const char*, 3> index_work_tables;

}  // namespace tideway::pg
