// A side kept in PostgreSQL 13 to 18. Three connections: one reads (the snapshot), one writes
// (batches and bookings), one keeps the lease fresh; beside them a second one writes to the cloud in large runs and while a
// table is filled for the first time. Everything happens inside transactions, so a transaction pooler is fine.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "db/postgres/connection.hpp"
#include "sql/text_array.hpp"
#include "store/postgres/expressions.hpp"
#include "store/postgres/kept_between_runs.hpp"
#include "store/store.hpp"

namespace tideway::pg {

// DbError of a statement on behalf of a batch, as the engine's terms: Refused, TryAgain, or the error itself.
[[noreturn]] void rethrow_for_batch(const DbError& error);

class PgArchive;
class PgJournal;
struct Mark;

class PgStore : public Store {
  public:
    // hook may be null; it must outlive the store, and so must what is kept for the next store. Connects at once, so that errors come early.
    PgStore(ConnectOptions options, std::string pair, WaitHook* hook, KeptBetweenRuns* kept = nullptr);
    ~PgStore() override;

    Side side() const override { return options_.side; }
    std::string describe() const override;
    ServerFacts server() override;
    std::vector<sql::TableName> tables() override;
    std::optional<Relation> relation(const sql::TableName& name) override;
    std::vector<std::optional<Relation>> relations(const std::vector<sql::TableName>& names) override;
    std::optional<SequenceFacts> sequence(const std::string& name) override;
    std::map<std::string, std::int64_t> distinct_estimates(const sql::TableName& table) override;
    std::optional<Spread> spread(const sql::TableName& table,
                                 const std::vector<std::string>& columns) override;
    std::optional<NumbersInUse> numbers(const sql::TableName& table, const std::string& column,
                                        std::int64_t reach) override;

    std::optional<PairIdentity> identity(const std::string& pair) override;
    void install(const std::string& pair, const PairIdentity& identity) override;
    std::vector<TableUse> known_tables() override;
    void install_table(const LinkedTable& table) override;
    void guard_rows(const LinkedTable& table) override;
    std::vector<std::string> own_objects() override;
    void uninstall() override;

    LeaseState lease() override;
    bool take_lease(const LeaseState& seen, std::int64_t next, const std::string& run,
                    const std::string& holder, const std::string& epoch) override;
    std::int64_t barrier(std::int64_t fence, std::int64_t cloud_fence) override;
    void renew_lease(const std::string& run) noexcept override;
    void release_lease(const std::string& run) noexcept override;

    std::unique_ptr<Snapshot> snapshot(const std::vector<const LinkedTable*>& tables) override;
    std::unique_ptr<Snapshot> snapshot_of(const std::vector<Watched>& watched) override;
    Look look(const std::vector<Watched>& watched) override;
    BatchOutcome apply(const Batch& batch) override;
    std::unique_ptr<SentBatch> send_ahead(const Batch& batch, Line line) override;
    Cell evaluate(const std::string& expression, const std::string& type, const std::vector<Cell>& values) override;
    bool may_load(const LinkedTable& table) override;
    std::unique_ptr<LoadLane> first_lane(const LinkedTable& table) override;
    std::unique_ptr<LoadLane> second_lane(const LinkedTable& table) override;
    std::map<int, std::int64_t> count_protected(const std::vector<const LinkedTable*>& tables) override;
    std::map<int, Account> settle_accounts(const std::vector<AccountToSettle>& open, const Snapshot& snapshot,
                                           std::int64_t journal_before, const std::string& run) override;

    std::vector<Receipt> receipts(std::int64_t after) override;
    std::pair<LeaseState, std::vector<Receipt>> lease_and_receipts(std::int64_t after) override;
    void purge_receipts(std::int64_t up_to) override;
    void purge_changes(const LinkedTable& table, const std::string& mark) override;

    void record_run(const RunRecord& record) override;
    Ended end_run(const Ending& ending) override;
    void record_idle(const RunRecord& record) override;
    CasePage<KeptConflict> conflicts(const CaseQuery& asked) override;
    std::optional<WrittenByUser> write_as_user(const RowEdit& edit) override;
    ViewFacts look_at_view(const AppView& view) override;
    void create_view(const AppView& view) override;
    Archive* archive() override;
    Journal& journal() override;

