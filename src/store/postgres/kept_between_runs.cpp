#include "store/postgres/kept_between_runs.hpp"

namespace tideway::pg {
namespace {

constexpr std::chrono::minutes believed{5};

}  // namespace

std::optional<KeptCatalog::Reading> KeptCatalog::of(const std::vector<sql::TableName>& names) {
    const std::lock_guard lock(guard_);
    if (!kept_ || kept_->names != names || std::chrono::steady_clock::now() - kept_->at > believed) return std::nullopt;
    return kept_;
}

void KeptCatalog::keep(Reading reading) {
    reading.at = std::chrono::steady_clock::now();
    const std::lock_guard lock(guard_);
    kept_ = std::move(reading);
}

void KeptCatalog::clear() {
    const std::lock_guard lock(guard_);
    kept_.reset();
}

void KeptBetweenRuns::clear() {
    connections.clear();
    catalog.clear();
}

}  // namespace tideway::pg
