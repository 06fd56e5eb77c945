// A temporary table of a connection: empty, and for its holder alone. The table itself stays behind for the
// next holder, because a new one would have every statement of the connection prepared anew.
#pragma once
#include "store/sqlite/sqlite_store.hpp"

namespace tideway::sqlite {

class ScratchTable {
  public:
    // what: a word for the definition, which is the same for the same word. Must not outlive the store.
    ScratchTable(SqliteStore& store, Connection& connection, const char* what, const char* definition);
    ScratchTable(const ScratchTable&) = delete;
    ScratchTable& operator=(const ScratchTable&) = delete;
    ~ScratchTable();

    const std::string& name() const { return name_; }
    void index_by_key();
    void empty();

  private:
    SqliteStore& store_;
    Connection& connection_;
    const char* what_;
    int number_;
    std::string name_;
};

}  // namespace tideway::sqlite
