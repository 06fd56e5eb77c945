#include "engine/renumber.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/limits.hpp"
#include "engine/pages.hpp"

namespace tideway {
namespace {

constexpr PageBounds page_bounds{2'000, 4LL * 1024 * 1024};
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
        const Page page = next_page(session, gathered, run, Part::present, direction, page_bounds);
        if (page.keys == 0) break;
        for (const KeyWork& work : page.works)
            if (work.decision.renumber)
                rows.push_back({work.candidate.key, work.candidate.desktop.facts.hash,
                                std::string(work.decision.rule->id), work.decision.reason});
    }
    run.worklist->rewind();
    return rows;
}

struct Holder {  // a column that holds the key
    const LinkedTable* table;
    std::size_t column;
    bool operator==(const Holder&) const = default;
};

// Whichever catalogue says so.
std::vector<Holder> referring_to(const LinkedTable& child, const Holder& parent) {
    std::vector<Holder> holders;
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string& wanted = parent.table->columns[parent.column].on(side).name;
        for (const Reference& reference : child.references(side))
            for (std::size_t i = 0;
                 i < reference.columns.size() && reference.parent == parent.table->on(side); ++i)
                if (reference.parent_columns[i] == wanted) holders.push_back({&child, reference.columns[i]});
    }
    return holders;
}

// Also columns that refer to columns that refer to the key.
std::vector<Renumbering::Dependent> dependents_of(const Session& session, const LinkedTable& parent) {
    std::vector<Holder> holders;
    for (std::size_t i = 0; i < parent.columns.size(); ++i)
        if (parent.columns[i].key) holders.push_back({&parent, i});
    std::vector<Renumbering::Dependent> dependents;
    for (std::size_t next = 0; next < holders.size(); ++next)
        for (const TableUnderSync& table : session.tables)
            for (const Holder& holder : referring_to(table.link, Holder(holders[next]))) {
                if (std::find(holders.begin(), holders.end(), holder) != holders.end()) continue;
                holders.push_back(holder);
                auto child = std::find_if(dependents.begin(), dependents.end(),
                                          [&](const auto& each) { return each.table == holder.table; });
                if (child == dependents.end()) child = dependents.insert(child, {holder.table, {}});
                child->columns.push_back(holder.column);
            }
    return dependents;
}

class Numbers {
  public:
    Numbers(Session& session, Snapshot& cloud, const LinkedTable& table,
            const std::vector<Renumbering::Dependent>& dependents)
        : session_(session),
          cloud_(cloud),
          table_(table),
          dependents_(dependents),
          largest_(largest_number(table)) {
        above_ = cloud.highest_number(table).value_or(0);
    }

    // None: every number that both columns can hold is taken, as far as was looked.
    std::optional<std::int64_t> next() {
        for (int tries = 0; tries < most_tries; ++tries) {
            const std::optional<std::int64_t> drawn =
                session_.archive().free_number(table_, dependents_, above_);
            if (!drawn || *drawn > largest_) {
                if (from_below_) return std::nullopt;
                from_below_ = true;  // the range is used up at its end; there may be gaps
                above_ = 0;
                continue;
            }
            const std::int64_t number = *drawn;
            above_ = number;
            if (cloud_.rows(table_, {{std::to_string(number)}}).empty()) return number;
        }
        return std::nullopt;
    }

  private:
    Session& session_;
    Snapshot& cloud_;
    const LinkedTable& table_;
    const std::vector<Renumbering::Dependent>& dependents_;
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
        if (count > limit_rows(session_.config.guard.max_updates, rows_at_stake(run.worklist->tally())))
            return remark(
                run,
                fmt::format("{} keys collide, more than guard.max_updates lets through: they wait", count));
        const auto dependents = dependents_of(session_, run.link());
        Numbers numbers(session_, *gathered_.cloud, run.link(), dependents);
        forget_time_stamps(dependents);
        for (const Colliding& row : rows) {
            const auto number = numbers.next();
            if (!number) return remark(run, "no free key was found for rows that collide: they wait");
            give(run, row, *number, dependents);
        }
    }

    Renumbered result;

  private:
    // Another key sets no time stamp, so these tables have to be compared whole.
    void forget_time_stamps(const std::vector<Renumbering::Dependent>& dependents) {
        for (const Renumbering::Dependent& child : dependents)
            if (child.table->capture_desktop == Capture::timestamp)
                session_.archive().forget_marks(child.table->id);
    }

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
