#include "engine/lookout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "engine/limits.hpp"
#include "engine/pages.hpp"
#include "reconcile/withheld.hpp"

namespace tideway {
namespace {

constexpr PageBounds page{2'000, 4LL * 1024 * 1024};
constexpr std::size_t keys_per_portion = 5'000;
constexpr std::size_t keys_to_name = 10;

// References that were left empty until their parents come: that completes what was written before, and no
// user has changed anything.
bool only_fills(const Decision& decision) {
    const Condition when = decision.rule->when;
    return when == Condition::emptied_in_cloud || when == Condition::emptied_on_desktop;
}

void count_write(WriteCounts& counts, Write write) {
    if (write == Write::insert) ++counts.inserted;
    if (write == Write::update) ++counts.updated;
    if (write == Write::erase) ++counts.deleted;
}

const RowFacts& row_of(const KeyWork& work, Side side) {
    return side == Side::cloud ? work.cloud.facts : work.candidate.desktop.facts;
}

// A row that was agreed on and that one side lacks, where that is not simply carried over: deletes have a
// limit of their own. What nobody acts upon is no news, and neither is what waits already.
bool newly_gone(const KeyWork& work, Side source) {
    const Wait wait = work.decision.wait;
    const bool carried_over =
        work.decision.to_cloud == Write::erase || work.decision.to_desktop == Write::erase;
    return !carried_over && work.candidate.base.state == BaseState::live && !row_of(work, source).lives() &&
           row_of(work, other(source)).lives() && !work.candidate.was_waiting && wait != Wait::ignored &&
           wait != Wait::direction;
}

}  // namespace

Lookout::Lookout(Session& session, Gathered& gathered, Direction direction, const Marks& marks)
    : session_(session), gathered_(gathered), direction_(direction), marks_(marks) {}

bool Lookout::replaced(const TableRun& run, Side side) const {
    const auto mark = marks_.find({run.link().id, side});
    if (mark == marks_.end() || run.link().policy.refill) return false;
    const Snapshot& snapshot = side == Side::desktop ? *gathered_.desktop : *gathered_.cloud;
    return snapshot.replaced(run.link(), mark->second.mark);
}

bool Lookout::suspicious(const TableRun& run) {
    if (!run.worklist || run.tally.keys == 0) return false;
    const GuardSetting& guard = run.table->setting->guard;
    const bool clocks = std::abs(session_.clocks.offset) / 1'000'000 > guard.max_clock_difference_s;
    return clocks || may_be_stopped(run.tally, guard) || replaced(run, Side::desktop) ||
           replaced(run, Side::cloud);
}

bool Lookout::called_for() {
    return std::any_of(gathered_.tables.begin(), gathered_.tables.end(),
                       [this](const TableRun& run) { return suspicious(run); });
}

void Lookout::each_work(TableRun& run, const std::function<void(const KeyWork&)>& visit) {
    if (!run.worklist) return;
    run.worklist->rewind();
    for (;;) {
        // As the run will read them: plans are named by what is read.
        const Page next = next_page(session_, gathered_, run, Part::everything, direction_, page, Cloud::as_needed);
        if (next.keys == 0) break;
        for (const KeyWork& work : next.works) visit(work);
    }
    run.worklist->rewind();
}

void Lookout::tally(Sight& sight, const TableRun& run, const KeyWork& work) const {
    const Decision& decision = work.decision;
    if (only_fills(decision)) return;
    count_write(sight.outlook.to_cloud.writes, decision.to_cloud);
    count_write(sight.outlook.to_desktop.writes, decision.to_desktop);
    if (decision.merges) ++sight.outlook.to_desktop.writes.updated;
    for (const Side source : {Side::desktop, Side::cloud})
        if (newly_gone(work, source)) ++sight.outlook.to(other(source)).gone;
    const bool by_clock = decision.conflict && decision.rule->verdict == Verdict::conflict &&
                          run.link().policy.conflict == ConflictPolicy::latest && !work.candidate.chosen;
    if (by_clock) ++sight.outlook.to(decision.winner == Side::cloud ? Side::desktop : Side::cloud).by_clock;
}

// Pages through the table once. Where every row that was agreed on is missing and none is there, it is empty.
void Lookout::look_at(TableRun& run, const std::string& plan) {
    Sight& sight = sights_[run.link().id];
    if (run.worklist) run.tally.base_rows = run.worklist->tally().base_rows;
    sight.outlook.rows = rows_at_stake(run.tally);
    sight.outlook.clock_difference_s = std::abs(session_.clocks.offset) / 1'000'000;
    std::vector<KeptKey> kept;
    if (!plan.empty()) kept = session_.archive().kept_plans().plan_keys(plan, run.link().id);
    std::set<std::uint64_t> prints;
    for (const KeptKey& key : kept) prints.insert(key.print);
    std::map<Side, std::int64_t> missing, present;
    each_work(run, [&](const KeyWork& work) {
        for (const Side side : {Side::desktop, Side::cloud}) {
            present[side] += row_of(work, side).lives() ? 1 : 0;
            missing[side] += !row_of(work, side).lives() && work.candidate.base.state == BaseState::live;
        }
        const auto print = print_of(run.link(), work);
        const bool confirmed = print && prints.contains(*print);
        if (print) sight.all.add(*print);
        if (confirmed) {
            sight.confirmed.insert(*print);
            ++confirmed_;
        } else {
            tally(sight, run, work);
            if (print) sight.open.add(*print);
        }
        if (seen) seen(run, work);
    });
    for (const Side side : {Side::desktop, Side::cloud}) {
        Flow& flow = sight.outlook.to(other(side));
        flow.empty = run.tally.base_rows > 0 && missing[side] >= run.tally.base_rows && present[side] == 0;
        flow.replaced = replaced(run, side);
        // Rows that only wait were never agreed on; those that are to be changed are there all the same.
        sight.outlook.rows = std::max(sight.outlook.rows, flow.writes.updated + flow.writes.deleted);
    }
    list_moved(run, kept, sight.confirmed);
}

void Lookout::list_moved(const TableRun& run, const std::vector<KeptKey>& plan,
                         const std::set<std::uint64_t>& found) {
    std::vector<std::string> moved;
    std::size_t count = 0;
    for (const KeptKey& key : plan) {
        if (found.contains(key.print)) continue;
        if (++count <= keys_to_name) moved.push_back(display(key.key));
    }
    if (count == 0) return;
    remarks_.push_back(
        fmt::format("{}: {} of the {} confirmed keys are no longer what they were and were judged anew: {}{}",
                    run.link().desktop.display(), count, plan.size(), fmt::join(moved, ", "),
                    count > keys_to_name ? fmt::format(" and {} more", count - keys_to_name) : ""));
}

void Lookout::clear() {
    sights_.clear();
    stopped_.clear();
    remarks_.clear();
    confirmed_ = 0;
}

bool Lookout::look(const std::optional<std::string>& confirm) {
    clear();
    const bool kept = confirm && session_.installed() && session_.archive().kept_plans().has_plan(*confirm);
    for (TableRun& run : gathered_.tables) {
        look_at(run, kept ? *confirm : "");
        std::vector<GuardStop> stops =
            judge(run.report.desktop, sights_[run.link().id].outlook, run.table->setting->guard);
        if (!stops.empty()) stopped_[run.link().id].stops = std::move(stops);
    }
    stop_dependants();
    if (!confirm) return true;
    if (kept && confirmed_ > 0) {
        for (auto& [table, stopped] : stopped_) stopped.let_through = sights_[table].confirmed;
        return true;
    }
    // A plan that was only shown, and that is still the plan.
    if (stopped_.empty() || hash() != *confirm) return false;
    stopped_.clear();
    return true;
}

bool Lookout::is_open(const TableRun& run, const KeyWork& work) const {
    const auto print = print_of(run.link(), work);
    return print && !sights_.at(run.link().id).confirmed.contains(*print);
}

// What needs a row that is not written cannot be written either; what needs that, in turn, as well.
void Lookout::stop_dependants() {
    if (stopped_.empty()) return;
    std::vector<const LinkedTable*> tables;
    for (const TableRun& run : gathered_.tables) tables.push_back(&run.link());
    WithheldRows withheld(tables);
    std::set<int> noted;
    for (bool more = true; more;) {
        more = false;
        for (TableRun& run : gathered_.tables)
            if (stopped_.contains(run.link().id) && noted.insert(run.link().id).second)
                each_work(run, [&](const KeyWork& work) {
                    if (is_open(run, work)) withheld.note(run.link(), work);
                });
        for (TableRun& run : gathered_.tables)
            if (!stopped_.contains(run.link().id) && withheld.may_concern(run.link()))
                more = stop_if_dependent(run, withheld) || more;
    }
}

bool Lookout::stop_if_dependent(TableRun& run, const WithheldRows& withheld) {
    std::int64_t count = 0;
    std::string needed;
    each_work(run, [&](const KeyWork& work) {
        const std::string table = is_open(run, work) ? withheld.needed_by(run.link(), work) : "";
        if (table.empty()) return;
        ++count;
        needed = table;
    });
    if (count == 0) return false;
    stopped_[run.link().id].stops.push_back(
        {run.report.desktop, fmt::format("{} of its changes need rows of {} that are stopped", count, needed),
         count, rows_at_stake(run.tally), std::string(reason_depends)});
    return true;
}

std::string Lookout::hash() const {
    PlanHash hash;
    for (const auto& [table, sight] : sights_)
        if (stopped_.empty() || stopped_.contains(table)) hash.add(stopped_.empty() ? sight.all : sight.open);
    return hash.text();
}

void Lookout::keep_plan(const std::string& run_id) {
    KeptPlans& plans = session_.archive().kept_plans();
    const std::string name = hash();
    if (stopped_.empty() || plans.has_plan(name)) return;
    std::vector<KeptKey> portion;
    const auto flush = [&] {
        if (!portion.empty()) plans.keep_keys(name, portion);
        portion.clear();
    };
    for (TableRun& run : gathered_.tables) {
        if (!stopped_.contains(run.link().id)) continue;
        each_work(run, [&](const KeyWork& work) {
            if (!is_open(run, work)) return;
            portion.push_back({run.link().id, work.candidate.key, *print_of(run.link(), work)});
            if (portion.size() >= keys_per_portion) flush();
        });
    }
    flush();
    plans.keep_plan(name, run_id);
}

}  // namespace tideway
