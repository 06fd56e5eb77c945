// Rows of one linked table on one side: how they are read, and what the protocol wants to know of them.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/values.hpp"
#include "store/store.hpp"

namespace tideway::sqlite {

struct Row {
    std::int64_t rowid = 0;
    std::vector<Value> values;  // of the linked columns
    Value stamp, mark;          // of the time stamp column and the origin mark
    bool inside = true;         // the filter lets it in
};

class RowCodec {
  public:
    // The connection is used here only: to see which name of the rowid is free.
    RowCodec(Connection& connection, const LinkedTable& table, Side side, Hash seeds);

    const LinkedTable& table() const { return table_; }
    Side side() const { return side_; }
    const ColumnForm& form(std::size_t column) const { return forms_[column]; }
    std::string relation() const;              // quoted
    std::string column(std::size_t at) const;  // quoted
    const std::string& rowid() const { return rowid_; }
    bool numbers_rows(std::size_t at) const {
        return row_number_ == at;
    }  // the column is another name of the rowid
    // "SELECT ... FROM <table> AS t", to be followed by a condition.
    std::string select() const;
    Row row_at(const Statement& statement) const;  // of select()

    // None: a row without a key, where keys are unique.
    std::optional<Key> key(const Row& row) const;
    // The same for the values of the key columns alone. Not for full_row.
    std::optional<Key> key_of(const std::vector<Value>& key_values) const;
    // What the key columns must hold; none: they cannot hold that key.
    std::optional<std::vector<Value>> key_values(const Key& key) const;
    const std::vector<std::size_t>& key_positions() const { return key_at_; }
    // One comparison of the stored values finds the row of a key.
    bool finds_by_index() const;

    Hash hash(const Row& row) const;
    std::string canonical(const Row& row) const;
    // The row's canonical values as PostgreSQL writes a row of them.
    std::string canonical_record(const Row& row) const;
    std::optional<std::int64_t> stamp(const Row& row) const;  // UTC microseconds
    bool marked_mobile(const Row& row) const;
    std::int64_t bytes(const Row& row) const;
    RowImage image(const Row& row) const;

  private:
    std::string in_scope() const;
    std::string key_cell(std::size_t column, const Value& value) const;
    const LinkedTable& table_;
    Side side_;
    Hash seeds_;
    std::string rowid_ = "rowid";
    std::vector<ColumnForm> forms_;
    std::vector<std::size_t> key_at_;
    std::optional<std::size_t> row_number_;
};

// The bucket of a key, as the other store computes it, and the sums of a digest.
int bucket_of(const Key& key);
Hash key_hash(const Key& key);
__extension__ using WideSum = __int128;
class DigestSums {
  public:
    void add(const Key& key, const Hash& hash);
    Digest digest() const;

  private:
    struct Sums {
        std::int64_t rows = 0;
        WideSum a = 0, b = 0;
    };
    std::map<int, Sums> sums_;
};

// All columns of a row as JSON, for the journal and the conflict record.
std::string json_image(Connection& connection, const RowCodec& codec, std::int64_t rowid);
// Of such an image: tells whether any column of the row was written since, synchronised or not.
std::int64_t whole_hash(const std::string& image);
bool has_unlinked_columns(Connection& connection, const RowCodec& codec);

}  // namespace tideway::sqlite
