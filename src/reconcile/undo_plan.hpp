// What an undo would write on one side, from its journal alone. Pure: whether the rows are still what the
// runs made of them is seen when they are written.
#pragma once
#include <functional>
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
    std::string run;            // the oldest run that is undone
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

// entries: of one side, the newest first. form_of: row_form() of a table as it is now; none: it is not
// synchronised any more. Several changes of a row are undone together as far as each of them began with what
// the one before had left: what users wrote in between stays.
UndoPlan plan_undo(const std::vector<JournalEntry>& entries,
                   const std::function<std::optional<std::int64_t>(int)>& form_of);

}  // namespace tideway
