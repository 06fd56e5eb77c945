// S2: what an interrupted run left is booked, and a restored side is noticed.
#include <fmt/format.h>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_archive.hpp"

namespace tideway::sqlite {
namespace {

struct Judged {
    std::vector<const Receipt*> accepted;
    std::int64_t highest = 0;  // barrier of the desktop that any receipt speaks of
    bool rolled_back = false;  // the desktop forgot a value that the cloud received
};

Judged judge(const std::vector<Receipt>& receipts, std::int64_t acknowledged, std::int64_t own_sequence) {
    Judged judged{{}, own_sequence, false};
    for (const Receipt& receipt : receipts) {
        if (receipt.sequence <= acknowledged) continue;
        judged.highest = std::max(judged.highest, receipt.desktop_barrier);
        if (receipt.desktop_barrier > own_sequence)
            judged.rolled_back = true;
        else
            judged.accepted.push_back(&receipt);
    }
    return judged;
}

}  // namespace

void SqliteArchive::reset_marks(Connection& c) {
    Statement(c, "reset marks", "DELETE FROM tideway_watermark WHERE pair = ?1").run({store_.pair()});
}

// S2 of correctness.md 2.10; the model's step of the same name is its specification.
Recovery SqliteArchive::recover(const KnownCloud& known, const LeaseState& cloud,
                                const std::vector<Receipt>& receipts, const std::string& run_id,
                                const std::string& holder) {
    const LeaseState own = store_.lease();
    if (own.held && own.run != run_id)
        throw Error(Code::lease_held,
                    fmt::format("run {} of {} is at work on the desktop side", own.run, own.holder),
                    "wait until it ends; a run that died is taken over after 20 seconds");
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    Recovery recovery;
    Statement state(
        c, "read sequences",
        "SELECT l.seq, p.peer_seq, p.ack_seq FROM tideway_lease l JOIN tideway_peer p ON p.pair = l.pair "
        "WHERE l.pair = ?1",
        {store_.pair()});
    ensure(state.step(), "a pair has a lease and a peer");
    if (state.integer(0) != own.sequence)
        throw Error(Code::lease_held, "another run has just started on the desktop side",
                    "wait until it ends");
    const std::int64_t peer = state.integer(1);
    if (peer != known.sequence || own.epoch != known.epoch)
        throw Error(Code::lease_held, "another run was at work while this one began", "run again");
    recovery.acknowledged = state.integer(2);
    // A different epoch: one side was restored to before a run that had noticed an earlier restore.
    const bool went_back = cloud.sequence < peer, other_epoch = cloud.epoch != own.epoch;
    recovery.cloud_rolled_back = went_back || other_epoch;
    if (recovery.cloud_rolled_back) forget_agreements_after(c, other_epoch ? -1 : cloud.sequence);
    const Judged judged = judge(receipts, recovery.acknowledged, own.sequence);
    // A run that breaks off leaves the cloud one number ahead of what the desktop remembers, or receipts.
    // Further ahead it got through runs of which this desktop knows nothing any more.
    recovery.desktop_rolled_back = judged.rolled_back || (receipts.empty() && cloud.sequence > peer + 1);
    if (recovery.desktop_rolled_back) reset_marks(c);
    book_receipts(c, judged.accepted);
    recovery.booked = static_cast<std::int64_t>(judged.accepted.size());
    // Every number that the cloud has reached is known from now on, restored or not.
    recovery.peer_sequence = std::max(peer, cloud.sequence);
    recovery.acknowledged = std::max(recovery.acknowledged, cloud.sequence);
    recovery.fence = judged.highest + 1;
    recovery.epoch = went_back ? run_id : cloud.epoch;
    Statement(c, "note recovery", "UPDATE tideway_peer SET peer_seq = ?2, ack_seq = ?3 WHERE pair = ?1")
        .run({store_.pair(), recovery.peer_sequence, recovery.acknowledged});
    Statement(c, "take lease",
              "UPDATE tideway_lease SET seq = ?2, run = ?3, holder = ?4, at = ?5, epoch = ?6 WHERE pair = ?1")
        .run({store_.pair(), recovery.fence, run_id, holder, store_.now_micros(), recovery.epoch});
    transaction.commit();
    return recovery;
}

// The cloud was restored: what was agreed after that moment is no common ground any more
// (correctness.md 2.11), and deletions of that time are unknown to it (R22).
void SqliteArchive::forget_agreements_after(Connection& c, std::int64_t cloud_sequence) {
    for (const TableUse& table : store_.known_tables())
        if (table_exists(c, base_name(store_.pair_number(), table.id)))
            Statement(
                c, "forget lost agreements",
                fmt::format("UPDATE {} SET state = CASE WHEN state IN ('T', 'S') THEN 'S' ELSE 'U' END WHERE "
                            "c_barrier > ?1",
                            base_name(store_.pair_number(), table.id)))
                .run({cloud_sequence});
    reset_marks(c);
}

// Receipts of tables that have left the configuration are booked as well: their base may be used again.
void SqliteArchive::book_receipts(Connection& c, const std::vector<const Receipt*>& receipts) {
    std::map<int, std::pair<std::vector<const Agreement*>, std::vector<std::int64_t>>> by_table;
    for (const Receipt* receipt : receipts) {
        auto& [agreements, barriers] = by_table[receipt->table_id];
        agreements.push_back(&receipt->agreement);
        barriers.push_back(receipt->sequence);
    }
    for (const auto& [table_id, group] : by_table)
        write_agreements(c, table_id, group.first, group.second, {});
}

}  // namespace tideway::sqlite
