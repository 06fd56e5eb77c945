// The lease of a side: fence token, barrier counter, and who is at work.
#include <fmt/format.h>

#include <cstdlib>

#include "store/postgres/pg_archive.hpp"

namespace tideway::pg {
namespace {

constexpr std::int64_t lease_lifetime_micros = 20'000'000;  // DESIGN.md 10.12
constexpr std::chrono::seconds fresh_for{5};

}  // namespace

// -------------------------------------------------------------------------------------------------------

Answer PgStore::ask_lease(Connection& connection) {
    return post(connection, "lock lease", R"(
SELECT seq, coalesce(run, ''), coalesce(holder, ''), coalesce((extract(epoch FROM clock_timestamp() - at) * 1000000)::bigint, 0), epoch
FROM tideway.lease WHERE pair = $1 FOR UPDATE)",
                {pair_});
}

LeaseState PgStore::lease_of(const Answer& answer) const {
    const Result& found = answer.get();
    LeaseState state{found.integer(0, 0),
                     std::string(found.text(0, 1)),
                     std::string(found.text(0, 2)),
                     found.integer(0, 3),
                     false,
                     std::string(found.text(0, 4))};
    // One from the future was written before that clock was set back.
    state.held = !state.run.empty() && std::abs(state.age_micros) < lease_lifetime_micros &&
                 process_may_live(state.holder);
    return state;
}

void PgStore::rethrow_busy_lease(const DbError& error) const {
    if (error.sqlstate() != "55P03") throw error;
    throw Error(Code::lease_held,
                fmt::format("a transaction of another run is still at work on the {} side", name(side())),
                "wait until it ends; the server ends it at the latest when its connection times out");
}

LeaseState PgStore::lease() try {
    Connection& c = asker();
    Transaction transaction(c);
    const Answer answer = ask_lease(c);
    transaction.commit();
    return lease_of(answer);
} catch (const DbError& error) {
    rethrow_busy_lease(error);
}

bool PgStore::take_lease(const LeaseState& seen, std::int64_t next, const std::string& run_id,
                         const std::string& holder, const std::string& epoch) {
    Transaction transaction(writer());
    const Answer taken =
        post(writer(), "take lease", R"(
UPDATE tideway.lease SET seq = $3::bigint, run = $4, holder = $5, at = clock_timestamp(), epoch = $6
WHERE pair = $1 AND seq = $2::bigint)",
             {pair_, std::to_string(seen.sequence), std::to_string(next), run_id, holder, epoch});
    known_ahead_ = ask_known_tables(writer());  // what a run looks at next, now that nobody else may change it
    transaction.commit();
    return taken.get().affected() == 1;
}

std::int64_t PgStore::barrier(std::int64_t fence, std::int64_t cloud_fence) {
    Transaction transaction(writer());
    const Answer moved = post(writer(), "barrier", R"(
UPDATE tideway.lease SET seq = seq + 1, at = clock_timestamp() WHERE pair = $1 AND seq = $2::bigint RETURNING seq)",
                             {pair_, std::to_string(fence)});
    note_peer(writer(), cloud_fence);
    transaction.commit();
    if (moved.get().rows() == 0)
        throw Error(Code::fenced, fmt::format("another run took over the {} side", name(side())));
    return moved.get().integer(0, 0);
}

// Behind a pooler a renewal may have to wait for a connection that this run's own batches use.
void PgStore::renew_lease(const std::string& run_id) noexcept try {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    if (const auto fenced = fenced_.load(); fenced.count() > 0 && now - fenced < fresh_for) return;
    // A locked row is being written by our own batch, which keeps it fresh as well.
    write_once(keeper(), "renew lease", R"(
UPDATE tideway.lease SET at = clock_timestamp() WHERE ctid IN
    (SELECT l.ctid FROM tideway.lease l WHERE l.pair = $1 AND l.run = $2 FOR UPDATE SKIP LOCKED))",
               {pair_, run_id}, {.lock_timeout = Millis(1000), .statement_timeout = Millis(2000)});
} catch (const std::exception&) {
    // The fence protects the data; a lease that could not be renewed only lets another run start.
}

void PgStore::post_release(Connection& connection, const std::string& run_id) {
    post(connection, "release lease",
         "UPDATE tideway.lease SET run = NULL, holder = NULL WHERE pair = $1 AND run = $2", {pair_, run_id});
}

// No connection is opened for this: where none is left, the lease is over soon anyway.
void PgStore::release_lease(const std::string& run_id) noexcept try {
    std::optional<Connection>& there = writer_ ? writer_ : reader_;
    if (!there || there->lost() || there->in_transaction()) return;
    Transaction transaction(*there);
    post_release(*there, run_id);
    transaction.commit();
} catch (const std::exception&) {
    // It expires by itself.
}

}  // namespace tideway::pg
