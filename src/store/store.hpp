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
#include <utility>
#include <vector>

#include "model/account.hpp"
#include "model/catalog.hpp"
#include "store/journal.hpp"
#include "store/kept_plans.hpp"
#include "store/proof.hpp"
#include "store/reading.hpp"
#include "store/refused.hpp"
#include "store/state.hpp"
#include "store/writing.hpp"

namespace tideway {

// One consistent view of one side (REPEATABLE READ); ends with the object. At most one per store at a time.
class Snapshot {
  public:
    virtual ~Snapshot() = default;
    virtual std::int64_t now() const = 0;  // server clock at its start, UTC microseconds
    // Nothing more is read from it, and its store goes on at once: it may end with the next statement there.
    virtual void leave() {}
    // Opaque mark of this moment for a capture of that table; hand it back to hints() of a later snapshot.
    virtual std::string mark(const LinkedTable& table) const = 0;
    // Whether another relation stands under the table's name than when that mark was taken; false where the
    // store cannot tell.
    virtual bool replaced(const LinkedTable&, const std::string&) const { return false; }
    virtual HintOutcome hints(const LinkedTable& table, Capture capture, const std::string& mark,
                              const HintSink& sink) = 0;
    // keys_only: sums of the keys' hashes instead of the rows'.
    virtual Digest digest(const LinkedTable& table, bool keys_only) = 0;
    // The buckets in which the table is not what the digest says; a server sends no sums of the others.
    virtual std::vector<int> unequal_buckets(const LinkedTable& table, bool keys_only, const Digest& agreed) {
        return tideway::unequal_buckets(agreed, digest(table, keys_only));
    }
    // By groups of buckets.
    virtual Digest sums(const LinkedTable&, Summed) { throw not_offered(); }
    // Every row of those buckets.
    virtual void list_buckets(const LinkedTable& table, const std::vector<int>& buckets,
                              const HintSink& sink) = 0;
    // The rows of these keys that exist, in any order.
    virtual std::vector<RowImage> rows(const LinkedTable& table, const std::vector<Key>& keys) = 0;
    // The same for several tables, in their order; a server is asked once.
    virtual std::vector<std::vector<RowImage>> rows_of(const std::vector<KeysOfTable>& wanted) {
        std::vector<std::vector<RowImage>> images;
        for (const KeysOfTable& each : wanted) images.push_back(rows(*each.table, each.keys));
        return images;
    }
    // Announces what hints(), count_protected() and newest_journaled() will be asked for: a server tells it all at once.
    virtual void expect(const std::vector<Watched>&) {}
    // After expect(): it has shown that nothing of this table was captured since its mark and, on the desktop, that none
    // of its keys waits. False where that is not known.
    virtual bool untouched(const LinkedTable&) const { return false; }
    virtual std::int64_t count_protected(const LinkedTable& table) = 0;
    virtual std::int64_t count(const LinkedTable& table) = 0;
    // Only those that take part.
    virtual std::int64_t count_in_scope(const LinkedTable& table) { return count(table); }
    // The largest key of a table whose key is one whole number; none: there are no rows.
    // Where the store knows no renumber() it is never asked.
    virtual std::optional<std::int64_t> highest_number(const LinkedTable&) { throw not_offered(); }
    // Key values that occur more than once or are NULL (at most `limit`, as text); empty = the key is unique.
    virtual std::vector<std::string> duplicate_keys(const LinkedTable& table, int limit) = 0;
    virtual std::unique_ptr<ProofReader> proof(const LinkedTable&, ProofForm) { throw not_offered(); }
    // How far the journal has come, for settle_accounts(); none: this store keeps no accounts.
    virtual std::optional<std::int64_t> newest_journaled() { return std::nullopt; }
};

// The keys of one table that need a decision, kept in the desktop's snapshot. Only keys whose row differs
// from the base on some side stay in it.
class Worklist {
  public:
    virtual ~Worklist() = default;
    // About how many desktop rows were written since, where that is cheaper to tell than to compare them;
    // else 0.
    virtual std::int64_t touched(Capture, const std::string&) { return 0; }
    // How many rows each side has as long as nothing is written: those that were agreed on. None where keys of this
    // table wait or the base is in doubt, because then the one row less may be hidden by another one more; none where
    // that is not known.
    virtual std::optional<std::int64_t> settled_rows() { return std::nullopt; }
    virtual HintOutcome add_desktop_hints(Capture capture, const std::string& mark) = 0;
    // To be compared with sums() of both snapshots; may be called beside one of these, in a thread of its own.
    virtual AgreedSums agreed_sums() { throw not_offered(); }
    // In place of add_desktop_hints(): every row of these buckets is compared.
    virtual void add_desktop_buckets(const std::vector<int>&) { throw not_offered(); }
    virtual Digest base_digest(bool keys_only) = 0;
    virtual void add_cloud_hints(const std::vector<CloudHint>& hints) = 0;
    // A complete list of the cloud's rows in these buckets arrives through add_cloud_hints(); base rows of
    // the buckets that are not listed are gone from the cloud. Call once, after the last add_cloud_hints().
    virtual void close_cloud_hints(const std::vector<int>& complete_buckets) = 0;
    virtual void add_waiting_keys() = 0;
    virtual void add_keys(const std::vector<KeyAgain>& keys) = 0;
    // In place of close_cloud_hints(): those of the hints that were added whose desktop row has the same
    // hash, and that the base does not know, as agreements. The list stays empty. Hashes of the two sides
    // must be comparable.
    virtual void stream_equal(const std::function<void(Agreement&&)>&) { throw not_offered(); }
    // enough: base_rows is counted up to there; none: all of them.
    virtual Tally tally(const std::optional<RowsThatTell>& enough = {}) = 0;
    // The next keys in a stable order, at most max_rows and (beyond the first) max_bytes; empty when done.
    virtual std::vector<CandidateGroup> next(Part part, int max_rows, std::int64_t max_bytes) = 0;
    virtual void rewind() = 0;
};

class Archive;

// Brings new rows straight into one table, without looking at them row by row. The store must outlive it.
class LoadLane {
  public:
    virtual ~LoadLane() = default;
    // All rows or none, with one receipt for all of them. The rows are sent at once; await_turn is called when they are there,
    // and only then anything of the pair's own is written: so two lanes send at the same time and commit in order. What a step
    // throws passes through, and nothing stays. Throws Refused or TryAgain like apply().
    virtual LoadOutcome load(const LoadBatch& batch, const LoadSteps& steps) = 0;
};

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
    // The same for many, in their order; a server is asked once for all of them.
    virtual std::vector<std::optional<Relation>> relations(const std::vector<sql::TableName>& names) {
        std::vector<std::optional<Relation>> found;
        for (const sql::TableName& name : names) found.push_back(relation(name));
        return found;
    }
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
    // Creates or removes the triggers that refuse writes of our own transactions outside their plan, as the
    // link says (row_guard).
    virtual void guard_rows(const LinkedTable&) { throw not_offered(); }
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
    // empty to an older snapshot) and checks their fingerprints: SchemaChanged.
    virtual std::unique_ptr<Snapshot> snapshot(const std::vector<const LinkedTable*>& tables) = 0;
    // The same, and what expect() would announce: a server is asked for all of it at once.
    virtual std::unique_ptr<Snapshot> snapshot_of(const std::vector<Watched>& watched) {
        std::vector<const LinkedTable*> tables;
        for (const Watched& each : watched) tables.push_back(each.table);
        std::unique_ptr<Snapshot> now = snapshot(tables);
        now->expect(watched);
        return now;
    }
    // A quick look at all tables at once, without a snapshot: whatever cannot be told quickly is not quiet.
    virtual Look look(const std::vector<Watched>&) { return {}; }
    // By table number, as of now.
    virtual std::map<int, std::int64_t> count_protected(const std::vector<const LinkedTable*>& tables) {
        const std::unique_ptr<Snapshot> now = snapshot(tables);
        std::map<int, std::int64_t> counts;
        for (const LinkedTable* table : tables) counts[table->id] = now->count_protected(*table);
        return counts;
    }
    // In the cloud a batch of which no row could be written leaves nothing, not even a number: its sequence is batch.fence. (A
    // number without receipts would look like one of a run that this desktop has forgotten.)
    virtual BatchOutcome apply(const Batch& batch) = 0;
    // Sends a batch's rows while the one before it is written: they wait in temporary tables, in nobody's way. Null where that is
    // not offered, or where the server has no connection for it; throws as apply(), and the batch may be applied in its turn.
    // The batch must stay where it is. Another thread may use the other line meanwhile.
    virtual std::unique_ptr<SentBatch> send_ahead(const Batch&, Line) { return nullptr; }
    // Whether this table may be loaded; ordinary batches are always possible.
    virtual bool may_load(const LinkedTable&) { return false; }
    // After may_load(). The first lane writes where apply() does. A second one has a connection of its own and may be used beside
    // the first, in another thread; null where batches of this table may depend on each other.
    virtual std::unique_ptr<LoadLane> first_lane(const LinkedTable&) { throw not_offered(); }
    virtual std::unique_ptr<LoadLane> second_lane(const LinkedTable&) { throw not_offered(); }

