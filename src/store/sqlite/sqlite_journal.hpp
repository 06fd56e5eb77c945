// The journal and the conflict records of an SQLite file, read back and purged.
#pragma once
#include "store/sqlite/sqlite_store.hpp"

namespace tideway::sqlite {

class SqliteJournal : public Journal {
  public:
    explicit SqliteJournal(SqliteStore& store) : store_(store) {}

    std::vector<JournalEntry> entries(const JournalSelection& selection) override;
    std::vector<JournaledRun> runs() override;
    JournalSize size() override;
    std::optional<std::string> image(std::int64_t id) override;
    std::optional<Key> spelled(const LinkedTable& table, const Key& key) override;
    std::int64_t purge(const Retention& retention) override;

  private:
    std::int64_t remove(const std::string& statement, const std::vector<Value>& parameters);
    SqliteStore& store_;
};

}  // namespace tideway::sqlite
