// What is read from a side: hints, rows, the keys that need a decision.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/choice.hpp"
#include "model/decision.hpp"
#include "model/table.hpp"
#include "model/value.hpp"
#include "store/digest.hpp"

namespace tideway {

// A key that may have changed at the cloud, with the row's present hash (none: the row is gone).
struct CloudHint {
    Key key;
    std::optional<Hash> hash;
    std::optional<std::int64_t> captured;
    std::int64_t bytes = 0;
    std::optional<std::int64_t> stamp = {};  // of list_buckets() only, as the next one
    bool marked_mobile = false;
};
using HintSink = std::function<void(CloudHint&&)>;

struct HintOutcome {
    bool needs_digest = false;  // the capture cannot tell (truncated, mark too old): compare everything
    std::int64_t examined = 0;  // hints looked at, own and idle ones included
};

struct RowImage {
    Key key;
    RowFacts facts;
    Cells cells;  // one per linked column, converted to the other side's type where the types differ;
                  // look-ups behind
    std::string ambiguous = {};  // the look-up that has several answers
    std::string misfit = {};     // the column whose value is not of its declared type: the row cannot travel
    std::string values = {};     // merged tables only: its columns in canonical text, as BaseEntry keeps them
    bool unreadable =
        false;  // holds texts without a meaning in the database's encoding; their cells are empty
    bool as_agreed = false;  // it has the hash that was given with its key, and of its cells only those of keys and references
};

struct BaseRow {
    int ordinal = 1;
    BaseEntry entry;
};

struct WaitingRow {  // listed as held, parked or in conflict by an earlier run
    int ordinal = 1;
    std::optional<Choice> chosen;  // a person's resolution waiting to be carried out
    std::string emptied = {};      // references that were left empty until their parents come, one a line
};

// A key that needs a decision, with what the desktop and the base know of it: at most one row and one entry
// where keys are unique.
struct CandidateGroup {
    Key key;  // without an ordinal
    std::vector<BaseRow> base;
    std::vector<RowImage> desktop;
    std::vector<WaitingRow> waiting;
    std::optional<std::int64_t> cloud_captured;
    // False: what was found on that side since the base says nothing of this key.
    bool desktop_written = true, cloud_written = true;
};

// One row of it, after the rows of both sides were paired.
struct Candidate {
    Key key;
    BaseEntry base;
    RowImage desktop;
    std::optional<std::int64_t> cloud_captured;
    std::optional<Side> chosen;  // a person's resolution of these very rows, waiting to be carried out
    bool desktop_written = true, cloud_written = true;  // as in CandidateGroup
    bool void_choice = false;    // somebody chose, and a row was edited since
    bool was_waiting = false;    // listed as held, parked or in conflict by an earlier run
    std::string emptied = {};    // as in WaitingRow
};

struct Tally {
    std::int64_t keys = 0, bytes = 0, base_rows = 0;
    // Changes since the base; never fewer than what a run would write.
    std::int64_t desktop_deleted = 0, desktop_updated = 0, cloud_deleted = 0, cloud_updated = 0;
    std::int64_t on_both = 0;  // rows of both sides without a base: each may be updated on either side
    std::int64_t rows = 0;     // at most, of all those keys
};

// So many agreed rows of a table, for each row that changed and for each one that is gone, tell as much as all of them.
struct RowsThatTell {
    std::int64_t of_each_changed = 0, of_each_gone = 0;
    std::int64_t of(std::int64_t changed, std::int64_t gone) const {
        return std::max(changed * of_each_changed, gone * of_each_gone);
    }
};

// A key that is to be decided once more, and what the captures said of it: they are not asked again.
struct KeyAgain {
    Key key;
    std::optional<std::int64_t> captured_desktop = {}, captured_cloud = {};
};

// A table, how its changes are noticed on this side, and the mark from which on.
struct Watched {
    const LinkedTable* table = nullptr;
    Capture capture = Capture::digest;
    std::string mark;
};

struct Look {
    // Nothing was written to any of the tables since their marks, and as long as the cloud's counted_rows are the desktop's
    // nothing was deleted there either; false: perhaps something was.
    bool quiet = false;
    bool logged = false;  // a changelog holds entries since its mark: a run has something to look at
    std::map<int, std::int64_t> protected_rows;  // by table number, where quiet; cloud only
    std::map<int, std::int64_t> counted_rows;    // likewise, of tables whose deletes do not show
};

struct KeysOfTable {
    const LinkedTable* table = nullptr;
    std::vector<Key> keys;
    // Of each key, or nothing: a row of that hash may come without most of its cells (RowImage::as_agreed).
    std::vector<std::optional<Hash>> agreed = {};
};

enum class Part { everything, present, gone };  // gone: the row disappeared from at least one side

// How the values of some columns are spread over a table's rows; NULL counts as a value.
struct Spread {
    std::int64_t rows = 0, distinct = 0, with_null = 0;
};

// How far the numbers in a column have come.
struct NumbersInUse {
    std::int64_t rows = 0, beyond = 0;            // beyond: rows above the reach that was asked for
    std::int64_t greatest = 0, within_reach = 0;  // the greatest number of all, and below that reach; 0: none
};

}  // namespace tideway
