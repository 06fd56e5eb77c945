// Conflicts and held rows for people.
#pragma once
#include <string>
#include <vector>

#include "model/report.hpp"

namespace tideway::cli {

std::string parked_text(const std::vector<ParkedEntry>& entries);
std::string conflicts_text(const std::vector<ConflictEntry>& entries);
std::string conflict_text(const ConflictEntry& entry);

}  // namespace tideway::cli
