// One batch of new rows on its way into the cloud's table, within the transaction of its lane.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/postgres/pg_store.hpp"
#include "store/postgres/side_effects.hpp"

namespace tideway::pg {

// Whether no two rows of one key to both sides can be in the cloud's table: texts that an index tells apart may be one key
// where the other side has another type.
bool index_tells_keys_apart(const LinkedTable& table);

class Loading {
  public:
    // How the rows are found once they are in the table. A server writes them behind its end, unless it finds free space
    // further ahead that is large enough, as it does where rows vary in size.
    enum class Search { by_place, by_key };

    // All of them must outlive it.
    Loading(PgStore& store, Connection& connection, const LoadBatch& batch, Search search);

    void mark_start();  // capture does not log the rows; the table's end is asked for. Posted
    std::int64_t end() const;  // block number, once that was answered
    // first_block: where the rows will be looked for by place.
    void copy(std::int64_t first_block);
    // The receipt, if the server can write it by itself. Posted.
    void record(std::int64_t sequence);
    // After those answers are there: what became of the rows. The rest of what the transaction keeps is posted: receipt, journal;
    // sequences that number columns go on behind the rows. Throws Refused where the table holds other rows than were sent, or others
    // of the same keys.
    std::vector<RowOutcome> outcomes(std::int64_t sequence);
    Search search() const { return search_; }  // the one that found them
    PlannedWrites planned() const;

  private:
    // What follows FROM, the rows being `t`.
    struct Rows {
        std::string from;
        std::vector<Cell> parameters;
    };

    int count() const { return static_cast<int>(batch_.rows.size()); }
    int rows_found() const;
    void search_again(std::int64_t sequence);
    Answer ask_for_doubles();
    Answer ask_for_rows();
    Answer write_receipt(std::int64_t sequence);
    void take_receipt_back(std::int64_t sequence);
    void move_counters();
    void journal(std::int64_t sequence);
    void receipt(std::int64_t sequence, const std::vector<RowOutcome>& outcomes);
    Rows rows_written() const;
    std::string rows_sql(const Rows& rows) const;
    std::string receipt_line() const;
    std::string receipt_sql(const Rows& rows) const;

    PgStore& store_;
    Connection& connection_;
    const LoadBatch& batch_;
    Expressions e_;
    Search search_;
    bool comparable_;
    std::int64_t first_block_ = 0;
    std::optional<Answer> end_, found_, doubled_;
};

}  // namespace tideway::pg
