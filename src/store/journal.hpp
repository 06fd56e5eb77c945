// What a side keeps of every row that was replaced, removed or brought there: read, counted, purged.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/table.hpp"
#include "model/value.hpp"
#include "store/refused.hpp"
#include "store/state.hpp"

namespace tideway {

// How a row became what it is. `loaded` stands for all rows of one batch of a first load: nobody knows them
// one by one.
// An erased row that is still there has got the mark of a deletion.
enum class Kept { inserted, updated, erased, loaded };

struct JournalEntry {
    std::int64_t id = 0;  // grows with time
    std::string run;
    std::int64_t batch = 0;  // this side's sequence after the transaction that wrote it
    int table_id = 0;
    Key key;
    Kept kept = Kept::updated;
    std::string rule;                  // "R7", or "undo 1a2b3c4d" of a row that an undo wrote
    std::optional<Hash> before;        // of the image; none: there was no row
    std::optional<Hash> after;         // none: there is no row, or nobody knows what became of it
    bool unmarked = false;             // the row that was replaced bore the mark of a deletion (deletes = "soft:..")
    std::optional<std::int64_t> form;  // row_form() when it was written; none: written by an earlier version
    std::string at;                    // ISO, UTC
    std::int64_t moment = 0;           // the same in microseconds since 1970, by this side's clock
};

// All that is given must hold.
struct JournalSelection {
    std::optional<std::string> run = {};
    std::optional<int> table_id = {};
    std::optional<Key> key = {};             // where rows repeat the ordinal may be left out
    std::optional<std::int64_t> since = {};  // microseconds since 1970, by this server's clock
};

struct JournaledRun {
    std::string run, at;  // at: of its first change here
    std::int64_t inserted = 0, updated = 0, erased = 0;
    bool undo = false;
};

struct JournalSize {
    std::int64_t bytes = 0;  // on disk, with the conflict records
    std::optional<std::string> oldest;
};

class Journal {
  public:
    virtual ~Journal() = default;
    // The newest first.
    virtual std::vector<JournalEntry> entries(const JournalSelection& selection) = 0;
    virtual std::vector<JournaledRun> runs() = 0;  // the newest first
    virtual JournalSize size() = 0;
    // The image of an entry as JSON; none: there was no row, or the entry is gone.
    virtual std::optional<std::string> image(std::int64_t id) = 0;
    // The spelling that the journal uses for a key; none: the key columns cannot hold it.
    virtual std::optional<Key> spelled(const LinkedTable& table, const Key& key) = 0;
    // Forgets, in small steps, entries and settled conflict records that are older or more than the retention
    // says, the oldest first; never one that waits for a person. Returns how many went.
    virtual std::int64_t purge(const Retention& retention) = 0;
};

}  // namespace tideway
