// The lease of a side: fence token, barrier counter, and who is at work.
#include <fmt/format.h>

#include <cstdlib>

#include "store/sqlite/sqlite_archive.hpp"

namespace tideway::sqlite {
namespace {

constexpr std::int64_t lease_lifetime_micros = 20'000'000;  // DESIGN.md 10.12

}  // namespace

// Whoever writes to the file is waited for, an older run among them.
LeaseState SqliteStore::lease() try {
    Transaction transaction(writer(), Access::write);
    Statement found(writer(), "read lease",
                    "SELECT seq, run, holder, at, epoch FROM tideway_lease WHERE pair = ?1", {pair_});
    ensure(found.step(), "a pair has a lease");
    LeaseState state{found.integer(0),
                     found.text(1),
                     found.text(2),
                     now_micros() - found.maybe_integer(3).value_or(now_micros()),
                     false,
                     found.text(4)};
    // One from the future was written before that clock was set back.
    state.held = !state.run.empty() && std::abs(state.age_micros) < lease_lifetime_micros &&
                 process_may_live(state.holder);
    return state;
} catch (const SqliteError& error) {
    if (!error.busy()) throw;
    throw Error(Code::lease_held,
                fmt::format("another program keeps on writing to the {} file", name(side())),
                "wait until its transaction ends");
}

bool SqliteStore::take_lease(const LeaseState& seen, std::int64_t next, const std::string& run_id,
                             const std::string& holder, const std::string& epoch) {
    Transaction transaction(writer(), Access::write);
    const std::int64_t taken = Statement(writer(), "take lease",
                                         "UPDATE tideway_lease SET seq = ?3, run = ?4, holder = ?5, at = ?6, "
                                         "epoch = ?7 WHERE pair = ?1 AND "
                                         "seq = ?2")
                                   .run({pair_, seen.sequence, next, run_id, holder, now_micros(), epoch});
    transaction.commit();
    return taken == 1;
}

std::int64_t SqliteStore::barrier(std::int64_t fence, std::int64_t cloud_fence) {
    Transaction transaction(writer(), Access::write);
    const std::int64_t moved =
        Statement(writer(), "barrier",
                  "UPDATE tideway_lease SET seq = seq + 1, at = ?3 WHERE pair = ?1 AND seq = ?2")
            .run({pair_, fence, now_micros()});
    if (moved == 0) throw Error(Code::fenced, fmt::format("another run took over the {} side", name(side())));
    if (archive_) archive_->note_peer(writer(), cloud_fence);
    transaction.commit();
    return fence + 1;
}

void SqliteStore::renew_lease(const std::string& run_id) noexcept try {
    // Our own batch holds the file; nobody can take over before it ends.
    if (writer_ && writer_->in_transaction()) return;
    Connection& keeper = open(keeper_, nullptr);
    if (keeper.in_transaction()) return;
    Transaction transaction(keeper, Access::write, Millis(1'000));
    Statement(keeper, "renew lease", "UPDATE tideway_lease SET at = ?3 WHERE pair = ?1 AND run = ?2")
        .run({pair_, run_id, now_micros()});
    transaction.commit();
} catch (const std::exception&) {
    // The fence protects the data; a lease that could not be renewed only lets another run start.
}

void SqliteStore::release_lease(const std::string& run_id) noexcept try {
    if (!writer_ || writer_->in_transaction()) return;
    Transaction transaction(*writer_, Access::write);
    Statement(*writer_, "release lease",
              "UPDATE tideway_lease SET run = NULL, holder = NULL WHERE pair = ?1 AND run = ?2")
        .run({pair_, run_id});
    transaction.commit();
} catch (const std::exception&) {
    // It expires by itself.
}

}  // namespace tideway::sqlite
