// The transactions that fill a table of the cloud (DESIGN.md 10.11), one after the other or two side by side.
#include <algorithm>
#include <utility>

#include "store/postgres/apply.hpp"
#include "store/postgres/batch_start.hpp"
#include "store/postgres/loading.hpp"

namespace tideway::pg {
namespace {

bool refers_to_itself(const LinkedTable& table) {
    const std::vector<Reference>& references = table.references(Side::cloud);
    return std::any_of(references.begin(), references.end(),
                       [&](const Reference& reference) { return reference.parent == table.cloud; });
}

// Without an index that tells keys apart as both sides do, only a lock keeps others from writing a row of the same key meanwhile.
LockMode lock_mode(const LinkedTable& table) {
    return index_tells_keys_apart(table) ? LockMode::row_exclusive : LockMode::share_row_exclusive;
}

// Two batches share the line. A program that stands still holds its rows for so long.
TransactionOptions options(const LinkedTable& table) {
    if (lock_mode(table) != LockMode::row_exclusive) return {.lock_timeout = Millis(2'000)};
    return {.lock_timeout = Millis(2'000), .statement_timeout = Millis(110'000)};
}

// COPY goes past rules, which INSERT does not.
constexpr const char* rules_for_insert = R"(
SELECT EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND r.ev_type = '3' AND r.ev_enabled <> 'D'))";

class PgLoadLane : public LoadLane {
  public:
    PgLoadLane(PgStore& store, std::optional<Connection> own) : store_(store), own_(std::move(own)) {}

    LoadOutcome load(const LoadBatch& batch, const LoadSteps& steps) override try {
        Connection& connection = own_ ? *own_ : store_.writer();
        Transaction transaction(connection, options(*batch.table));
        Loading loading(store_, connection, batch, search_);
        lock(connection, *batch.table, loading);
        steps.begun();
        // A server goes on where this session has written last, which is behind the end that it saw then.
        loading.copy(std::min(earlier_end_.value_or(loading.end()), loading.end()));
        earlier_end_ = loading.end();
        const LoadTurn turn = steps.await_turn([&] { connection.query({"keep transaction alive", "SELECT 1"}); });
        const auto fenced = std::chrono::steady_clock::now();
        const Fence fence(connection, store_.pair(), {turn.fence, turn.receipts_booked, store_.receipts_purged()});
        loading.record(fence.sequence());
        const Answer writes = ask_writes(connection);
        connection.flush();
        fence.check();
        LoadOutcome outcome{fence.sequence(), loading.outcomes(fence.sequence())};
        search_ = loading.search();
        check_side_effects(connection, store_.side(), writes, loading.planned());
        reach(connection, "load.written");
        transaction.commit();
        store_.note_committed(fenced, turn.receipts_booked);
        failpoint("load.committed");
        return outcome;
    } catch (const DbError& error) {
        rethrow_for_batch(error);
    }

  private:
    static void lock(Connection& connection, const LinkedTable& table, Loading& loading) {
        const Locks locks(connection, {&table}, lock_mode(table));
        remember_writes(connection);
        loading.mark_start();
        try {
            connection.flush();
        } catch (const DbError& error) {
            locks.explain(error);
            throw;
        }
        locks.check();
    }

    PgStore& store_;
    std::optional<Connection> own_;
    std::optional<std::int64_t> earlier_end_;
    Loading::Search search_ = Loading::Search::by_place;
};

}  // namespace

bool PgStore::may_load(const LinkedTable& table) {
    return side() == Side::cloud && writer().server_version() >= 140000 && !table.repeats() &&
           table.where.empty() && table.lookups.empty() && !table.mark_desktop && !table.mark_cloud &&
           std::none_of(table.columns.begin(), table.columns.end(), [](const LinkedColumn& column) {
               return column.by_key || may_round(column, Side::cloud);
           }) &&
           !read_once(asker(), "look for rules", rules_for_insert, {table.cloud.quoted()}).boolean(0, 0);
}

std::unique_ptr<LoadLane> PgStore::first_lane(const LinkedTable&) { return std::make_unique<PgLoadLane>(*this, std::nullopt); }

// Batches depend on each other where a row refers to one of an earlier batch, where one locks the table against the
// other, and where triggers of INSERT may write the same rows of other tables for both.
std::unique_ptr<LoadLane> PgStore::second_lane(const LinkedTable& table) {
    if (lock_mode(table) != LockMode::row_exclusive || refers_to_itself(table)) return nullptr;
    if (kept_ && kept_->spare_connections) return nullptr;
    Connection own = Connection::open(options_, hook_);
    const Result triggers = read_once(own, "look for triggers", R"(
SELECT EXISTS (SELECT FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid JOIN pg_namespace n ON n.oid = f.pronamespace
               WHERE g.tgrelid = $1::regclass AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND n.nspname <> 'tideway'
                 AND (g.tgtype::int & 4) <> 0))",  // fires for INSERT
                                      {table.cloud.quoted()});
    if (triggers.boolean(0, 0)) return nullptr;
    return std::make_unique<PgLoadLane>(*this, std::move(own));
}

}  // namespace tideway::pg
