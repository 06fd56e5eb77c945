// Gathering: one snapshot a side, and for every table the keys whose rows differ from the base (M1, M2).
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/session.hpp"
#include "reconcile/reconcile.hpp"

namespace tideway {

struct TableRun {
    TableUnderSync* table = nullptr;
    std::unique_ptr<Worklist> worklist;
    Tally tally;
    TableReport report;
    std::vector<KeyAgain> raced;  // to be decided again in the next round
    std::vector<Key> merged;  // in the cloud: the desktop's rows follow in the next round
    enum class Start { no, load, adopt };
    Start start =
        Start::no;  // not read yet: its new rows may be loaded, or its equal rows linked, all at once
    std::int64_t rows_to_load = 0;
    std::int64_t rows_known = 0;  // agreed on before that start
    bool touched = false;  // rows of it were looked at: a row without a key may be among them
    bool cloud_compared = false;  // whatever the cloud was found to hold since the base is in the worklist
    const LinkedTable& link() const { return table->link; }
};

struct Gathered {
    std::unique_ptr<Snapshot> desktop, cloud;  // outlived by nothing that reads
    std::vector<TableRun> tables;              // parents first
    // Streams the rows of the cloud's table in these buckets into the worklist's hints.
    void list_cloud(TableRun& run, const std::vector<int>& buckets);
    std::vector<GuardStop> left_out;  // tables that changed since they were linked
    std::int64_t keys = 0;
    std::int64_t examined = 0;  // hints looked at, also those that turned out to be nothing
    std::map<std::pair<int, Side>, StoredMark> marks;  // of these snapshots
    Collisions collisions;                             // among the keys that were paged through so far

    // After many hints the marks are moved even though nothing changed, or every run would look at them
    // again.
    bool calls_for_a_run() const { return keys > 0 || examined > 1'000; }
};

// What is one key to an index here may be none, or another's, at the other side.
bool spelled_apart(const LinkedTable& table);
// Whether a table that names rows of another one by their key has to be compared whole: that key may have
// moved.
bool parent_changed(const Gathered& gathered, const LinkedTable& child);

// What gather() may leave unread for start_at_once().
enum class FirstContact { row_by_row, link_only, at_once };
enum class Reach { all, first_reason };  // first_reason: stop as soon as it is clear that a run is needed

// marks: where the last complete run left off.
Gathered gather(Session& session, Mode mode, const Marks& marks, Reach reach = Reach::all, FirstContact contact = FirstContact::row_by_row);
// New snapshots, but only the raced keys of the earlier round; reports go on.
Gathered gather_again(Session& session, Gathered& earlier);

}  // namespace tideway
