// One side of a pair, as the engine sees it. No SQL, no driver types. One conformance suite runs on every
// implementation. All methods throw Error (or a driver's subclass of it) when they cannot do what they
// promise.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "model/catalog.hpp"
#include "model/decision.hpp"
#include "model/table.hpp"
#include "model/value.hpp"

namespace tideway {

// What a store need not offer has a body here that throws this; the engine asks first (may_load), or the
// configuration refuses what would need it.
inline Defect not_offered() { return Defect("a store was asked for what it does not offer"); }

// ---- refusals
// ------------------------------------------------------------------------------------------------

// What a store reports when the database refused a batch because of its data. Thrown by apply(); nothing
// happened.
struct Refusal {
    std::string sqlstate, message, detail, constraint;
};
class Refused : public Error {
  public:
    explicit Refused(Refusal refusal)
        : Error(Code::statement_failed, refusal.message), refusal_(std::move(refusal)) {}
    const Refusal& refusal() const { return refusal_; }

  private:
    Refusal refusal_;
};
// A deadlock, lock timeout or serialization failure: nothing happened, the same batch may be tried again.
class TryAgain : public Error {
  public:
    explicit TryAgain(const std::string& what) : Error(Code::statement_failed, what) {}
};
// A whole table stayed locked: perhaps somebody waits for this run's own snapshot to end, so the same batch
// cannot succeed before that.
class TableBusy : public TryAgain {
  public:
    using TryAgain::TryAgain;
};

// ---- lease, receipts, identity
// -----------------------------------------------------------------------------------

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

struct PairIdentity {
    std::string uuid, system_id;
    Side side = Side::desktop;
    Hash seeds;  // of the row hashes, random per pair
    int state_version = 0;
};

// ---- reading
// -----------------------------------------------------------------------------------------------------

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

// Content of a table by buckets of the key's hash. 16384 buckets; the bucket of a key is the same on both
// sides.
struct BucketSum {
    std::int64_t rows = 0, a = 0, b = 0;
    bool operator==(const BucketSum&) const = default;
};
using Digest = std::map<int, BucketSum>;

struct RowImage {
    Key key;
    RowFacts facts;
    Cells cells;  // one per linked column, converted to the other side's type where the types differ;
                  // look-ups behind
    std::string ambiguous = {};  // the look-up that has several answers
    std::string misfit = {};     // the column whose value is not of its declared type: the row cannot travel
    bool unreadable =
        false;  // holds texts without a meaning in the database's encoding; their cells are empty
};

// One consistent view of one side (REPEATABLE READ); ends with the object. At most one per store at a time.
class Snapshot {
  public:
    virtual ~Snapshot() = default;
    virtual std::int64_t now() const = 0;  // server clock at its start, UTC microseconds
    // Opaque mark of this moment for a capture of that table; hand it back to hints() of a later snapshot.
    virtual std::string mark(const LinkedTable& table) const = 0;
    virtual HintOutcome hints(const LinkedTable& table, Capture capture, const std::string& mark,
                              const HintSink& sink) = 0;
    // keys_only: sums of the keys' hashes instead of the rows'.
    virtual Digest digest(const LinkedTable& table, bool keys_only) = 0;
    // Every row of those buckets.
    virtual void list_buckets(const LinkedTable& table, const std::vector<int>& buckets,
                              const HintSink& sink) = 0;
    // The rows of these keys that exist, in any order.
    virtual std::vector<RowImage> rows(const LinkedTable& table, const std::vector<Key>& keys) = 0;
    virtual std::int64_t count_protected(const LinkedTable& table) = 0;
    virtual std::int64_t count(const LinkedTable& table) = 0;
    // The largest key of a table whose key is one whole number; none: there are no rows.
    // Where the store knows no renumber() it is never asked.
    virtual std::optional<std::int64_t> highest_number(const LinkedTable&) { throw not_offered(); }
    // Key values that occur more than once or are NULL (at most `limit`, as text); empty = the key is unique.
    virtual std::vector<std::string> duplicate_keys(const LinkedTable& table, int limit) = 0;
};

struct BaseRow {
    int ordinal = 1;
    BaseEntry entry;
};
struct WaitingRow {  // listed as held, parked or in conflict by an earlier run
    int ordinal = 1;
    std::optional<Side> chosen;  // a person's resolution waiting to be carried out
    std::string emptied = {};    // references that were left empty until their parents come, one a line
};

// A key that needs a decision, with what the desktop and the base know of it: at most one row and one entry
// where keys are unique.
struct CandidateGroup {
    Key key;  // without an ordinal
    std::vector<BaseRow> base;
    std::vector<RowImage> desktop;
    std::vector<WaitingRow> waiting;
    std::optional<std::int64_t> cloud_captured;
};

// One row of it, after the rows of both sides were paired.
struct Candidate {
    Key key;
    BaseEntry base;
    RowImage desktop;
    std::optional<std::int64_t> cloud_captured;
    std::optional<Side> chosen;  // a person's resolution waiting to be carried out
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

enum class Part { everything, present, gone };  // gone: the row disappeared from at least one side

// The keys of one table that need a decision, kept in the desktop's snapshot. Only keys whose row differs
// from the base on some side stay in it.
class Worklist {
  public:
    virtual ~Worklist() = default;
    // About how many desktop rows were written since, where that is cheaper to tell than to compare them;
    // else 0.
    virtual std::int64_t touched(Capture, const std::string&) { return 0; }
    virtual HintOutcome add_desktop_hints(Capture capture, const std::string& mark) = 0;
    virtual Digest base_digest(bool keys_only) = 0;
    virtual void add_cloud_hints(const std::vector<CloudHint>& hints) = 0;
    // A complete list of the cloud's rows in these buckets arrives through add_cloud_hints(); base rows of
    // the buckets that are not listed are gone from the cloud. Call once, after the last add_cloud_hints().
    virtual void close_cloud_hints(const std::vector<int>& complete_buckets) = 0;
    virtual void add_waiting_keys() = 0;
    virtual void add_keys(const std::vector<Key>& keys) = 0;
    // In place of close_cloud_hints(): those of the hints that were added whose desktop row has the same
    // hash, and that the base does not know, as agreements. The list stays empty. Hashes of the two sides
    // must be comparable.
    virtual void stream_equal(const std::function<void(Agreement&&)>&) { throw not_offered(); }
    virtual Tally tally() = 0;
    // The next keys in a stable order, at most max_rows and (beyond the first) max_bytes; empty when done.
    virtual std::vector<CandidateGroup> next(Part part, int max_rows, std::int64_t max_bytes) = 0;
    virtual void rewind() = 0;
};

// ---- writing
// -----------------------------------------------------------------------------------------------------

struct ConflictNote {
    std::string kind, policy, reason;
    Side winner = Side::cloud;
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
    std::string
        emptied;  // references of the source's row that are empty until their parents come, one a line
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
};

enum class Fate { applied, raced, suppressed, orphan, parent, clash };
struct RowOutcome {
    Fate fate = Fate::raced;
    // orphan: the foreign key whose parent is missing; parent: the one of a row that still refers to this
    // one; clash: the unique key taken by another row; applied: references that were left empty, one a line
    std::string constraint;
    Hash hash;  // of the row as it is now, triggers included (erase: unused)
    std::optional<std::int64_t> stamp;
};
struct BatchOutcome {
    std::int64_t sequence = 0;                      // this side's lease sequence after the batch
    std::vector<std::vector<RowOutcome>> outcomes;  // like sections and rows
};

// How the values of some columns are spread over a table's rows; NULL counts as a value.
struct Spread {
    std::int64_t rows = 0, distinct = 0, with_null = 0;
};
// How far the numbers in a column have come.
struct NumbersInUse {
    std::int64_t rows = 0, beyond = 0;            // beyond: rows above the reach that was asked for
    std::int64_t greatest = 0, within_reach = 0;  // the greatest number of all, and below that reach; 0: none
};

// ---- the store
// ---------------------------------------------------------------------------------------------------

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
    std::int64_t fence = 0, source_barrier = 0, receipts_booked = 0;  // as in Batch
};

struct LoadOutcome {
    std::int64_t sequence = 0;     // of this side's lease
    std::vector<RowOutcome> rows;  // like the batch's; all applied
};

struct TableUse {  // table numbers and captures as the state schema records them
    int id = 0;
    sql::TableName desktop, cloud;
    Capture capture = Capture::digest;  // of this side
    std::string key_columns;  // on this side, comma separated; the base and the changelog are built for them
    std::string key_types;
    std::string definition;  // what the hashes in the base cover
    bool intact = false;     // every object that the capture (and the base) needs is there and enabled
};

struct RunRecord {
    std::string run, status, mode, direction;
    std::int64_t duration_ms = 0;
    std::string report;  // JSON, written by the engine's caller
    struct Line {
        int table_id = 0;
        sql::TableName desktop, cloud;
        bool forward = false, reverse = false;  // which directions ran
        std::int64_t to_cloud = 0, to_desktop = 0, pending = 0;
    };
    std::vector<Line> lines;
};

struct KeptConflict {
    std::int64_t id = 0;
    int table_id = 0;
    Key key;
    std::string kind, winner, policy, status, at, reason;
    std::optional<std::string> desktop_row, cloud_row;
};

class Archive;

class Store {
  public:
    virtual ~Store() = default;
    virtual Side side() const = 0;
    virtual std::string describe() const = 0;  // "cloud app@db.example:6543", no secrets

