// What an undo would write on one side, from its journal alone. Pure: whether the rows are still what the
// runs made of them is seen when they are written.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/journal.hpp"
#include "store/writing.hpp"

namespace tideway {

// One row and how it goes back: from `now`, which it must still be, to `then`. None: no row.
struct UndoStep {
    int table_id = 0;
    Key key;
    std::optional<Hash> now, then;
    std::int64_t restores = 0;  // the entry whose image is written; 0: the row is removed
    std::int64_t newest = 0;    // the entry of the write that left the row as `now`
    std::string run;            // the oldest run that is undone
    bool merges = false;        // one of the writes was the merge of both rows
    bool marked_now = false, marked_then = false;  // by deletes = "soft:.."
    Write write() const { return !now ? Write::insert : then ? Write::update : Write::erase; }
};

// A row that stays, or goes back only a part of the way.
struct UndoObstacle {
    int table_id = 0;
    Key key;
    std::string reason;
};

struct UndoPlan {
    std::vector<UndoStep> steps;
    std::vector<UndoObstacle> obstacles;
};

// Entries that an undo has taken back, each with the undo's own entry, unless that was taken back as well. entries: all of
// one table, the newest first. Rows that share a key cannot be told apart: only the journal knows that it was done.
std::map<std::int64_t, std::int64_t> taken_back(const std::vector<JournalEntry>& entries);
// The entry that was written last, of the newest one of each side. offset: the cloud's clock minus the desktop's; what lies
// closer together than `doubt` cannot be told: none.
std::optional<JournalEntry> written_last(const JournalEntry& desktop, const JournalEntry& cloud, std::int64_t offset,
                                         std::int64_t doubt);
// The rule of an undo's entries: it names the run whose writes it took back.
std::string undo_rule(const std::string& run);

// entries: of one side, the newest first. form_of: row_form() of a table as it is now; none: it is not
// synchronised any more. Several changes of a row are undone together as far as each of them began with what
// the one before had left: what users wrote in between stays.
UndoPlan plan_undo(const std::vector<JournalEntry>& entries,
                   const std::function<std::optional<std::int64_t>(int)>& form_of);

}  // namespace tideway
