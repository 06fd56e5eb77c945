// What Tideway keeps of its own: leases, agreements, receipts, waiting keys, run history.
#pragma once
#include <climits>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/catalog.hpp"
#include "model/choice.hpp"
#include "model/decision.hpp"
#include "model/report.hpp"
#include "model/table.hpp"
#include "model/value.hpp"
#include "store/refused.hpp"

namespace tideway {

struct LeaseState {
    std::int64_t sequence = 0;  // fence token and barrier counter of this side
    std::string run, holder;    // of the run that holds it; empty if free
    std::int64_t age_micros = 0;
    bool held = false;  // holder set and younger than 20 s by this server's clock
    std::string epoch;  // changes whenever a run noticed that a side was restored from a backup
};

// An agreement on one key.
struct Agreement {
    const LinkedTable* table = nullptr;
    Key key;
    BaseState state = BaseState::live;
    Origin origin = Origin::desktop;
    Hash desktop, cloud;
    std::optional<std::int64_t> stamp_desktop, stamp_cloud;
    std::string row_desktop = {}, row_cloud = {};  // as in BaseEntry
    // References that were left empty at the target until their parents come, one a line: such a key is
    // listed as waiting.
    std::string emptied = {};
};

// One key of a batch that was committed at the cloud, until the desktop has booked it.
struct Receipt {
    int table_id = 0;
    Agreement agreement;        // agreement.table is not set: the table may have left the configuration
    std::int64_t sequence = 0;  // of the batch
    std::int64_t desktop_barrier = 0;  // proves that the desktop had the value durably
};

// Of the state tables, as a store installs them; an older state is completed by the next sync.
inline constexpr int state_version = 8;

// An entry of the base.
struct Agreed {
    Key key;
    BaseEntry entry;
    std::int64_t cloud_barrier = 0;  // the cloud's sequence that proves its version durable
};

struct PairIdentity {
    std::string uuid, system_id;
    Side side = Side::desktop;
    Hash seeds;  // of the row hashes, random per pair
    int version = 0;  // of the state tables
};

struct TableUse {  // table numbers and captures as the state schema records them
    int id = 0;
    sql::TableName desktop, cloud;
    Capture capture = Capture::digest;  // of this side
    std::string key_columns;  // on this side, comma separated; the base and the changelog are built for them
    std::string key_types;
    std::string definition;  // what the hashes in the base cover
    bool intact = false;     // every object that the capture (and the base) needs is there and enabled
    bool row_guard = false;  // the triggers of guard_rows() are there
    bool remembers = false;  // desktop: what merged tables need is there
};

struct RunRecord {
    std::string run, status, mode, direction;
    std::int64_t duration_ms = 0;
    std::string report;  // JSON, written by the engine's caller
    // Of the pair's history, this run among them: a service that follows each change makes many a day.
    int runs_kept = 1'000;
    struct Line {
        int table_id = 0;
        sql::TableName desktop, cloud;
        bool forward = false, reverse = false;  // which directions ran
        std::int64_t to_cloud = 0, to_desktop = 0, pending = 0;
    };
    std::vector<Line> lines;
};

// Where a list of conflicts or waiting keys was left: at the one of this moment and number.
struct CasePlace {
    std::int64_t at_micros = 0, id = 0;
};

// Which of them are meant; what is empty lets everything through.
struct CaseQuery {
    std::vector<int> tables = {};
    std::vector<std::string> kinds = {};
    std::string since = {};                // ISO, or the beginning of one
    bool undecided = false;                // waiting keys: those for which nobody has chosen
    Key key = {};                          // where rows repeat: all rows of it, unless the ordinal is behind
    std::optional<std::int64_t> id = {};
    std::optional<CasePlace> before = {};  // only what is older
    int most = INT_MAX - 1;
    std::int64_t most_bytes = INT64_MAX;   // of rows and details; one case is given in any case
};

template <typename Case>
struct CasePage {
    std::vector<Case> cases;  // the newest first
    bool more = false;
};

struct KeptConflict {
    std::int64_t id = 0;
    int table_id = 0;
    Key key;
    std::string kind, winner, policy, status, at, reason;
    std::optional<std::string> desktop_row, cloud_row;
    std::string run = {}, facts = {};  // facts: as in ConflictNote
    std::int64_t at_micros = 0;
};

// A row that is written as a user would: captured like an edit of theirs, journaled like one of ours. Images are
// JSON objects of a row's columns by this side's names.
struct RowEdit {
    const LinkedTable* table = nullptr;
    Key key;
    std::vector<std::string> columns;     // to be written, of those in the image
    std::optional<std::string> image;     // none: the row is removed
    std::optional<std::string> expected;  // the row must be like this image; none: there must be no such row
    std::optional<std::string> expected_version = {};  // instead of `expected`: as version_text() names it
    std::string run;                      // for the journal
    std::optional<std::int64_t> conflict = {};  // the kept conflict of this side that is reversed by it
};

struct WrittenByUser {
    std::string version;  // of the row that stands there now, as version_text() names it
};

// A view for the app, in the cloud.
enum class ViewKind { status, conflicts };
struct AppView {
    ViewKind kind = ViewKind::status;
    sql::TableName name;
};
struct ViewFacts {
    enum class State { absent, ours, foreign };
    State state = State::absent;
    bool may_create = false;  // the schema exists, and the role may make a view in it
};

// One side's row of a key as it is now, to be remembered where it still is the agreed one.
struct SeenRow {
    Key key;
    std::optional<Hash> hash;  // none: there is no such row
    std::string values;        // as in BaseEntry
};

struct WaitingKey {
    const LinkedTable* table = nullptr;
    Key key;
    // held | conflict | parked | emptied (written, but for references in refusal.constraint) | raced |
    // pending (replaces neither parked nor a choice)
    std::string kind;
    std::string rule, reason;
    Refusal refusal;         // parked only
    std::string facts = {};  // as in ConflictNote
};

// One transaction at the desktop that changes nothing but the archive (M6a, M5c).
struct Booking {
    std::string run;
    std::vector<Agreement> agreements;
    std::vector<WaitingKey> waiting;
    std::vector<std::pair<const LinkedTable*, Key>> settled;  // no longer waiting
    std::int64_t cloud_barrier = 0;   // cloud sequence that proves the cloud's versions durable
    std::int64_t cloud_sequence = 0;  // of the batch that is booked; 0 = none
};

// What the desktop knew of the cloud before a run looked at it.
struct KnownCloud {
    std::int64_t sequence = 0;
    std::string epoch;
};

struct Recovery {
    std::int64_t fence = 0;
    std::int64_t peer_sequence = 0;  // the cloud's sequence must become greater than this
    std::int64_t acknowledged = 0;   // receipts up to here are booked or rejected
    std::int64_t booked = 0;
    bool cloud_rolled_back = false, desktop_rolled_back = false;
    std::string epoch;  // for the cloud's lease
};

// How long records of the journal and settled conflicts are kept.
struct Retention {
    std::int64_t keep_seconds = 0;  // 0: for ever
    std::int64_t max_bytes = 0;     // 0: without a limit
};

struct StoredMark {
    Capture capture = Capture::digest;
    std::string mark;
};

using Marks = std::map<std::pair<int, Side>, StoredMark>;  // by table number

// All that a run looks at first of what the desktop keeps.
struct Standing {
    KnownCloud known;
    std::int64_t acknowledged = 0;
    bool anything_waits = false;
    Marks marks;
};

// What is left to do on a side when a run has come to its end (M8).
struct Ending {
    // Captured changes that are seen: table, and the mark up to which.
    std::vector<std::pair<const LinkedTable*, std::string>> seen;
    std::int64_t receipts_booked = 0;  // cloud only
    RunRecord record;
    std::vector<const LinkedTable*> count = {};  // tables whose protected rows are counted
    std::string release = {};                    // the run whose lease may be given back with it
    Retention retention = {};
};

struct Ended {
    std::map<int, std::int64_t> protected_rows;  // by table number, as of now
    bool released = false;
    bool old_records = true;  // there may be some that the retention does not keep
};

struct WaitingEntry {
    std::int64_t id = 0;
    int table_id = 0;
    Key key;
    std::string kind, rule, reason, sqlstate, detail, constraint, choice, first_seen;
    std::string run = {}, facts = {};
    std::int64_t at_micros = 0;  // first_seen
};

struct TableCounts {
    int table_id = 0;
    std::int64_t live = 0, held = 0, conflicts = 0, parked = 0, raced = 0, pending = 0;
    std::optional<std::string> last_forward, last_reverse;
};

struct LastRun {
    std::string run, at, status;
    std::int64_t age_seconds = 0;
    std::map<std::string, std::string> left_out;  // desktop table: why it was not synchronised
    std::map<std::string, std::string> stopped = {};  // desktop table: what a guard stopped
    std::optional<StoppedRun> stopped_run = {};       // the run that stopped them
};

}  // namespace tideway
