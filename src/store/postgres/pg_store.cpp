#include "store/postgres/pg_store.hpp"

#include <fmt/format.h>

#include "store/postgres/apply.hpp"

#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {

PgStore::PgStore(ConnectOptions options, std::string pair, WaitHook* hook, ConnectionShelf* shelf)
    : options_(std::move(options)), pair_(std::move(pair)), hook_(hook), shelf_(shelf) {
    reader_ = connect();
    if (options_.side == Side::desktop) archive_ = std::make_unique<PgArchive>(*this);
}

PgStore::~PgStore() {
    if (!shelf_) return;
    for (std::optional<Connection>* each : {&reader_, &writer_})
        if (*each) shelf_->put_back(std::move(**each));
}

Connection PgStore::connect() { return shelf_ ? shelf_->take(options_, hook_) : Connection::open(options_, hook_); }

Connection& PgStore::reader() {
    if (!reader_ || reader_->lost()) reader_ = connect();
    return *reader_;
}

Connection& PgStore::writer() {
    if (!writer_ || writer_->lost()) writer_ = connect();
    return *writer_;
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

Expressions PgStore::expressions(const LinkedTable& table) const {
    return Expressions(table, options_.side, seeds_,
                       {reader_->server_version(), reader_->server_encoding() != "UTF8"});
}

// ----------------------------------------------------------------------------------------

std::vector<Receipt> PgStore::receipts(std::int64_t after) {
    Transaction transaction(writer(), {.read_only = true});
    const Result found = run(writer(), "read receipts", R"(
SELECT tbl, key, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, batch_seq, d_barrier, emptied, load
FROM tideway.inbox WHERE pair = $1 AND batch_seq > $2::bigint ORDER BY batch_seq)",
                             {pair_, std::to_string(after)});
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
        if (found.null(i, 13)) {
            receipts.push_back(std::move(receipt));
        } else {
            receipt.agreement.key.clear();
            expand_load(receipt, found.text(i, 13), receipts);
        }
    }
    transaction.commit();
    return receipts;
}

void PgStore::purge_receipts(std::int64_t up_to) {
    Transaction transaction(writer());
    run(writer(), "purge receipts",
        "DELETE FROM tideway.inbox AS i WHERE i.pair = $1 AND i.batch_seq <= $2::bigint",
        {pair_, std::to_string(up_to)});
    transaction.commit();
}

void PgStore::purge_changes(const LinkedTable& table, const std::string& mark) {
    if (table.capture(side()) != Capture::changelog) return;
    const std::string snapshot = mark.substr(0, mark.find(';'));
    Transaction transaction(writer());
    run(writer(), "purge changelog",
        fmt::format("DELETE FROM {} AS h WHERE pg_visible_in_snapshot(h.xid, $1::pg_snapshot)",
                    changes_name(pair_number_, table.id)),
        {snapshot});
    transaction.commit();
}

}  // namespace tideway::pg
