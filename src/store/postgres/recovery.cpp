// S2: what an interrupted run left is booked, and a restored side is noticed.
#include <fmt/format.h>

#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

Cell number(std::int64_t value) { return std::to_string(value); }

}  // namespace

void PgArchive::reset_marks(Connection& connection) {
    post(connection, "reset marks", "DELETE FROM tideway.watermark AS w WHERE w.pair = $1", {store_.pair()});
}

// S2 of correctness.md 2.10; the model's step of the same name is its specification.
Recovery PgArchive::recover(const KnownCloud& known, const LeaseState& cloud,
                            const std::vector<Receipt>& receipts, const std::string& run_id,
                            const std::string& holder) {
    const LeaseState own = store_.lease();
    if (own.held && own.run != run_id)
        throw Error(Code::lease_held,
                    fmt::format("run {} of {} is at work on the desktop side", own.run, own.holder),
                    "wait until it ends; a run that died is taken over after 20 seconds");
    Connection& c = store_.writer();
    Transaction transaction(c);
    Recovery recovery;
    const Result state = run(c, "read sequences", R"(
SELECT l.seq, p.peer_seq, p.ack_seq FROM tideway.lease l JOIN tideway.peer p USING (pair) WHERE l.pair = $1 FOR UPDATE OF l)",
                             {store_.pair()});
    if (state.integer(0, 0) != own.sequence)
        throw Error(Code::lease_held, "another run has just started on the desktop side",
                    "wait until it ends");
    std::int64_t peer = state.integer(0, 1);
    if (peer != known.sequence || own.epoch != known.epoch)
        throw Error(Code::lease_held, "another run was at work while this one began", "run again");
    recovery.acknowledged = state.integer(0, 2);
    // A different epoch: one side was restored to before a run that had noticed an earlier restore
    // (model/README.md).
    const bool went_back = cloud.sequence < peer, other_epoch = cloud.epoch != own.epoch;
    recovery.cloud_rolled_back = went_back || other_epoch;
    if (recovery.cloud_rolled_back) forget_agreements_after(c, other_epoch ? -1 : cloud.sequence);
    // A run that breaks off leaves the cloud one number ahead of what the desktop remembers, or receipts.
    // Further ahead it got through runs of which this desktop knows nothing any more.
    recovery.desktop_rolled_back = receipts.empty() && cloud.sequence > peer + 1;
    std::vector<const Receipt*> accepted;
    std::int64_t highest = own.sequence;
    for (const Receipt& receipt : receipts) {
        if (receipt.sequence <= recovery.acknowledged) continue;
        highest = std::max(highest, receipt.desktop_barrier);
        if (receipt.desktop_barrier > own.sequence)
            recovery.desktop_rolled_back = true;
        else
            accepted.push_back(&receipt);
    }
    if (recovery.desktop_rolled_back) {
        reset_marks(c);
        forget_rows(c);
    }
    book_receipts(c, accepted, run_id);
    recovery.booked = static_cast<std::int64_t>(accepted.size());
    // Every number that the cloud has reached is known from now on, restored or not: a later restore shows as
    // a step back, and a receipt of this run is never taken for an old one.
    peer = std::max(peer, cloud.sequence);
    recovery.acknowledged = std::max(recovery.acknowledged, cloud.sequence);
    recovery.peer_sequence = peer;
    recovery.fence = highest + 1;
    recovery.epoch = went_back ? run_id : cloud.epoch;
    post(c, "note recovery",
        "UPDATE tideway.peer SET peer_seq = $2::bigint, ack_seq = $3::bigint WHERE pair = $1",
        {store_.pair(), number(peer), number(recovery.acknowledged)});
    post(c, "take lease",
        "UPDATE tideway.lease SET seq = $2::bigint, run = $3, holder = $4, at = clock_timestamp(), epoch = "
        "$5 WHERE pair = $1",
        {store_.pair(), number(recovery.fence), run_id, holder, recovery.epoch});
    transaction.commit();
    return recovery;
}

// The cloud was restored: what was agreed after that moment is no common ground any more
// (correctness.md 2.11), and deletions of that time are unknown to it (R22).
void PgArchive::forget_agreements_after(Connection& c, std::int64_t cloud_sequence) {
    for (const TableUse& table : store_.known_tables())
        run(c, "forget lost agreements",
            fmt::format(
                "UPDATE {} AS b SET state = CASE WHEN b.state IN ('T', 'S') THEN 'S' ELSE 'U' END::\"char\" "
                "WHERE b.c_barrier > $1::bigint",
                base_name(store_.pair_number(), table.id)),
            {number(cloud_sequence)});
    reset_marks(c);
}

// The desktop was restored: a later agreement is forgotten, and what a side changed since this one may be in the
// other side's row already. Rows that both sides still show as agreed are looked at anew.
void PgArchive::forget_rows(Connection& c) {
    for (const TableUse& table : store_.known_tables())
        if (table.remembers)
            run(c, "forget rows",
                fmt::format("UPDATE {} AS b SET row_d = NULL, row_c = NULL WHERE b.row_d IS NOT NULL",
                            base_name(store_.pair_number(), table.id)));
}

// Receipts of tables that have left the configuration are booked as well: their base may be used again.
void PgArchive::book_receipts(Connection& connection, const std::vector<const Receipt*>& receipts,
                              const std::string& run_id) {
    std::map<int, std::vector<const Receipt*>> by_table;
    for (const Receipt* receipt : receipts) by_table[receipt->table_id].push_back(receipt);
    for (const auto& [table_id, group] : by_table) {
        std::vector<const Agreement*> agreements;
        std::vector<std::int64_t> barriers;
        for (const Receipt* receipt : group) {
            agreements.push_back(&receipt->agreement);
            barriers.push_back(receipt->sequence);
        }
        write_agreements(connection, table_id, agreements, barriers, run_id);
    }
}

}  // namespace tideway::pg