    // cloud only, while that snapshot of this store is open: what became of the tables' protected rows, as of now. Left out:
    // tables whose changes since are not known exactly.
    virtual std::map<int, Account> settle_accounts(const std::vector<AccountToSettle>&, const Snapshot&,
                                                   std::int64_t /*journal_before*/, const std::string& /*run*/) {
        return {};
    }

    // cloud only: receipts not yet booked by the desktop, in order of sequence
    virtual std::vector<Receipt> receipts(std::int64_t after) = 0;
    // Both, in this order.
    virtual std::pair<LeaseState, std::vector<Receipt>> lease_and_receipts(std::int64_t after) {
        LeaseState state = lease();
        return {std::move(state), receipts(after)};
    }
    virtual void purge_receipts(std::int64_t up_to) = 0;
    // forgets captured changes that every pair's mark has seen
    virtual void purge_changes(const LinkedTable& table, const std::string& mark) = 0;

    // Computes an expression with :base, :desktop and :cloud as values of that type. Throws Refused.
    virtual Cell evaluate(const std::string&, const std::string&, const std::vector<Cell>&) { throw not_offered(); }

    virtual void record_run(const RunRecord& record) = 0;
    virtual Ended end_run(const Ending& ending) {
        Ended ended;
        if (!ending.count.empty()) ended.protected_rows = count_protected(ending.count);
        for (const auto& [table, mark] : ending.seen) purge_changes(*table, mark);
        if (side() == Side::cloud) purge_receipts(ending.receipts_booked);
        record_run(ending.record);
        return ended;
    }
    virtual void record_idle(const RunRecord& record) = 0;  // one status row
    virtual CasePage<KeptConflict> conflicts(const CaseQuery& asked) = 0;

