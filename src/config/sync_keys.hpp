// The keys that [sync] and [[table]] share.
#pragma once
#include <optional>

#include "config/section.hpp"
#include "model/policy.hpp"

namespace tideway::config {

struct SyncKeys {
    std::optional<Capture> capture_desktop, capture_cloud;
    std::optional<ConflictPolicy> conflict;
    std::optional<Ownership> ownership;
    std::optional<DeletePolicy> deletes;
    std::optional<Collision> collision;
};

// Throws Error(not_in_this_version) for conflict = "merge" and deletes = "soft:...".
SyncKeys read_sync_keys(Section& section);

}  // namespace tideway::config
