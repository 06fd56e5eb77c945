// A store whose calls pass a gate, where a run can be met by whatever a simulation has in mind: other
// people's work, the loss of a connection, its own end.
#pragma once
#include <string_view>
#include <type_traits>

#include "simulate/sabotage.hpp"
#include "store/sqlite/sqlite_archive.hpp"

namespace tideway::simulate {

class GatedStore;
// The tables of users as the catalogue has them; in a simulated life they never change, and reading them
// costs a quarter of a run.
using Relations = std::map<sql::TableName, std::optional<Relation>>;

class Gate {
  public:
    virtual ~Gate() = default;
    // Both may throw: before, the call is not made; after, it has done its work.
    virtual void before(GatedStore& store, std::string_view call) = 0;
    virtual void after(GatedStore& store, std::string_view call) = 0;
    // False: the run is dead; it does nothing any more, not even what cannot throw.
    virtual bool lives(const GatedStore& store) const = 0;
};

class GatedStore : public sqlite::SqliteStore {
  public:
    // Both references must outlive the store.
    GatedStore(sqlite::ConnectOptions options, const std::string& pair, WaitHook* hook, Gate& gate,
               Relations& relations, Sabotage sabotage);
    ~GatedStore() override;

    // The file may lie elsewhere after a restore, and is the same database.
    ServerFacts server() override;
    std::optional<Relation> relation(const sql::TableName& name) override;
    std::optional<PairIdentity> identity(const std::string& pair) override;
    void install(const std::string& pair, const PairIdentity& identity) override;
    void install_table(const LinkedTable& table) override;
    LeaseState lease() override;
    bool take_lease(const LeaseState& seen, std::int64_t next, const std::string& run,
                    const std::string& holder, const std::string& epoch) override;
    std::int64_t barrier(std::int64_t fence, std::int64_t cloud_fence) override;
    void renew_lease(const std::string& run) noexcept override;
    void release_lease(const std::string& run) noexcept override;
    std::unique_ptr<Snapshot> snapshot(const std::vector<const LinkedTable*>& tables) override;
    BatchOutcome apply(const Batch& batch) override;
    std::vector<Receipt> receipts(std::int64_t after) override;
    void purge_receipts(std::int64_t up_to) override;
    void purge_changes(const LinkedTable& table, const std::string& mark) override;
    void record_run(const RunRecord& record) override;
    void record_idle(const RunRecord& record) override;
    Archive* archive() override;

    // A call that the engine makes. What the store asks of itself meanwhile passes no gate.
    template <typename Work>
    auto call(std::string_view name, const Work& work) {
        if (inside_) return work();
        gate_.before(*this, name);
        if constexpr (std::is_void_v<decltype(work())>) {
            inside([&] { work(); });
            gate_.after(*this, name);
        } else {
            auto result = inside([&] { return work(); });
            gate_.after(*this, name);
            return result;
        }
    }
    Sabotage sabotage() const { return sabotage_; }
    // As a run that began now would see it; for sabotage.
    std::string mark_now(int table);

  private:
    template <typename Work>
    auto inside(const Work& work) {
        struct Inside {
            explicit Inside(bool& flag) : flag_(flag) { flag_ = true; }
            ~Inside() { flag_ = false; }
            bool& flag_;
        } const here(inside_);
        return work();
    }
    BatchOutcome sabotaged(Batch batch);
    void expect_what_is_there(Batch& batch);
    BatchOutcome answer_without_writing(const Batch& batch);

    sqlite::ConnectOptions options_;
    Gate& gate_;
    Relations& relations_;
    Sabotage sabotage_;
    bool inside_ = false;
    std::vector<const LinkedTable*> tables_;  // of the last snapshot
    std::unique_ptr<sqlite::SqliteArchive> archive_;
};

}  // namespace tideway::simulate
