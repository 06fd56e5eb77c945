// The rows of a key: by an index where the key has one, else through one pass over the table.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "store/sqlite/scratch_table.hpp"

namespace tideway::sqlite {

class RowFinder {
  public:
    // Within a transaction of the connection; what it finds is true for that transaction, as long as nobody
    // writes to the table in it.
    RowFinder(SqliteStore& store, Connection& connection, const RowCodec& codec);
    std::vector<Row> find(const Key& key);

  private:
    void map_rows();
    SqliteStore& store_;
    Connection& connection_;
    const RowCodec& codec_;
    std::optional<ScratchTable> map_;  // keys and rowids, where no index finds them
    std::optional<Statement> by_key_, by_rowid_;
};

// Every row, in the order of the file.
void scan(Connection& connection, const RowCodec& codec, const std::function<void(Row&&)>& sink);

}  // namespace tideway::sqlite
