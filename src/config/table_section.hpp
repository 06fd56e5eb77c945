// One [[table]] of the file.
#pragma once
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/section.hpp"
#include "config/sync_keys.hpp"

namespace tideway::config {

TableSetting read_table(Section& section, const SyncKeys& defaults, const GuardSetting& guard);

// Throws Error(config_value) when two tables share a desktop or a cloud table. `sections` in the order of
// `tables`.
void refuse_shared_tables(const std::vector<TableSetting>& tables, const std::vector<Section>& sections);

}  // namespace tideway::config
