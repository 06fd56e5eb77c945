#include "store/postgres/pg_watch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "store/postgres/pg_store.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

using std::chrono::steady_clock;

// Tables and captures may be changed by any run.
constexpr std::chrono::seconds relearn{30}, learn_again{1};
// Between two questions: where the server tells by itself or a pooler is between, and where the question is all
// there is, while people work and otherwise.
constexpr Millis seldom{1000}, working{25}, resting{250};
constexpr std::chrono::minutes people_work{10};

}  // namespace

PgWatch::PgWatch(const ConnectOptions& options, std::string pair, WaitHook& hook)
    : pair_(std::move(pair)), connection_(Connection::open(options, &hook)) {
    const Result pid = connection_.query({"ask for the backend", "SELECT pg_catalog.pg_backend_pid()"});
    direct_ = pid.integer(0, 0) == connection_.announced_pid();
}

bool PgWatch::learn() {
    const bool known = !channel_.empty();
    if (steady_clock::now() - learned_ < (known ? relearn : learn_again)) return known;
    learned_ = steady_clock::now();
    Transaction transaction(connection_, {.read_only = true});
    if (!run(connection_, "find state", "SELECT to_regclass('tideway.tables') IS NOT NULL").boolean(0, 0))
        return known;
    const Result found = run(connection_, "read captures", R"(
SELECT p.no, u.id, u.capture, to_regclass(format('tideway.changes_%s_%s', p.no, u.id)) IS NOT NULL
FROM tideway.tables u JOIN tideway.pair p USING (pair) WHERE u.pair = $1 ORDER BY u.id)",
                             {pair_});
    transaction.commit();
    if (found.rows() == 0) return known;
    std::vector<std::string> logs;
    unlogged_tables_ = false;
    bool told_by_xmin = true;
    for (int i = 0; i < found.rows(); ++i) {
        const std::string_view capture = found.text(i, 2);
        if (capture == "changelog" && found.boolean(i, 3))
            logs.push_back(fmt::format("EXISTS (SELECT FROM {})",
                                       changes_name(static_cast<int>(found.integer(i, 0)),
                                                    static_cast<int>(found.integer(i, 1)))));
        unlogged_tables_ = unlogged_tables_ || capture == "xmin";
        told_by_xmin = told_by_xmin && (capture == "changelog" || capture == "xmin");
    }
    // A table that is compared whole would be compared at every write of anybody, also of our own runs.
    unlogged_tables_ = unlogged_tables_ && told_by_xmin && connection_.side() == Side::desktop;
    logs_are_filled_ = fmt::format("{}", fmt::join(logs, " OR "));
    if (!known) {
        channel_ = channel_name(static_cast<int>(found.integer(0, 0)));
        if (direct_) listen();
    }
    return true;
}

void PgWatch::listen() {
    connection_.query({"listen", fmt::format("LISTEN {}", sql::Identifier(channel_).quoted())});
}

Millis PgWatch::interval() const {
    if (!direct_ || !unlogged_tables_) return seldom;
    return steady_clock::now() - written_ < people_work ? working : resting;
}

bool PgWatch::wait(Millis limit) {
    const Time end = steady_clock::now() + limit;
    for (;;) {
        const bool known = learn();
        if (known && steady_clock::now() - asked_ >= interval() && anything_written()) return true;
        const auto left = std::chrono::ceil<Millis>(end - steady_clock::now());
        if (left.count() <= 0) return false;
        const auto next = std::chrono::ceil<Millis>(asked_ + interval() - steady_clock::now());
        if (rang(std::min(left, known ? std::max(next, Millis(1)) : Millis(250)))) return true;
    }
}

bool PgWatch::rang(Millis limit) { return !connection_.notifications(limit).empty(); }

// First what costs nothing: no transaction of anybody began or ended.
bool PgWatch::anything_written() {
    asked_ = steady_clock::now();
    std::string now(
        connection_.query({"ask for transactions", "SELECT pg_catalog.pg_current_snapshot()::pg_catalog.text"})
            .text(0, 0));
    if (now == seen_) return false;
    seen_ = std::move(now);
    const bool logged =
        !logs_are_filled_.empty() &&
        connection_.query({"look into changelogs", "SELECT " + logs_are_filled_}).boolean(0, 0);
    if (logged || unlogged_tables_) written_ = asked_;
    return logged || unlogged_tables_;
}

// --------------------------------------------------------------------------------- place

namespace {

constexpr const char* take_place = R"(
INSERT INTO tideway.service AS s (pair, holder, at) SELECT p.pair, $2, clock_timestamp() FROM tideway.pair p WHERE p.pair = $1
ON CONFLICT (pair) DO UPDATE SET holder = excluded.holder, at = excluded.at
WHERE s.holder = excluded.holder OR s.holder = $3 OR abs(extract(epoch FROM clock_timestamp() - s.at)) > 20 RETURNING true)";

}  // namespace

Place PgWatch::hold_place(const std::string& holder) {
    Transaction transaction(connection_);
    if (!run(connection_, "find places", "SELECT to_regclass('tideway.service') IS NOT NULL").boolean(0, 0))
        return {};  // nothing was installed yet
    const Result found =
        run(connection_, "read place", "SELECT holder FROM tideway.service WHERE pair = $1", {pair_});
    const std::string before = found.rows() > 0 ? std::string(found.text(0, 0)) : "";
    const std::string dead = before.empty() || process_may_live(before) ? "" : before;
    const Result taken = run(connection_, "take place", take_place, {pair_, holder, dead});
    transaction.commit();
    return taken.rows() > 0 || before.empty() ? Place{} : Place{false, before};
}

void PgWatch::leave_place(const std::string& holder) noexcept try {
    connection_.tell(nullptr);
    if (!learn()) return;
    Transaction transaction(connection_, {.statement_timeout = Millis(2000)});
    run(connection_, "leave place", "DELETE FROM tideway.service AS s WHERE s.pair = $1 AND s.holder = $2",
        {pair_, holder});
    transaction.commit();
} catch (const std::exception&) {
    // It is free after twenty seconds.
}

}  // namespace tideway::pg
