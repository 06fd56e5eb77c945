// What every writing transaction begins with: the fence, and locks under which the tables are still as they were linked.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

// Posted when made, checked once the answers are there. This side's sequence moves on, so a run that was overtaken can
// commit nothing; receipts that the desktop has booked go.
class Fence {
  public:
    struct At {
        std::int64_t sequence = 0;         // of the batch before
        std::int64_t receipts_booked = 0;  // 0: this side keeps none
        std::int64_t receipts_purged = 0;  // up to here they went before, in this run
    };
    Fence(Connection& connection, const std::string& pair, const At& at);
    std::int64_t sequence() const { return sequence_; }  // as check() has to confirm
    bool seen() const { return moved_.there(); }           // also where a later statement has failed
    void check() const;  // Error(fenced) if the sequence was not that of the batch before

  private:
    Side side_;
    std::int64_t sequence_;
    Answer moved_;
};

// access_share keeps the columns as they are and is in nobody's way who does not change them: the run's snapshot holds as much.
enum class LockMode { access_share, row_exclusive, share_row_exclusive };

class Locks {
  public:
    Locks(Connection& connection, std::vector<const LinkedTable*> tables, LockMode mode = LockMode::row_exclusive);
    void check() const;                              // SchemaChanged
    bool seen() const { return columns_.there(); }   // also where a later statement has failed
    void explain(const DbError& error) const;  // throws what it means for them, if anything: TableBusy, SchemaChanged

  private:
    Side side_;
    std::vector<const LinkedTable*> tables_;
    Answer columns_;
};

}  // namespace tideway::pg