    // what people decide. None, and nothing happened: the row is not as expected. Throws Refused.
    virtual std::optional<WrittenByUser> write_as_user(const RowEdit&) { throw not_offered(); }

    // views for the app; cloud only
    virtual ViewFacts look_at_view(const AppView&) { throw not_offered(); }
    virtual void create_view(const AppView&) { throw not_offered(); }  // it must not exist

    virtual Archive* archive() = 0;  // the desktop's; null at the cloud
    virtual Journal& journal() { throw not_offered(); }
};

// What only the desktop keeps: base, marks, waiting keys, run history.
class Archive {
  public:
    virtual ~Archive() = default;
    virtual std::int64_t acknowledged() = 0;   // receipts up to here need no booking
    virtual std::int64_t peer_sequence() = 0;  // of the cloud, as far as the desktop knows
    virtual std::string epoch() = 0;           // of the desktop's lease
    virtual Standing standing() { return {{peer_sequence(), epoch()}, acknowledged(), anything_waits(), marks()}; }
    // S2: takes the desktop's lease (Error(lease_held) if another run holds it), finds rollbacks, books
    // receipts. The run's id becomes the epoch of both sides if a restore is noticed. Where the desktop has
    // come to know more of the cloud since `known`, what was read there is old: Error(lease_held).
    virtual Recovery recover(const KnownCloud& known, const LeaseState& cloud,
                             const std::vector<Receipt>& receipts, const std::string& run,
                             const std::string& holder) = 0;
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
    // The base of a table that the base does not know yet, of all rows that both sides hold alike, in one transaction.
    // `cloud` gives the adoptable sums of the other side, whose hashes must be comparable; cloud_barrier as in Booking.
    virtual Adopted adopt(const LinkedTable&, std::int64_t /*cloud_barrier*/, std::int64_t /*fence*/,
                          const std::function<Digest()>& /*cloud*/) {
        throw not_offered();
    }
    // Merged tables: live keys of which it was not looked yet how that side's row is, at most so many.
    virtual std::vector<Key> unseen(const LinkedTable&, Side, int) { throw not_offered(); }
    // One row for each of those keys; where it is the agreed one no more, its columns stay unknown.
    virtual void remember(const LinkedTable&, Side, const std::vector<SeenRow>&, std::int64_t) { throw not_offered(); }
    virtual std::vector<TableCounts> counts() = 0;
    virtual std::optional<LastRun> last_run() = 0;
    virtual CasePage<WaitingEntry> waiting(const CaseQuery& asked) = 0;
    // The last recorded runs that did something to this table, or should have; the newest first.
    virtual std::vector<RunOfTable> runs_of(const LinkedTable& table, int most) = 0;
    virtual ProofRecords& proofs() { throw not_offered(); }
    virtual void choose(std::int64_t waiting_id, const Choice& choice) = 0;  // conflicts resolve
    virtual KeptPlans& kept_plans() = 0;
    // The same for a key that does not wait: the next run takes the chosen side's row whatever the policy says.
    virtual void choose_key(const LinkedTable&, const Key&, const Choice&, const std::string& /*run*/) {
        throw not_offered();
    }
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
    // What the base says of a key; where rows repeat of all its rows, unless the key has its ordinal behind.
    virtual std::vector<Agreed> agreed(const LinkedTable&, const Key&) { throw not_offered(); }
    // An undo brought deleted rows back: their tombstones say nothing any more, but for the rows' origin.
    virtual void forget_tombstones(const LinkedTable&, const std::vector<Key>&, std::int64_t) {
        throw not_offered();
    }
};

}  // namespace tideway
