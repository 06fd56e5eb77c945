// Views in the cloud that the app may read, where the configuration asks for them.
#pragma once
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "engine/link.hpp"
#include "store/state.hpp"

namespace tideway {

std::vector<AppView> configured_views(const Config& config);
// Why the view is not there and cannot be made.
std::optional<Problem> obstacle(const AppView& view, const ViewFacts& facts, const ServerFacts& cloud);

}  // namespace tideway