    // catalogue
    virtual ServerFacts server() = 0;
    virtual std::vector<sql::TableName>
    tables() = 0;  // ordinary tables a user may mean, own schema and system left out
    virtual std::optional<Relation> relation(const sql::TableName& name) = 0;
    // By name, quoted and qualified; none where the role may not read it.
    virtual std::optional<SequenceFacts> sequence(const std::string&) { return std::nullopt; }

    // looks at the rows, for init and doctor; none where that takes longer than a few seconds
    // Estimated numbers of distinct values by the server's statistics; columns without any are left out.
    virtual std::map<std::string, std::int64_t> distinct_estimates(const sql::TableName&) { return {}; }
    virtual std::optional<Spread> spread(const sql::TableName&, const std::vector<std::string>&) {
        return std::nullopt;
    }
    virtual std::optional<NumbersInUse> numbers(const sql::TableName&, const std::string&, std::int64_t) {
        return std::nullopt;
    }

    // own objects
    virtual std::optional<PairIdentity> identity(const std::string& pair) = 0;
    virtual void install(const std::string& pair,
                         const PairIdentity& identity) = 0;  // creates or upgrades; idempotent
    virtual std::vector<TableUse> known_tables() = 0;
    // Capture objects, and the base at the desktop; idempotent, gives up on a lock after a few seconds.
    virtual void install_table(const LinkedTable& table) = 0;
    virtual std::vector<std::string> own_objects() = 0;  // what uninstall would remove, readable
    virtual void uninstall() = 0;

