#include "engine/renumber.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/limits.hpp"

namespace tideway {
namespace {

constexpr int page_rows = 2'000;
constexpr std::int64_t page_bytes = 4LL * 1024 * 1024;
// Numbers that are free on the desktop but not in the cloud; beyond so many the row waits.
constexpr int most_tries = 1'000;

struct Colliding {
    Key key;
    Hash desktop;
    std::string rule, reason;
};

std::vector<Colliding> colliding_rows(Session& session, Gathered& gathered, TableRun& run,
                                      Direction direction) {
    std::vector<Colliding> rows;
    run.worklist->rewind();
    for (;;) {
        const Page page = next_page(session, gathered, run, Part::present, direction, page_rows, page_bytes);
        if (page.keys == 0) break;
        for (const KeyWork& work : page.works)
            if (work.decision.renumber)
                rows.push_back({work.candidate.key, work.candidate.desktop.facts.hash,
                                std::string(work.decision.rule->id), work.decision.reason});
    }
    run.worklist->rewind();
    return rows;
}

// Positions of a child's columns that hold the key of `parent`, whichever catalogue says so.
std::vector<std::size_t> referring_columns(const LinkedTable& child, const LinkedTable& parent) {
    std::vector<std::size_t> columns;
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string& key = parent.key_columns().front()->on(side).name;
        for (const Reference& reference : child.references(side)) {
            if (reference.parent != parent.on(side)) continue;
            for (std::size_t i = 0; i < reference.columns.size(); ++i)
                if (reference.parent_columns[i] == key &&
                    std::find(columns.begin(), columns.end(), reference.columns[i]) == columns.end())
                    columns.push_back(reference.columns[i]);
        }
    }
    return columns;
}

std::vector<Renumbering::Dependent> dependents_of(const Session& session, const LinkedTable& parent) {
    std::vector<Renumbering::Dependent> dependents;
    for (const TableUnderSync& table : session.tables) {
        std::vector<std::size_t> columns = referring_columns(table.link, parent);
        if (!columns.empty()) dependents.push_back({&table.link, std::move(columns)});
    }
    return dependents;
}

class Numbers {
  public:
    Numbers(Session& session, Snapshot& cloud, const LinkedTable& table)
        : session_(session), cloud_(cloud), table_(table), largest_(largest_number(table)) {
        above_ = cloud.highest_number(table).value_or(0);
    }

    // None: every number that both columns can hold is taken, as far as was looked.
    std::optional<std::int64_t> next() {
        for (int tries = 0; tries < most_tries; ++tries) {
            const std::int64_t number = session_.archive().free_number(table_, above_);
            if (number > largest_) {
                if (from_below_) return std::nullopt;
                from_below_ = true;  // the range is used up at its end; there may be gaps
                above_ = 0;
                continue;
            }
            above_ = number;
            if (cloud_.rows(table_, {{std::to_string(number)}}).empty()) return number;
        }
        return std::nullopt;
    }

  private:
    Session& session_;
    Snapshot& cloud_;
    const LinkedTable& table_;
    std::int64_t largest_, above_ = 0;
    bool from_below_ = false;
};

class Renumberer {
  public:
    Renumberer(Session& session, Gathered& gathered, const std::string& run, std::int64_t fence)
        : session_(session), gathered_(gathered), run_(run), fence_(fence) {}

    void renumber(TableRun& run, Direction direction) {
        const std::vector<Colliding> rows = colliding_rows(session_, gathered_, run, direction);
        if (rows.empty()) return;
        const auto count = static_cast<std::int64_t>(rows.size());
        if (count > limit_rows(session_.config.guard.max_updates, rows_at_stake(run.tally)))
            return remark(
                run,
                fmt::format("{} keys collide, more than guard.max_updates lets through: they wait", count));
        Numbers numbers(session_, *gathered_.cloud, run.link());
        const auto dependents = dependents_of(session_, run.link());
        for (const Colliding& row : rows) {
            const auto number = numbers.next();
            if (!number) return remark(run, "no free key was found for rows that collide: they wait");
            give(run, row, *number, dependents);
        }
    }

    Renumbered result;

  private:
    void give(const TableRun& run, const Colliding& row, std::int64_t number,
              const std::vector<Renumbering::Dependent>& dependents) try {
        const Renumbering renumbering{
            run_,
            &run.link(),
            row.key,
            row.desktop,
            number,
            row.rule,
            fmt::format("{}; it got the key {}, and the rows that refer to it with it", row.reason, number),
            dependents};
        if (session_.archive().renumber(renumbering, fence_)) ++result.rows[run.link().id];
    } catch (const Refused& refused) {
        remark(run, fmt::format("key {} collides and cannot be changed: {}", display(row.key),
                                refused.refusal().message));
    } catch (const TryAgain& error) {
        remark(run, fmt::format("key {} collides and was locked: {}", display(row.key), error.what()));
    }

    void remark(const TableRun& run, const std::string& text) {
        result.remarks.push_back(fmt::format("{}: {}", run.link().desktop.display(), text));
    }

    Session& session_;
    Gathered& gathered_;
    const std::string& run_;
    std::int64_t fence_;
};

}  // namespace

Renumbered renumber_collisions(Session& session, Gathered& gathered, Direction direction,
                               const std::string& run, std::int64_t desktop_fence) {
    Renumberer renumberer(session, gathered, run, desktop_fence);
    if (direction == Direction::forward) return {};
    for (TableRun& table : gathered.tables) {
        if (table.link().policy.collision != Collision::remap || !table.worklist || table.tally.keys == 0)
            continue;
        // An earlier run may have found the collision.
        if (table.tally.on_both > 0 || session.archive().anything_waits())
            renumberer.renumber(table, direction);
    }
    return std::move(renumberer.result);
}

}  // namespace tideway
