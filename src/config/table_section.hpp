// One [[table]] of the file.
#pragma once
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/section.hpp"
#include "config/sync_keys.hpp"

namespace tideway::config {

TableSetting read_table(Section& section, const SyncKeys& defaults);

// The same text for every spelling of a table's name: without quotes that do nothing and without "public.".
std::string canonical_table_name(const std::string& name);

// Throws Error(config_value) when two tables share a desktop or a cloud table. `sections` in the order of
// `tables`.
void refuse_shared_tables(const std::vector<TableSetting>& tables, const std::vector<Section>& sections);

}  // namespace tideway::config
