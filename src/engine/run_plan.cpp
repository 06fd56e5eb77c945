// Looking ahead: the plan command and the guard. Nothing is written to users' tables here.
#include <fmt/format.h>

#include <algorithm>

#include "engine/restored.hpp"
#include "engine/run.hpp"

namespace tideway {

void Run::tell_of_restores(bool desktop, bool cloud, bool stopped) {
    for (const auto& [restored, side] : {std::pair(desktop, Side::desktop), std::pair(cloud, Side::cloud)})
        if (restored)
            told_.push_back(
                {"",
                 fmt::format("the {} database went back to an older state (a restored backup?): rows "
                             "of both sides are kept, and nothing is deleted because of it",
                             name(side)),
                 0, 0, std::string(reason_restored), stopped});
    report_.guard = told_;
}

// Only where the configuration asks for it: by itself a run goes on, and no rule takes a row away because of
// a restore.
bool Run::restore_may_go_on() {
    if (!session_.config.stop_restored) return true;
    const Restored restored = look_for_restores(session_);
    if (!restored.any()) return true;
    report_.plan_hash = restored.hash();
    if (confirm_ == report_.plan_hash) {
        confirm_.reset();
        return true;
    }
    tell_of_restores(restored.desktop, restored.cloud, true);
    return false;
}

void Run::note_tables_left_out() {
    told_.insert(told_.end(), gathered_->left_out.begin(), gathered_->left_out.end());
    report_.guard.insert(report_.guard.end(), gathered_->left_out.begin(), gathered_->left_out.end());
    gathered_->left_out.clear();
}

void Run::take_over(const Lookout& lookout) {
    report_.guard = told_;
    for (TableRun& run : gathered_->tables) {
        const auto found = lookout.stopped().find(run.link().id);
        if (found == lookout.stopped().end()) continue;
        const std::vector<GuardStop>& stops = found->second.stops;
        report_.guard.insert(report_.guard.end(), stops.begin(), stops.end());
        run.report.stopped = stops.front().what;
    }
    report_.remarks.insert(report_.remarks.end(), lookout.remarks().begin(), lookout.remarks().end());
    if (!lookout.stopped().empty()) report_.plan_hash = lookout.hash();
}

// A stopped table keeps its mark, so that its changes are found again; of a table that stands in for another
// one the mark of that other one.
void Run::withhold(const Lookout& lookout) {
    stopped_ = lookout.stopped();
    for (TableRun& run : gathered_->tables) {
        const int id = run.link().id;
        const auto found = stopped_.find(id);
        for (const Side side : {Side::desktop, Side::cloud}) {
            const auto earlier = earlier_marks_.find({id, side});
            if (found == stopped_.end()) continue;
            marks_.erase({id, side});
            if (earlier != earlier_marks_.end() && lookout.replaced(run, side))
                kept_marks_[{id, side}] = {Capture::digest, earlier->second.mark};
        }
        if (found == stopped_.end() || !found->second.let_through.empty()) continue;
        run.worklist.reset();
        gathered_->keys -= run.tally.keys;
        run.tally.keys = run.tally.rows = 0;
    }
}

void Run::refuse_confirmation() {
    const std::string text =
        fmt::format("{}: no plan of the hash {} covers rows that are still as they were; nothing was written",
                    info(Code::confirm_stale).id, *confirm_);
    report_.guard.push_back({"", text, 0, 0, std::string(reason_confirmation)});
    report_.status = "guard";
    collect_reports();
}

// Tables beyond the limits are stopped before anything of them is written, with what depends on them; the
// others flow. False: nothing may be written at all, since a confirmation covers nothing.
bool Run::guard_allows() {
    note_tables_left_out();
    stopped_.clear();
    kept_marks_.clear();
    Lookout lookout(session_, *gathered_, options_.direction, earlier_marks_);
    report_.guard = told_;
    if (!confirm_ && !lookout.called_for()) return true;
    session_.progress.phase("looking ahead");
    const bool covered = lookout.look(confirm_);
    take_over(lookout);
    lookout.keep_plan(report_.run);
    if (!covered) {
        refuse_confirmation();
        return false;
    }
    withhold(lookout);
    return true;
}

bool Run::is_withheld(const LinkedTable& table, const KeyWork& work) const {
    const auto found = stopped_.find(table.id);
    if (found == stopped_.end()) return false;
    const auto print = print_of(table, work);
    return !print || !found->second.let_through.contains(*print);
}

void Run::leave_out_withheld(const TableRun& run, std::vector<KeyWork>& works) const {
    if (stopped_.contains(run.link().id))
        std::erase_if(works, [&](const KeyWork& work) { return is_withheld(run.link(), work); });
}

void Run::look_at_plan(TableRun& run, const KeyWork& work) {
    const auto tally = [](WriteCounts& counts, Write write) {
        if (write == Write::insert) ++counts.inserted;
        if (write == Write::update) ++counts.updated;
        if (write == Write::erase) ++counts.deleted;
    };
    tally(run.report.to_cloud, work.decision.to_cloud);
    tally(run.report.to_desktop, work.decision.to_desktop);
    if (work.decision.merges) ++run.report.to_desktop.updated;
    if (work.decision.rule->verdict == Verdict::merge && work.decision.wait == Wait::none) ++run.report.merged;
    count(run.report, work.decision);
    if (work.decision.conflict) ++run.report.conflicts;
    if (options_.rows && report_.rows.size() < options_.most_rows && work.decision.rule->verdict != Verdict::nothing)
        report_.rows.push_back(describe(run.link(), work));
}

RunReport Run::plan() {
    const bool known = session_.installed();
    if (known) earlier_marks_ = session_.archive().marks();
    gathered_ = gather(session_, options_.mode, earlier_marks_);
    if (known && !session_.cloud->receipts(session_.archive().acknowledged()).empty())
        report_.remarks.push_back(
            "an interrupted run left receipts; sync books them first, so it will find less to do than this "
            "plan says");
    const Restored restored = look_for_restores(session_);
    report_.desktop_rolled_back = restored.desktop;
    report_.cloud_rolled_back = restored.cloud;
    tell_of_restores(restored.desktop, restored.cloud, session_.config.stop_restored);
    note_tables_left_out();
    Lookout lookout(session_, *gathered_, options_.direction, earlier_marks_);
    lookout.seen = [this](TableRun& run, const KeyWork& work) { look_at_plan(run, work); };
    lookout.look(std::nullopt);
    take_over(lookout);
    count_protected(*gathered_);
    collect_reports();
    report_.plan_hash = session_.config.stop_restored && restored.any() ? restored.hash() : lookout.hash();
    finish(report_);
    return std::move(report_);
}

}  // namespace tideway
