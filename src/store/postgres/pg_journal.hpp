// The journal and the conflict records of a side kept in PostgreSQL, read back and purged.
#pragma once
#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

class PgJournal : public Journal {
  public:
    explicit PgJournal(PgStore& store) : store_(store) {}

    std::vector<JournalEntry> entries(const JournalSelection& selection) override;
    std::vector<JournaledRun> runs() override;
    JournalSize size() override;
    std::optional<std::string> image(std::int64_t id) override;
    std::optional<Key> spelled(const LinkedTable& table, const Key& key) override;
    std::int64_t purge(const Retention& retention) override;

  private:
    std::int64_t purge_old(const char* table, const char* condition, std::int64_t keep_seconds);
    std::int64_t purge_beyond(std::int64_t max_bytes);
    PgStore& store_;
};

// Three booleans: whether there are older entries, older settled conflicts, or more entries than the retention keeps.
Answer ask_old_records(Connection& connection, const std::string& pair, const Retention& retention);

}  // namespace tideway::pg