    // lease (S1..S3, M3 of correctness.md 2.10)
    virtual LeaseState
    lease() = 0;  // waits for an in-flight transaction of an older run; Error(lease_held) on timeout
    // False if the sequence is no longer the one that was seen.
    virtual bool take_lease(const LeaseState& seen, std::int64_t next, const std::string& run,
                            const std::string& holder, const std::string& epoch) = 0;
    // Durable; returns the new fence. The desktop remembers the cloud's with it (0: none). Error(fenced)
    virtual std::int64_t barrier(std::int64_t fence, std::int64_t cloud_fence) = 0;
    virtual void renew_lease(const std::string& run) noexcept = 0;
    virtual void release_lease(const std::string& run) noexcept = 0;

    // Locks the tables against being rewritten or emptied while the snapshot lives (a rewritten table looks
    // empty to an older snapshot) and checks their fingerprints: Error(schema_changed).
    virtual std::unique_ptr<Snapshot> snapshot(const std::vector<const LinkedTable*>& tables) = 0;
    virtual BatchOutcome apply(const Batch& batch) = 0;
    // Whether load() may be used for this table; ordinary batches are always possible.
    virtual bool may_load(const LinkedTable&) { return false; }
    // New rows straight into the table, all or nothing, with one receipt for all of them. Throws Refused or
    // TryAgain like apply().
    virtual LoadOutcome load(const LoadBatch&) { throw not_offered(); }

    // cloud only: receipts not yet booked by the desktop, in order of sequence
    virtual std::vector<Receipt> receipts(std::int64_t after) = 0;
    virtual void purge_receipts(std::int64_t up_to) = 0;
    // forgets captured changes that every pair's mark has seen
    virtual void purge_changes(const LinkedTable& table, const std::string& mark) = 0;

