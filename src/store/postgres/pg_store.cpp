#include "store/postgres/pg_store.hpp"

#include <fmt/format.h>

#include "store/postgres/load_lines.hpp"
#include "store/postgres/pg_archive.hpp"
#include "store/postgres/pg_journal.hpp"
#include "store/postgres/pg_snapshot.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {

PgStore::PgStore(ConnectOptions options, std::string pair, WaitHook* hook, KeptBetweenRuns* kept)
    : options_(std::move(options)), pair_(std::move(pair)), hook_(hook), kept_(kept) {
    reader_ = connect();
    dialect_ = {reader_->server_version(), reader_->server_encoding() != "UTF8"};
    journal_ = std::make_unique<PgJournal>(*this);
    if (options_.side == Side::desktop) archive_ = std::make_unique<PgArchive>(*this);
}

PgStore::~PgStore() {
    if (!kept_) return;
    for (std::optional<Connection>* each : {&reader_, &writer_, &beside_})
        if (*each) kept_->connections.put_back(std::move(**each));
}

Connection PgStore::connect() { return kept_ ? kept_->connections.take(options_, hook_) : Connection::open(options_, hook_); }

void PgStore::note_peer(Connection& connection, std::int64_t cloud_sequence) {
    if (archive_) archive_->note_peer(connection, cloud_sequence);
}

Connection& PgStore::reader() {
    if (!reader_ || reader_->lost()) reader_ = connect();
    return *reader_;
}

Connection& PgStore::writer() {
    if (!writer_ || writer_->lost()) writer_ = connect();
    return *writer_;
}

// Not asked for again where the server refuses it.
Connection& PgStore::line_beside() {
    if (!beside_ || beside_->lost()) {
        one_line_ = true;
        beside_ = connect();
        one_line_ = false;
    }
    return *beside_;
}

Connection& PgStore::asker() { return reader().in_transaction() ? writer() : reader(); }

// Without the hook: it is called from the hook.
Connection& PgStore::keeper() {
    if (!keeper_ || keeper_->lost()) {
        ConnectOptions quick = options_;
        quick.connect_timeout = quick.statement_deadline = Millis(3000);
        keeper_ = Connection::open(quick, nullptr);
    }
    return *keeper_;
}

std::string PgStore::describe() const { return reader_ ? reader_->describe() : name(options_.side); }
Archive* PgStore::archive() { return archive_.get(); }
Journal& PgStore::journal() { return *journal_; }

Expressions PgStore::expressions(const LinkedTable& table) const {
    return Expressions(table, options_.side, seeds_, dialect_);
}

// ----------------------------------------------------------------------------------------

Answer PgStore::ask_receipts(Connection& connection, std::int64_t after) {
    return post(connection, "read receipts",
                fmt::format("SELECT tbl, key, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, batch_seq, d_barrier, "
                            "emptied, load, {} FROM tideway.inbox WHERE pair = $1 AND batch_seq > $2::bigint ORDER BY "
                            "batch_seq",
                            complete_ ? "row_d, row_c" : "NULL::text, NULL::text"),
                {pair_, std::to_string(after)});
}

namespace {

std::vector<Receipt> receipts_of(const Answer& answer) {
    const Result& found = answer.get();
    std::vector<Receipt> receipts;
    for (int i = 0; i < found.rows(); ++i) {
        Receipt receipt;
        receipt.table_id = static_cast<int>(found.integer(i, 0));
        Agreement& a = receipt.agreement;
        a.key = parse_text_array(found.text(i, 1));
        a.state = found.text(i, 2) == "T" ? BaseState::tombstone : BaseState::live;
        a.origin = found.text(i, 3) == "M" ? Origin::mobile : Origin::desktop;
        a.desktop = hash_at(found, i, 4);
        a.cloud = hash_at(found, i, 6);
        a.stamp_desktop = maybe_integer(found, i, 8);
        a.stamp_cloud = maybe_integer(found, i, 9);
        receipt.sequence = found.integer(i, 10);
        receipt.desktop_barrier = found.integer(i, 11);
        a.emptied = found.text(i, 12);
        a.row_desktop = found.text(i, 14);
        a.row_cloud = found.text(i, 15);
        if (found.null(i, 13)) {
            receipts.push_back(std::move(receipt));
        } else {
            receipt.agreement.key.clear();
            expand_load(receipt, found.text(i, 13), receipts);
        }
    }
    return receipts;
}

}  // namespace

std::vector<Receipt> PgStore::receipts(std::int64_t after) {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Answer found = ask_receipts(c, after);
    transaction.commit();
    return receipts_of(found);
}

// Receipts are read behind the lock on the lease: whatever an older run was about to commit is among them.
std::pair<LeaseState, std::vector<Receipt>> PgStore::lease_and_receipts(std::int64_t after) try {
    Connection& c = asker();
    Transaction transaction(c);
    const Answer lease = ask_lease(c), receipts = ask_receipts(c, after);
    transaction.commit();
    return {lease_of(lease), receipts_of(receipts)};
} catch (const DbError& error) {
    rethrow_busy_lease(error);
}

void PgStore::post_purge_receipts(std::int64_t up_to) {
    post(writer(), "purge receipts",
         "DELETE FROM tideway.inbox AS i WHERE i.pair = $1 AND i.batch_seq <= $2::bigint",
         {pair_, std::to_string(up_to)});
}

void PgStore::purge_receipts(std::int64_t up_to) {
    Transaction transaction(writer());
    post_purge_receipts(up_to);
    transaction.commit();
}

void PgStore::post_purge_changes(const LinkedTable& table, const std::string& mark) {
    if (table.capture(side()) != Capture::changelog) return;
    post(writer(), "purge changelog",
         fmt::format("DELETE FROM {} AS h WHERE pg_visible_in_snapshot(h.xid, $1::pg_snapshot)",
                     changes_name(pair_number_, table.id)),
         {mark.substr(0, mark.find(';'))});
}

void PgStore::purge_changes(const LinkedTable& table, const std::string& mark) {
    Transaction transaction(writer());
    post_purge_changes(table, mark);
    transaction.commit();
}

// All in one round trip.
Ended PgStore::end_run(const Ending& ending) {
    Transaction transaction(writer());
    for (const auto& [table, mark] : ending.seen) post_purge_changes(*table, mark);
    if (side() == Side::cloud) post_purge_receipts(ending.receipts_booked);
    post_record(ending.record);
    std::optional<Answer> counts;
    if (!ending.count.empty())
        counts = writer().post({"count protected rows", count_protected_sql(*this, ending.count)});
    const Answer due = ask_old_records(writer(), pair_, ending.retention);
    post_release(writer(), ending.release);
    transaction.commit();
    return {counts ? counts_of(counts->get()) : std::map<int, std::int64_t>{}, true,
            due.get().boolean(0, 0) || due.get().boolean(0, 1) || due.get().boolean(0, 2)};
}

}  // namespace tideway::pg
