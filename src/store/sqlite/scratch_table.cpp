#include "store/sqlite/scratch_table.hpp"

#include <fmt/format.h>

namespace tideway::sqlite {

ScratchTable::ScratchTable(SqliteStore& store, Connection& connection, const char* what,
                           const char* definition)
    : store_(store),
      connection_(connection),
      what_(what),
      number_(store.take_scratch_number(what)),
      name_(fmt::format("temp.tideway_{}_{}", what, number_)) {
    Statement(connection, "create scratch table",
              fmt::format("CREATE TABLE IF NOT EXISTS {} {}", name_, definition))
        .run();
    empty();
}

ScratchTable::~ScratchTable() { store_.free_scratch_number(what_, number_); }

void ScratchTable::index_by_key() {
    Statement(connection_, "index scratch table",
              fmt::format("CREATE INDEX IF NOT EXISTS {}_key ON {} (key)", name_,
                          name_.substr(name_.find('.') + 1)))
        .run();
}

void ScratchTable::empty() {
    Statement(connection_, "empty scratch table", fmt::format("DELETE FROM {} WHERE true", name_)).run();
}

}  // namespace tideway::sqlite
