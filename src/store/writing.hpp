// What is written to a side, and what became of it.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/decision.hpp"
#include "model/table.hpp"
#include "model/value.hpp"
#include "store/refused.hpp"

namespace tideway {

struct ConflictNote {
    std::string kind, policy, reason;
    Side winner = Side::cloud;
    // A JSON object, what is not known left out: rule, origin, desktop_stamp, desktop_captured, cloud_stamp,
    // cloud_captured (UTC microseconds).
    std::string facts = {};
    std::string other_row = {};  // a merge: the row of the other side, as JSON; the merged row is neither of them
};

struct PlannedRow {
    Key key;
    Write write = Write::none;
    Hash expected;  // update, erase: the target row must still have this hash
    Cells cells;    // insert, update: one per linked column
    Origin origin = Origin::desktop;
    Hash source_hash;  // of the version that is copied (erase: of the last agreed row, on the source's side)
    std::optional<std::int64_t> source_stamp;
    Hash base_target;  // erase: the target's hash in the base, kept in the tombstone
    std::string rule;
    std::optional<ConflictNote> conflict;
    bool chosen = false;             // a person decided this
    std::optional<Refusal> refused;  // cannot be written, known before anything was sent
    bool fills = false;              // nothing is new but that a parent may have come for an empty reference
    // Of an undo: the entry of the journal whose image is written, in place of cells; of a row that is removed, the entry of
    // the write that left it as it must still be.
    std::int64_t restores = 0;
    std::string
        emptied;  // references of the source's row that are empty until their parents come, one a line
    std::string source_row = {};         // merged tables only: RowImage::values of the version that is copied
    std::vector<std::size_t> kept = {};  // cells that are left as the target has them
    // When the sides' captures saw the edits that this was decided on: asked for again where the row has raced.
    std::optional<std::int64_t> captured_desktop = {}, captured_cloud = {};
    bool revives = false;  // update: the target's row bears the mark of a deletion, and must still bear it
    // A merged row: what is agreed on is the source's row, and the target's is an edit of it that the source's side
    // gets next.
    bool ahead = false;
    // Of a merged row that loses nothing: kept where the target's triggers leave another value than the merge settled.
    std::optional<ConflictNote> if_altered = {};
    std::vector<std::size_t> settled = {};  // the cells that this is about
};

struct BatchSection {
    const LinkedTable* table = nullptr;
    std::vector<PlannedRow> rows;
};

// Sections are ordered parents first. Inserts and updates run in that order, erases in the reverse order
// afterwards.
struct Batch {
    std::string run;
    std::vector<BatchSection> sections;
    std::int64_t fence = 0;            // this side's lease sequence as last returned to this run
    std::int64_t source_barrier = 0;   // the other side's sequence that proves the copied versions durable
    std::int64_t receipts_booked = 0;  // cloud only: receipts up to here may go
    bool cut = false;                  // one of several of a run: parents in a ring may be in a later one
    bool skip_locked = false;          // rows that somebody holds count as raced instead of being waited for
    std::int64_t patience_ms = 2'000;  // for a lock
    // An undo writes as a user would: captured like an edit, and nothing is agreed on.
    bool undoes = false;
    bool rehearsal = false;  // everything but the COMMIT
    bool backup = false;     // rows that are replaced or removed go into the table's backup as well
    // Called where many rows have gone to the server: the next batch may be sent ahead. May be called again.
    std::function<void()> sent = {};
};

// inexact: the image does not give back the row that was kept (undo). touched: a row that an undo would remove was written
// since, in columns that are not synchronised.
enum class Fate { applied, raced, suppressed, orphan, parent, clash, inexact, touched };

struct RowOutcome {
    Fate fate = Fate::raced;
    // orphan: the foreign key whose parent is missing; parent: the one of a row that still refers to this
    // one; clash: the unique key taken by another row; applied: references that were left empty, one a line
    std::string constraint;
    Hash hash;  // of the row as it is now, triggers included (erase: unused)
    std::optional<std::int64_t> stamp;
    std::string row = {};  // merged tables only: RowImage::values of the row as it is now
    bool altered = false;  // PlannedRow::if_altered was kept
};

struct BatchOutcome {
    std::int64_t sequence = 0;                      // this side's lease sequence after the batch
    std::vector<std::vector<RowOutcome>> outcomes;  // like sections and rows
    bool wrote() const {
        return std::any_of(outcomes.begin(), outcomes.end(), [](const std::vector<RowOutcome>& rows) {
            return std::any_of(rows.begin(), rows.end(), [](const RowOutcome& row) { return row.fate == Fate::applied; });
        });
    }
};

// The connections that batches are written on: the usual one, and one beside it.
enum class Line { usual, beside };

// A batch whose rows wait in the server for their turn, which comes once the batch before is committed. Without finish() nothing
// of it stays.
class SentBatch {
  public:
    virtual ~SentBatch() = default;
    // As Store::apply() from here on. The numbers are those of Batch, as they are now. Once. None: nothing was written, and
    // the batch is to be applied: its connection was lost before COMMIT, or somebody waits for a table whom it would have kept waiting.
    virtual std::optional<BatchOutcome> finish(std::int64_t fence, std::int64_t receipts_booked) = 0;
};

// A row on its way into a side that has no row of its table but those that were agreed on.
struct LoadRow {
    Key key;
    Hash hash;  // on the desktop
    std::optional<std::int64_t> stamp;
    std::string line;  // one cell a linked column, as COPY text with its newline
};
using LoadSink = std::function<void(LoadRow&&)>;

struct LoadBatch {
    std::string run;
    const LinkedTable* table = nullptr;
    std::vector<LoadRow> rows;
    std::int64_t source_barrier = 0;  // as in Batch
};

// What a batch of a load builds on: the one before has been committed.
struct LoadTurn {
    std::int64_t fence = 0, receipts_booked = 0;  // as in Batch
};
// What a batch of a load tells, and waits for.
struct LoadSteps {
    std::function<void()> begun;  // its transaction has begun: the next one may begin
    // Waits until the batch before has been committed. `meanwhile` is called every few seconds, and what it throws passes through.
    std::function<LoadTurn(const std::function<void()>& meanwhile)> await_turn;
};

struct LoadOutcome {
    std::int64_t sequence = 0;     // of this side's lease
    std::vector<RowOutcome> rows;  // like the batch's; all applied
};

// A desktop row that gets another key, and all rows of synchronised tables that refer to it.
struct Renumbering {
    struct Dependent {
        const LinkedTable* table = nullptr;
        std::vector<std::size_t> columns;  // positions in its columns that hold the parent's key
    };
    std::string run;
    const LinkedTable* table = nullptr;
    Key key;
    Hash expected;  // the row must still have it
    std::int64_t number = 0;
    std::string rule, reason;
    std::vector<Dependent> dependents;
};

}  // namespace tideway
