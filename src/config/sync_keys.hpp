// The keys that [sync] and [[table]] share.
#pragma once
#include <optional>

#include "config/section.hpp"
#include "model/policy.hpp"

namespace tideway::config {

struct SyncKeys {
    std::optional<Capture> capture_desktop, capture_cloud;
    std::optional<ConflictPolicy> conflict, fallback;  // fallback: of "merge:..."
    std::optional<Ownership> ownership;
    std::optional<DeletePolicy> deletes;
    std::optional<SoftDelete> soft;  // with deletes = soft
    std::optional<Collision> collision;
};

SyncKeys read_sync_keys(Section& section);

}  // namespace tideway::config
