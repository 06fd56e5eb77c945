// The 15 tables of the first users (fixtures/powerca.sql) as a pair of databases.
#pragma once
#include <array>
#include <memory>
#include <string>

#include "bench.hpp"

namespace tideway::bench {

struct OfficeTable {
    const char *desktop, *cloud, *key;
};
const std::array<OfficeTable, 15>& office_tables();

// The desktop is full and the cloud empty, without foreign keys. No more rows than the large table is to have.
std::unique_ptr<BenchPair> office(Bench& bench, const std::string& name);
// Their tables have no indexes on the desktop; where not even a column identifies a row, one is numbered.
void number_office_rows(BenchPair& pair);

std::string office_toml();          // one column of each table as its key; xmin on the desktop
std::string office_example_toml();  // as examples/powerca has it
std::string read_office(const char* OfficeTable::*name);  // in the server, and thrown away
long long office_rows(BenchPair& pair);                   // of all tables on the desktop

}  // namespace tideway::bench
