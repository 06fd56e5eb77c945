// Conflicts and held rows for people.
#pragma once
#include <string>
#include <vector>

#include "model/report.hpp"

namespace tideway::cli {

std::string parked_text(const std::vector<ParkedEntry>& entries);
std::string conflicts_text(const std::vector<ConflictEntry>& entries);
std::string conflict_text(const ConflictEntry& entry);

std::string resolutions_text(const std::vector<Resolution>& resolutions, const std::string& take);
// What --yes would do.
std::string would_resolve_text(const std::vector<ConflictEntry>& entries, const std::string& take);

}  // namespace tideway::cli
