#include "simulate/gated_store.hpp"

#include <fmt/format.h>

#include "simulate/gated_reading.hpp"

namespace tideway::simulate {

using sqlite::SqliteStore;

GatedStore::GatedStore(sqlite::ConnectOptions options, const std::string& pair, WaitHook* hook, Gate& gate,
                       Relations& relations, Sabotage sabotage)
    : SqliteStore(options, pair, hook),
      options_(std::move(options)),
      gate_(gate),
      relations_(relations),
      sabotage_(sabotage) {
    if (side() == Side::desktop) archive_ = std::make_unique<GatedArchive>(*this);
}

GatedStore::~GatedStore() = default;

Archive* GatedStore::archive() { return archive_.get(); }

ServerFacts GatedStore::server() {
    return call("server", [&] {
        ServerFacts facts = SqliteStore::server();
        facts.system_id = fmt::format("simulated {}", name(side()));
        return facts;
    });
}

std::optional<Relation> GatedStore::relation(const sql::TableName& name) {
    const auto known = relations_.find(name);
    if (known != relations_.end()) return known->second;
    return relations_[name] = SqliteStore::relation(name);
}

std::optional<PairIdentity> GatedStore::identity(const std::string& pair) {
    return call("identity", [&] { return SqliteStore::identity(pair); });
}

void GatedStore::install(const std::string& pair, const PairIdentity& identity) {
    call("install", [&] { SqliteStore::install(pair, identity); });
}

void GatedStore::install_table(const LinkedTable& table) {
    call("install_table", [&] { SqliteStore::install_table(table); });
}

LeaseState GatedStore::lease() {
    return call("lease", [&] { return SqliteStore::lease(); });
}

bool GatedStore::take_lease(const LeaseState& seen, std::int64_t next, const std::string& run,
                            const std::string& holder, const std::string& epoch) {
    return call("take_lease", [&] { return SqliteStore::take_lease(seen, next, run, holder, epoch); });
}

std::int64_t GatedStore::barrier(std::int64_t fence, std::int64_t cloud_fence) {
    return call("barrier", [&] { return SqliteStore::barrier(fence, cloud_fence); });
}

void GatedStore::renew_lease(const std::string& run) noexcept {
    if (gate_.lives(*this)) SqliteStore::renew_lease(run);
}

void GatedStore::release_lease(const std::string& run) noexcept {
    if (gate_.lives(*this)) SqliteStore::release_lease(run);
}

std::unique_ptr<Snapshot> GatedStore::snapshot(const std::vector<const LinkedTable*>& tables) {
    return call("snapshot", [&]() -> std::unique_ptr<Snapshot> {
        tables_ = tables;
        return std::make_unique<GatedSnapshot>(*this, tables);
    });
}

BatchOutcome GatedStore::apply(const Batch& batch) {
    return call("apply",
                [&] { return sabotage_ == Sabotage::none ? SqliteStore::apply(batch) : sabotaged(batch); });
}

std::vector<Receipt> GatedStore::receipts(std::int64_t after) {
    return call("receipts", [&] { return SqliteStore::receipts(after); });
}

void GatedStore::purge_receipts(std::int64_t up_to) {
    call("purge_receipts", [&] { SqliteStore::purge_receipts(up_to); });
}

void GatedStore::purge_changes(const LinkedTable& table, const std::string& mark) {
    call("purge_changes", [&] { SqliteStore::purge_changes(table, mark); });
}

void GatedStore::record_run(const RunRecord& record) {
    call("record_run", [&] { SqliteStore::record_run(record); });
}

void GatedStore::record_idle(const RunRecord& record) {
    call("record_idle", [&] { SqliteStore::record_idle(record); });
}

}  // namespace tideway::simulate
