// A table filled as a program does that knows rows, not tables: pages of a cursor, each one INSERT .. ON CONFLICT
// with parameters.
#pragma once
#include <string>

#include "bench_pair.hpp"

namespace tideway::bench {

struct UpsertTable {
    std::string desktop, cloud, key;
    bool skip_times = false;  // columns timefrom and timeto, whose types differ between the sides
};

// From the desktop's table into the cloud's, of the columns that both have.
void upsert_rows(BenchPair& pair, const UpsertTable& table);

}  // namespace tideway::bench
