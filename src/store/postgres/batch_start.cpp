#include "store/postgres/batch_start.hpp"

#include <fmt/format.h>

#include <utility>

namespace tideway::pg {
namespace {

constexpr const char* lock_statement = "lock tables for writing";

Answer post_fence(Connection& connection, const std::string& pair, const Fence::At& at) {
    const Answer moved = post(connection, "fence", R"(
UPDATE tideway.lease SET seq = seq + 1, at = clock_timestamp() WHERE pair = $1 AND seq = $2::bigint RETURNING seq)",
                              {pair, std::to_string(at.sequence)});
    // What earlier batches of this run purged is not gone through again: our own snapshots keep it in the index.
    if (at.receipts_booked > at.receipts_purged)
        post(connection, "purge receipts",
             "DELETE FROM tideway.inbox AS i WHERE i.pair = $1 AND i.batch_seq > $2::bigint AND i.batch_seq <= $3::bigint",
             {pair, std::to_string(at.receipts_purged), std::to_string(at.receipts_booked)});
    return moved;
}

const char* name_of(LockMode mode) {
    switch (mode) {
        case LockMode::access_share: return "ACCESS SHARE";
        case LockMode::row_exclusive: return "ROW EXCLUSIVE";
        case LockMode::share_row_exclusive: return "SHARE ROW EXCLUSIVE";
    }
    throw Defect("a lock has no name");
}

// What the columns are like is asked under the locks.
Answer post_locks(Connection& connection, const std::vector<const LinkedTable*>& tables, LockMode mode) {
    std::vector<std::string> names;
    for (const LinkedTable* table : tables) names.push_back(table->on(connection.side()).quoted());
    connection.post({lock_statement, fmt::format("LOCK TABLE {} IN {} MODE", join(names), name_of(mode))});
    return ask_fingerprints(connection, connection.side(), tables);
}

}  // namespace

Fence::Fence(Connection& connection, const std::string& pair, const At& at)
    : side_(connection.side()), sequence_(at.sequence + 1), moved_(post_fence(connection, pair, at)) {}

void Fence::check() const {
    if (moved_.get().rows() == 0)
        throw Error(Code::fenced, fmt::format("another run took over the {} side", name(side_)),
                    "nothing of this batch was written; run again");
}

Locks::Locks(Connection& connection, std::vector<const LinkedTable*> tables, LockMode mode)
    : side_(connection.side()), tables_(std::move(tables)), columns_(post_locks(connection, tables_, mode)) {}

void Locks::check() const { check_fingerprints(columns_, side_, tables_); }

void Locks::explain(const DbError& error) const {
    if (error.sqlstate() == "55P03" && error.fields().statement == lock_statement) throw TableBusy(error.what());
    if (seen()) check();
}

}  // namespace tideway::pg
