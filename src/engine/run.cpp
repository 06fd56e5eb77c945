#include "engine/run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/first_contact.hpp"
#include "engine/renumber.hpp"

namespace tideway {
namespace {

// Rows that users change faster than we can write them stay pending after so many rounds (DESIGN.md 10.8).
constexpr int rounds = 3;
// What a guard stopped can be confirmed for so long.
constexpr int days_to_keep_plans = 7;

}  // namespace

Run::Run(Session& session, const RunOptions& options, std::string run,
         std::function<std::string(const RunReport&)> serialize)
    : session_(session), options_(options), serialize_(std::move(serialize)), hold_(session, run) {
    started_ = session.world.clock.monotonic_micros();
    report_.run = std::move(run);
    report_.mode = options.mode;
    report_.direction = options.direction;
    report_.only_tables = options.tables;
    report_.clock_offset_ms = session.clocks.offset / 1000;
    confirm_ = options.confirm;
}

RunReport Run::sync() {
    session_.install_state();
    if (options_.on_change && nothing_new()) {
        report_idle();
        finish(report_);
        return std::move(report_);
    }
    if (!options_.on_change && again_.waiting.empty() && probe()) {
        report_.idle = true;
        session_.desktop->record_idle(record());
        session_.cloud->record_idle(record());
        finish(report_);
        return std::move(report_);
    }
    if (!restore_may_go_on()) {
        record_guard_stop();
        return std::move(report_);
    }
    open_protocol();
    earlier_marks_ = session_.archive().marks();
    session_.install_tables();
    report_.remarks.insert(report_.remarks.end(), session_.lost_columns.begin(), session_.lost_columns.end());
    book_again();
    work();
    finish(report_);
    return std::move(report_);
}

void Run::book_again() {
    if (again_.waiting.empty()) return;
    again_.run = report_.run;
    session_.archive().book(again_, desktop_fence_);
}

void Run::open_protocol() {
    hold_.take();
    desktop_fence_ = hold_.recovery.fence;
    cloud_fence_ = hold_.cloud_fence;
    acknowledged_ = hold_.recovery.acknowledged;
    report_.receipts_booked = hold_.recovery.booked;
    report_.cloud_rolled_back = hold_.recovery.cloud_rolled_back;
    report_.desktop_rolled_back = hold_.recovery.desktop_rolled_back;
    tell_of_restores(report_.desktop_rolled_back, report_.cloud_rolled_back, false);
}

void Run::work() {
    gathered_ =
        gather(session_, options_.mode, session_.archive().marks(), Reach::all,
               options_.direction == Direction::reverse ? FirstContact::link_only : FirstContact::at_once);
    start_new_tables();
    marks_ = gathered_->marks;
    count_protected(*gathered_);
    if (!guard_allows()) return record_guard_stop();
    // What was read anew may hold more than the guard has seen.
    if (renumber_collisions() && !guard_allows()) return record_guard_stop();
    forget_marks_of_children();
    open_account();
    for (int round = 1; gathered_->keys > 0; ++round) {
        raise_barriers();
        process_everything();
        settle_accounts(round == 1);
        const bool unfinished =
            std::any_of(gathered_->tables.begin(), gathered_->tables.end(),
                        [](const TableRun& run) { return !run.raced.empty() || !run.merged.empty(); });
        if (!unfinished) break;
        if (round == rounds) {
            give_up_raced();
            break;
        }
        busy_.clear();
        for (const TableRun& run : gathered_->tables) earlier_rounds_[run.link().id] = run.report;
        Gathered again = gather_again(session_, *gathered_);
        gathered_ = std::move(again);
        note_tables_left_out();
        open_account();
        keep_marks_of_left_out_tables();
    }
    advance();
}

// Where rows were left, everything is read again in new snapshots; the marks of these ones are good enough
// otherwise.
void Run::start_new_tables() {
    const bool any = std::any_of(gathered_->tables.begin(), gathered_->tables.end(),
                                 [](const TableRun& run) { return run.start != TableRun::Start::no; });
    if (!any) return;
    raise_barriers();
    session_.progress.phase("first contact");
    StartState state{report_.run,      desktop_fence_, cloud_fence_,
                     desktop_barrier_, cloud_barrier_, acknowledged_};
    first_contact_ = start_at_once(session_, *gathered_, state);
    cloud_fence_ = state.cloud_fence;
    acknowledged_ = state.acknowledged;
    if (!std::all_of(first_contact_.begin(), first_contact_.end(),
                     [](const auto& table) { return table.second.complete; })) {
        gathered_.reset();
        gathered_ = gather(session_, options_.mode, session_.archive().marks());
    }
    for (TableRun& run : gathered_->tables) note_first_contact(run.report, run.link().id);
}

void Run::note_first_contact(TableReport& report, int table) const {
    const auto found = first_contact_.find(table);
    if (found == first_contact_.end()) return;
    report.to_cloud.inserted = found->second.loaded;
    report.adopted = found->second.linked;
    if (found->second.loaded > 0) report.rules["R1"] = found->second.loaded;
    if (found->second.linked > 0) report.rules["R3"] = found->second.linked;
}

// Rows that got other keys are read again: they are new to the cloud now, and so is the cloud's row to the
// desktop.
bool Run::renumber_collisions() {
    const Renumbered renumbered =
        tideway::renumber_collisions(session_, *gathered_, options_.direction, report_.run, desktop_fence_);
    report_.remarks.insert(report_.remarks.end(), renumbered.remarks.begin(), renumbered.remarks.end());
    if (!renumbered.any()) return false;
    gathered_.reset();
    gathered_ = gather(session_, options_.mode, session_.archive().marks());
    marks_ = gathered_->marks;
    count_protected(*gathered_);
    for (TableRun& run : gathered_->tables)
        if (const auto found = renumbered.rows.find(run.link().id); found != renumbered.rows.end())
            run.report.renumbered = found->second;
    return true;
}

// Rows that name their parent by its key change with that key, and nothing captures it: until a run has got
// to its end with all of them, they are compared whole.
void Run::forget_marks_of_children() {
    for (const TableUnderSync& child : session_.tables)
        if (parent_changed(*gathered_, child.link)) session_.archive().forget_marks(child.link.id);
}

// The history shows the stop; the tables' own records stay as they were, since nothing was synchronised. A
// confirmation that covers nothing says nothing of the pair: what was stopped before is still what was stopped.
void Run::record_guard_stop() {
    finish(report_);
    const bool only_refused =
        std::all_of(report_.guard.begin(), report_.guard.end(), [](const GuardStop& stop) {
            return !stop.stopped || stop.reason == reason_confirmation;
        });
    if (only_refused) return;
    RunRecord stopped = record();
    stopped.lines.clear();
    session_.desktop->record_run(stopped);
}

// M3: what was read becomes durable where it was read before it is written on the other side (P6).
void Run::raise_barriers() {
    failpoint("M3.before");
    desktop_fence_ = desktop_barrier_ = session_.desktop->barrier(desktop_fence_, cloud_fence_);
    failpoint("M3.desktop");
    cloud_fence_ = cloud_barrier_ = session_.cloud->barrier(cloud_fence_, 0);
    failpoint("M3.cloud");
}

// A table that had to be left out meanwhile still has changes before the marks of the first round.
void Run::keep_marks_of_left_out_tables() {
    std::erase_if(marks_, [&](const auto& mark) {
        return std::none_of(gathered_->tables.begin(), gathered_->tables.end(),
                            [&](const TableRun& run) { return run.link().id == mark.first.first; });
    });
}

void Run::give_up_raced() {
    Booking booking;
    booking.run = report_.run;
    booking.cloud_barrier = cloud_barrier_;
    for (TableRun& run : gathered_->tables)
        for (const KeyAgain& again : run.raced) {
            booking.waiting.push_back({&run.link(),
                                       again.key,
                                       "raced",
                                       "",
                                       "changed by users while it was being written, three times in a row",
                                       {}});
            ++run.report.pending;
            ++run.report.raced;
        }
    for (TableRun& run : gathered_->tables)  // listed since they were merged
        run.report.pending += static_cast<std::int64_t>(run.merged.size());
    session_.archive().book(booking, desktop_fence_);
}

// M7, M8. A direction that did not run leaves its side's mark where it was: its changes are found again.
void Run::advance() {
    for (std::unique_ptr<Snapshot>* snapshot : {&gathered_->desktop, &gathered_->cloud}) {
        if (*snapshot) (*snapshot)->leave();
        snapshot->reset();
    }
    remember_rows();
    std::map<std::pair<int, Side>, StoredMark> marks = kept_marks_;
    for (const auto& [where, mark] : marks_) {
        const bool handled = options_.direction == Direction::both ||
                             (where.second == Side::desktop) == (options_.direction == Direction::forward);
        if (handled) marks[where] = mark;
    }
    failpoint("M7.before");
    session_.archive().advance_marks(marks, desktop_fence_, cloud_fence_);
    collect_reports();
    if (stopped_.empty()) report_.plan_hash = hash_.text();
    KeptPlans& plans = session_.archive().kept_plans();
    if (confirm_) plans.forget_plan(*confirm_);
    plans.forget_plans_older_than(days_to_keep_plans);
    end_on_both_sides(marks);
    failpoint("report.written");
}

// The desktop's record tells how many protected rows the cloud has in the end.
void Run::end_on_both_sides(const Marks& marks) {
    finish(report_);
    failpoint("M8.changes");
    const Ended cloud = session_.cloud->end_run(ending_of(Side::cloud, marks));
    failpoint("M8.receipts");
    note_protected_afterwards(cloud.protected_rows);
    finish(report_);
    const Ended desktop = session_.desktop->end_run(ending_of(Side::desktop, marks));
    for (const auto& [ended, side] : {std::pair(&desktop, Side::desktop), std::pair(&cloud, Side::cloud)})
        if (ended->old_records) with_old_records_.push_back(side);
    if (cloud.released && desktop.released) hold_.given_back();
}

Ending Run::ending_of(Side side, const Marks& marks) const {
    const JournalSetting& journal = session_.config.journal;
    Ending ending{{}, acknowledged_, record(), {}, report_.run, {journal.keep_seconds, journal.max_bytes}};
    for (const TableRun& run : gathered_->tables) {
        if (side == Side::cloud && run.link().origin) ending.count.push_back(&run.link());
        if (const auto mark = marks.find({run.link().id, side});
            mark != marks.end() && !kept_marks_.contains(mark->first))
            ending.seen.emplace_back(&run.link(), mark->second.mark);
    }
    return ending;
}

}  // namespace tideway
