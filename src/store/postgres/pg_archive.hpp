// The archive in the desktop's PostgreSQL: base tables, marks, waiting keys, run history.
#pragma once
#include "store/postgres/kept_plans.hpp"
#include "store/postgres/pg_store.hpp"
#include "store/postgres/proof_records.hpp"

namespace tideway::pg {

class PgArchive : public Archive {
  public:
    explicit PgArchive(PgStore& store) : store_(store), kept_plans_(store), proofs_(store) {}

    std::int64_t acknowledged() override;
    std::int64_t peer_sequence() override;
    std::string epoch() override;
    Recovery recover(const KnownCloud& known, const LeaseState& cloud, const std::vector<Receipt>& receipts,
                     const std::string& run, const std::string& holder) override;
    void book(const Booking& booking, std::int64_t fence) override;
    Standing standing() override;
    std::map<std::pair<int, Side>, StoredMark> marks() override;
    void advance_marks(const std::map<std::pair<int, Side>, StoredMark>& marks, std::int64_t fence,
                       std::int64_t cloud_fence) override;
    void forget_marks(int table_id) override;
    bool anything_waits() override;
    std::unique_ptr<Worklist> worklist(const LinkedTable& table, bool installed) override;
    void stream_unknown_rows(const LinkedTable& table, const std::vector<const LinkedTable*>& parents,
                             const LoadSink& sink) override;
    void book_load(const LoadBatch& batch, const LoadOutcome& outcome, std::int64_t fence) override;
    void book_found(const std::vector<Agreement>& agreements, std::int64_t cloud_barrier,
                    std::int64_t fence) override;
    Adopted adopt(const LinkedTable& table, std::int64_t cloud_barrier, std::int64_t fence,
                  const std::function<Digest()>& cloud) override;
    std::vector<Key> unseen(const LinkedTable& table, Side side, int limit) override;
    void remember(const LinkedTable& table, Side side, const std::vector<SeenRow>& rows,
                  std::int64_t fence) override;
    std::vector<TableCounts> counts() override;
    std::optional<LastRun> last_run() override;
    CasePage<WaitingEntry> waiting(const CaseQuery& asked) override;
    std::vector<RunOfTable> runs_of(const LinkedTable& table, int most) override;
    ProofRecords& proofs() override { return proofs_; }
    void choose(std::int64_t waiting_id, const Choice& choice) override;
    KeptPlans& kept_plans() override { return kept_plans_; }
    void choose_key(const LinkedTable& table, const Key& key, const Choice& choice, const std::string& run) override;
    std::optional<std::int64_t> free_number(const LinkedTable& table,
                                            const std::vector<Renumbering::Dependent>& dependents,
                                            std::int64_t above) override;
    bool renumber(const Renumbering& renumbering, std::int64_t fence) override;
    std::vector<Agreed> agreed(const LinkedTable& table, const Key& key) override;
    void forget_tombstones(const LinkedTable& table, const std::vector<Key>& keys,
                           std::int64_t fence) override;

    // Inside a transaction of the desktop: the cloud is known to have committed this sequence.
    void note_peer(Connection& connection, std::int64_t cloud_sequence);

  private:
    std::optional<std::int64_t> drawn_number(const std::string& counter, const std::string& free);
    void check_fence(Connection& connection, std::int64_t fence);
    void reset_marks(Connection& connection);
    void forget_agreements_after(Connection& connection, std::int64_t cloud_sequence);
    void book_receipts(Connection& connection, const std::vector<const Receipt*>& receipts,
                       const std::string& run);
    void write_agreements(Connection& connection, int table_id,
                          const std::vector<const Agreement*>& agreements,
                          const std::vector<std::int64_t>& barriers, const std::string& run);
    void list_merged(Connection& connection, int table_id, const std::string& run);
    void forget_rows(Connection& connection);
    void write_waiting(Connection& connection, const std::vector<WaitingKey>& waiting,
                       const std::string& run);
    void settle(Connection& connection, const std::vector<std::pair<const LinkedTable*, Key>>& settled);
    PgStore& store_;
    PgKeptPlans kept_plans_;
    PgProofRecords proofs_;
};

}  // namespace tideway::pg
