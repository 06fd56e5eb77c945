// What is kept of replaced rows does not grow for ever ([journal] of the configuration).
#pragma once
#include <string>
#include <vector>

#include "engine/session.hpp"

namespace tideway {

// Forgets old records on these sides. What goes wrong with it is remarked and fails no run.
void forget_old_records(Session& session, const std::vector<Side>& sides, std::vector<std::string>& remarks);

}  // namespace tideway