    // For the parts of this store.
    Answer ask_relations(const std::vector<const LinkedTable*>& tables);  // of the open snapshot
    void note_relations(const Answer& answer, const std::vector<const LinkedTable*>& tables);
    std::string relation_mark(const LinkedTable& table) const;
    void note_snapshot(const Mark& mark);
    Mark mark_of_snapshot(const LinkedTable& table) const;  // of the latest one
    // At the desktop: what it knows of the cloud's sequence, in the transaction that is open there. Nothing in the cloud.
    void note_peer(Connection& connection, std::int64_t cloud_sequence);
    Connection& reader();
    Connection& writer();
    Connection& line_beside();
    Connection& asker();  // for a short read: one that is not in the middle of something
    const std::string& pair() const { return pair_; }
    int pair_number() const { return pair_number_; }
    bool complete() const { return complete_; }
    std::int64_t receipts_purged() const { return receipts_purged_; }
    // A batch whose fence was moved at that moment, which keeps the lease fresh, and whose receipts up to here are purged.
    void note_committed(std::chrono::steady_clock::time_point fenced, std::int64_t purged) {
        fenced_ = fenced.time_since_epoch();
        receipts_purged_ = std::max(receipts_purged_, purged);
    }
    Expressions expressions(const LinkedTable& table) const;

  private:
    Connection connect();
    Connection& keeper();
    Result read_server_facts();
    Answer ask_known_tables(Connection& connection);
    Answer ask_lease(Connection& connection);
    Answer ask_receipts(Connection& connection, std::int64_t after);
    LeaseState lease_of(const Answer& answer) const;
    [[noreturn]] void rethrow_busy_lease(const DbError& error) const;
    void post_purge_changes(const LinkedTable& table, const std::string& mark);
    void post_purge_receipts(std::int64_t up_to);
    void post_record(const RunRecord& record);
    void post_release(Connection& connection, const std::string& run);
    bool marks_hold(const std::vector<Watched>& watched, Mark now, const Answer& relations);
    KeptCatalog::Reading read_catalog(const std::vector<sql::TableName>& names);
    void wait_for_other_installations();
    bool state_is_current();
    void adapt_base(Connection& connection, const LinkedTable& table, const Result& before);

    ConnectOptions options_;
    std::string pair_;
    WaitHook* hook_;
    KeptBetweenRuns* kept_;  // may be null
    int pair_number_ = 0;
    std::int64_t receipts_purged_ = 0;  // by batches of this run; at the cloud
    std::atomic<std::chrono::steady_clock::duration> fenced_{std::chrono::steady_clock::duration::min()};  // by the last batch
    Hash seeds_;
    bool complete_ = true;  // no older version's state
    std::optional<Connection> reader_, writer_, beside_, keeper_;
    bool one_line_ = false;  // the server did not let us have the second one
    Expressions::Server dialect_;
    std::unique_ptr<PgArchive> archive_;
    std::unique_ptr<PgJournal> journal_;
    std::map<int, std::string> relations_;  // by table number
    std::shared_ptr<const Mark> snapshot_;
    std::optional<Answer> known_ahead_;     // asked with relations() or take_lease(), for the known_tables() that follows
    std::optional<Answer> pair_ahead_;      // asked with server(), for the identity() that follows
};

// What the state says of a pair; fails with lacks_own_tables() before the first run.
Answer ask_pair(Connection& connection, const std::string& pair);
bool lacks_own_tables(const DbError& error);

// A statement with values: text with $1.. and the cells to go with it.
Result run(Connection& connection, std::string_view name, std::string text,
           std::vector<Cell> parameters = {});

// The same, to travel with the next statement.
Answer post(Connection& connection, std::string_view name, std::string text, std::vector<Cell> parameters = {});
// A failpoint behind what was posted: where something is to happen there, it is sent before.
void reach(Connection& connection, std::string_view failpoint);
// A statement in a transaction of its own, in one round trip.
Result read_once(Connection& connection, std::string_view name, std::string text, std::vector<Cell> parameters = {});
Result write_once(Connection& connection, std::string_view name, std::string text, std::vector<Cell> parameters = {},
                  const TransactionOptions& options = {});

// Parameters and results of type text[].
using sql::cell_array;
using sql::parse_text_array;
using sql::text_array;

// One row of COPY text.
void append_cells(std::string& out, const Cells& cells);

// Result cells.
std::optional<std::int64_t> maybe_integer(const Result& result, int row, int column);
Hash hash_at(const Result& result, int row, int column);  // two columns
Key key_at(const Result& result, int row, int column, std::size_t count);

// SchemaChanged if a table's columns are no longer as they were when the tables were linked, once the answer is there.
Answer ask_fingerprints(Connection& connection, Side side, const std::vector<const LinkedTable*>& tables);
void check_fingerprints(const Answer& answer, Side side, const std::vector<const LinkedTable*>& tables);
// The SQL expression that fingerprints the columns of relation `oid`.
std::string fingerprint_sql(const std::string& oid);

}  // namespace tideway::pg