    virtual void record_run(const RunRecord& record) = 0;
    virtual void record_idle(const RunRecord& record) = 0;  // one status row
    virtual std::vector<KeptConflict> conflicts() = 0;

    virtual Archive* archive() = 0;  // the desktop's; null at the cloud
};

struct WaitingKey {
    const LinkedTable* table = nullptr;
    Key key;
    // held | conflict | parked | emptied (written, but for references in refusal.constraint) | raced |
    // pending (replaces neither parked nor a choice)
    std::string kind;
    std::string rule, reason;
    Refusal refusal;  // parked only
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

struct Recovery {
    std::int64_t fence = 0;
    std::int64_t peer_sequence = 0;  // the cloud's sequence must become greater than this
    std::int64_t acknowledged = 0;   // receipts up to here are booked or rejected
    std::int64_t booked = 0;
    bool cloud_rolled_back = false, desktop_rolled_back = false;
    std::string epoch;  // for the cloud's lease
};

struct StoredMark {
    Capture capture = Capture::digest;
    std::string mark;
};

struct WaitingEntry {
    std::int64_t id = 0;
    int table_id = 0;
    Key key;
    std::string kind, rule, reason, sqlstate, detail, constraint, choice, first_seen;
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

// What only the desktop keeps: base, marks, waiting keys, run history.
class Archive {
  public:
    virtual ~Archive() = default;
    virtual std::int64_t acknowledged() = 0;   // receipts up to here need no booking
    virtual std::int64_t peer_sequence() = 0;  // of the cloud, as far as the desktop knows
    virtual std::string epoch() = 0;           // of the desktop's lease
    // S2: takes the desktop's lease (Error(lease_held) if another run holds it), finds rollbacks, books
    // receipts. The run's id becomes the epoch of both sides if a restore is noticed.
    virtual Recovery recover(const LeaseState& cloud, const std::vector<Receipt>& receipts,
                             const std::string& run, const std::string& holder) = 0;
    virtual void book(const Booking& booking, std::int64_t fence) = 0;
    virtual std::map<std::pair<int, Side>, StoredMark> marks() = 0;
    // M7. Remembers how far the cloud's numbers have gone, so that a later restore of the desktop shows.
    virtual void advance_marks(const std::map<std::pair<int, Side>, StoredMark>& marks, std::int64_t fence,
                               std::int64_t cloud_fence) = 0;
    virtual void forget_marks(int table_id) = 0;
    virtual bool anything_waits() = 0;
    // Needs an open snapshot() of this store. installed: the base exists; else it counts as empty (plan
    // before the first sync).
    virtual std::unique_ptr<Worklist> worklist(const LinkedTable& table, bool installed) = 0;
    // Rows in the open snapshot of this store that the base does not know.
    // Those that refer to rows which none of `parents` has on the desktop are left out: they would be
    // orphans.
    virtual void stream_unknown_rows(const LinkedTable&, const std::vector<const LinkedTable*>&,
                                     const LoadSink&) {
        throw not_offered();
    }
    virtual void book_load(const LoadBatch&, const LoadOutcome&, std::int64_t) { throw not_offered(); }
    // Agreements on keys of one table that the base does not know; cloud_barrier as in Booking.
    virtual void book_found(const std::vector<Agreement>&, std::int64_t, std::int64_t) {
        throw not_offered();
    }
    virtual std::vector<TableCounts> counts() = 0;
    virtual std::optional<LastRun> last_run() = 0;
    virtual std::vector<WaitingEntry> waiting() = 0;
    virtual void choose(std::int64_t waiting_id, Side side) = 0;  // conflicts resolve
    // A key above `above` that no desktop row has and none of the dependents refers to: the next of the
    // sequence that numbers the column, else the lowest; none: the range is used up. The table's key must be
    // one whole number.
    virtual std::optional<std::int64_t> free_number(const LinkedTable&,
                                                    const std::vector<Renumbering::Dependent>&,
                                                    std::int64_t) {
        throw not_offered();
    }
    // One transaction: old images into the journal, the old row into the conflict record, the new keys.
    // Captured like a user's change. False if the row is no longer as expected; Refused if the database does
    // not let it.
    virtual bool renumber(const Renumbering&, std::int64_t) { throw not_offered(); }
};

}  // namespace tideway
