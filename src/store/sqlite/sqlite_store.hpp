// A side kept in an SQLite file, with its state in tideway_* tables of the same file. One connection reads
// (the snapshot), one writes, one keeps the lease fresh and answers short questions meanwhile.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "store/sqlite/row_codec.hpp"
#include "store/store.hpp"

namespace tideway::sqlite {

class SqliteArchive;
class SqliteJournal;

class SqliteStore : public Store {
  public:
    // hook may be null; it must outlive the store. Opens the file at once, so that errors come early.
    SqliteStore(ConnectOptions options, std::string pair, WaitHook* hook);
    ~SqliteStore() override;

    Side side() const override { return options_.side; }
    std::string describe() const override;
    ServerFacts server() override;
    std::vector<sql::TableName> tables() override;
    std::optional<Relation> relation(const sql::TableName& name) override;

    std::optional<PairIdentity> identity(const std::string& pair) override;
    void install(const std::string& pair, const PairIdentity& identity) override;
    std::vector<TableUse> known_tables() override;
    void install_table(const LinkedTable& table) override;
    std::vector<std::string> own_objects() override;
    void uninstall() override;

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
    CasePage<KeptConflict> conflicts(const CaseQuery& asked) override;
    Archive* archive() override;
    Journal& journal() override;

    // For the parts of this store.
    Connection& reader() { return reader_; }
    Connection& writer();
    Connection& asker();  // for a short read beside an open snapshot
    const std::string& pair() const { return pair_; }
    int pair_number() const { return pair_number_; }
    Hash seeds() const { return seeds_; }
    RowCodec codec(Connection& connection, const LinkedTable& table) const;
    int take_scratch_number(const std::string& what);  // the lowest that nobody has
    void free_scratch_number(const std::string& what, int number);
    std::int64_t now_micros() const;  // this machine's clock, which is the file's

  private:
    Connection& open(std::optional<Connection>& connection, WaitHook* hook);
    void adapt_base(Connection& connection, const LinkedTable& table);
    void record_table_use(Connection& connection, const LinkedTable& table);
    void write_ahead();

    ConnectOptions options_;
    std::string pair_;
    WaitHook* hook_;
    int pair_number_ = 0;
    std::map<std::string, std::set<int>> scratch_;  // numbers in use
    Hash seeds_;
    Connection reader_;
    std::optional<Connection> writer_, keeper_;
    std::unique_ptr<SqliteArchive> archive_;
    std::unique_ptr<SqliteJournal> journal_;
};

// "2024-02-29T12:00:00Z" of a column with microseconds.
std::string time_sql(const char* column);
bool table_exists(Connection& connection, const std::string& name);
std::int64_t next_case(Connection& connection);  // a number for a conflict or a waiting key

// Error(schema_changed) if a table's columns are no longer as they were when the tables were linked.
void check_fingerprints(Connection& connection, Side side, const std::vector<const LinkedTable*>& tables);
std::string fingerprint(Connection& connection, const std::string& table);

}  // namespace tideway::sqlite
