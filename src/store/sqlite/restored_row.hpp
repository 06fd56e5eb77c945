// A row made again from its image in the journal.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/row_codec.hpp"

namespace tideway::sqlite {

struct RestoredRow {
    std::vector<Value> values;        // of the linked columns, then of the look-ups
    std::vector<std::string> others;  // columns that no column of the other side is linked to, quoted
    std::vector<Value> other_values;
    bool exact = false;  // it has the hash of the row whose image was taken
};

// entry: of the journal; its image must be there.
RestoredRow restored_row(Connection& connection, const RowCodec& codec, std::int64_t entry);

}  // namespace tideway::sqlite
