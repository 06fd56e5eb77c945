// The archive in the desktop's file: base tables, marks, waiting keys, run history.
#pragma once
#include "store/sqlite/kept_plans.hpp"
#include "store/sqlite/proof_records.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace tideway::sqlite {

class SqliteArchive : public Archive {
  public:
    explicit SqliteArchive(SqliteStore& store) : store_(store), kept_plans_(store), proofs_(store) {}

    std::int64_t acknowledged() override;
    std::int64_t peer_sequence() override;
    std::string epoch() override;
    Recovery recover(const KnownCloud& known, const LeaseState& cloud, const std::vector<Receipt>& receipts,
                     const std::string& run, const std::string& holder) override;
    void book(const Booking& booking, std::int64_t fence) override;
    std::map<std::pair<int, Side>, StoredMark> marks() override;
    void advance_marks(const std::map<std::pair<int, Side>, StoredMark>& marks, std::int64_t fence,
                       std::int64_t cloud_fence) override;
    void forget_marks(int table_id) override;
    bool anything_waits() override;
    std::unique_ptr<Worklist> worklist(const LinkedTable& table, bool installed) override;
    std::vector<TableCounts> counts() override;
    std::optional<LastRun> last_run() override;
    CasePage<WaitingEntry> waiting(const CaseQuery& asked) override;
    std::vector<RunOfTable> runs_of(const LinkedTable& table, int most) override;
    ProofRecords& proofs() override { return proofs_; }
    void choose(std::int64_t waiting_id, const Choice& choice) override;
    KeptPlans& kept_plans() override { return kept_plans_; }
    void choose_key(const LinkedTable& table, const Key& key, const Choice& choice, const std::string& run) override;
    std::vector<Agreed> agreed(const LinkedTable& table, const Key& key) override;
    void forget_tombstones(const LinkedTable& table, const std::vector<Key>& keys,
                           std::int64_t fence) override;

    // Inside a transaction of the desktop: the cloud is known to have committed this sequence.
    void note_peer(Connection& connection, std::int64_t cloud_sequence);
    // Inside a transaction of the desktop; replaced: the desktop's rows that our writes replaced, else empty.
    void write_agreements(Connection& connection, int table_id,
                          const std::vector<const Agreement*>& agreements,
                          const std::vector<std::int64_t>& barriers, const std::vector<Hash>& replaced);

  private:
    void check_fence(Connection& connection, std::int64_t fence);
    void reset_marks(Connection& connection);
    void forget_agreements_after(Connection& connection, std::int64_t cloud_sequence);
    void book_receipts(Connection& connection, const std::vector<const Receipt*>& receipts);
    void write_waiting(Connection& connection, const std::vector<WaitingKey>& waiting,
                       const std::string& run);
    SqliteStore& store_;
    SqliteKeptPlans kept_plans_;
    SqliteProofRecords proofs_;
};

}  // namespace tideway::sqlite
