// What waits after a run, with what to do about it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tideway::cli {

// One table's waiting rows, out of a run's report or the status.
struct Waiting {
    std::string table;
    std::int64_t open_conflicts = 0, held = 0, parked = 0;
};

struct WaitingTotals {
    std::int64_t open_conflicts = 0, held = 0, parked = 0;
    bool any() const { return open_conflicts + held + parked > 0; }
};

WaitingTotals total(const std::vector<Waiting>& tables);
// "1 conflict, 2 held, 3 parked"; what is zero is left out.
std::string waiting_words(const WaitingTotals& totals);
// A line for each kind: which tables, what it means, the command to use.
std::vector<std::string> waiting_lines(const std::vector<Waiting>& tables);

// "mbreminder" or "mbreminder/reminder": a table as people call it.
std::string table_label(const std::string& desktop, const std::string& cloud);

}  // namespace tideway::cli
