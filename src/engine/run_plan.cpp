// Looking ahead: the plan command and the guard. Nothing is written here.
#include <fmt/format.h>

#include <algorithm>

#include "engine/limits.hpp"
#include "engine/run.hpp"

namespace tideway {
namespace {

constexpr int page_rows = 2'000;
constexpr std::int64_t page_bytes = 4LL * 1024 * 1024;

struct Exceeded {
    bool deletes = false, updates = false;
    explicit operator bool() const { return deletes || updates; }
};

// Upper bounds from the worklist: cheap, and never below what would happen.
bool may_exceed(const Tally& tally, const GuardSetting& guard) {
    const std::int64_t deletes = limit_rows(guard.max_deletes, rows_at_stake(tally)),
                       updates = limit_rows(guard.max_updates, rows_at_stake(tally));
    return tally.desktop_deleted > deletes || tally.cloud_deleted > deletes ||
           tally.desktop_updated + tally.on_both > updates || tally.cloud_updated + tally.on_both > updates;
}

void stop_if(std::vector<GuardStop>& stops, const TableRun& run, const char* verb, Side target,
             std::int64_t count, const Limit& limit) {
    const std::int64_t of = rows_at_stake(run.tally);
    if (count <= limit_rows(limit, of)) return;
    stops.push_back({run.report.desktop,
                     fmt::format("would {} {} of {} rows {}", verb, count, of,
                                 target == Side::cloud ? "in the cloud" : "on the desktop"),
                     count, of});
}

}  // namespace

// Decides every key of a table without writing.
void Run::look_ahead(TableRun& run, WriteCounts& to_cloud, WriteCounts& to_desktop) {
    run.worklist->rewind();
    for (;;) {
        const Page page =
            next_page(session_, *gathered_, run, Part::everything, options_.direction, page_rows, page_bytes);
        if (page.keys == 0) break;
        for (const KeyWork& work : page.works) {
            const auto tally = [](WriteCounts& counts, Write write) {
                if (write == Write::insert) ++counts.inserted;
                if (write == Write::update) ++counts.updated;
                if (write == Write::erase) ++counts.deleted;
            };
            tally(to_cloud, work.decision.to_cloud);
            tally(to_desktop, work.decision.to_desktop);
            plan_hash_.add(run.link(), work);
            if (options_.rows && work.decision.rule->verdict != Verdict::nothing)
                report_.rows.push_back(describe(run.link(), work));
            if (work.decision.merges) ++to_desktop.updated;
            if (planning_ && work.decision.rule->verdict == Verdict::merge &&
                work.decision.wait == Wait::none)
                ++run.report.merged;
            if (planning_) count(run.report, work.decision);
            if (planning_ && work.decision.conflict) ++run.report.conflicts;
        }
    }
    run.worklist->rewind();
}

// Deletes, updates and emptied tables beyond the limits stop the run before anything is written
// (DESIGN.md 10.18).
bool Run::guard_allows() {
    const GuardSetting& guard = session_.config.guard;
    const bool suspicious = std::any_of(gathered_->tables.begin(), gathered_->tables.end(),
                                        [&](const TableRun& run) { return may_exceed(run.tally, guard); });
    if (!suspicious && !options_.confirm) return true;
    std::vector<GuardStop> stops;
    for (TableRun& run : gathered_->tables) {
        WriteCounts to_cloud, to_desktop;
        look_ahead(run, to_cloud, to_desktop);
        stop_if(stops, run, "delete", Side::cloud, to_cloud.deleted, guard.max_deletes);
        stop_if(stops, run, "delete", Side::desktop, to_desktop.deleted, guard.max_deletes);
        stop_if(stops, run, "change", Side::cloud, to_cloud.updated, guard.max_updates);
        stop_if(stops, run, "change", Side::desktop, to_desktop.updated, guard.max_updates);
    }
    report_.plan_hash = plan_hash_.text();
    if (stops.empty() || options_.confirm == report_.plan_hash) return true;
    report_.guard = std::move(stops);
    report_.status = "guard";
    if (options_.confirm)
        report_.remarks.push_back(
            fmt::format("{}: the plan is no longer the one that was confirmed; its hash is now {}",
                        info(Code::confirm_stale).id, report_.plan_hash));
    collect_reports();
    return false;
}

RunReport Run::plan() {
    planning_ = true;
    const bool known = session_.installed();
    gathered_ = gather(session_, options_.mode,
                       known ? session_.archive().marks() : std::map<std::pair<int, Side>, StoredMark>{});
    if (known && !session_.cloud->receipts(session_.archive().acknowledged()).empty())
        report_.remarks.push_back(
            "an interrupted run left receipts; sync books them first, so it will find less to do than this "
            "plan says");
    const GuardSetting& guard = session_.config.guard;
    for (TableRun& run : gathered_->tables) {
        look_ahead(run, run.report.to_cloud, run.report.to_desktop);
        stop_if(report_.guard, run, "delete", Side::cloud, run.report.to_cloud.deleted, guard.max_deletes);
        stop_if(report_.guard, run, "delete", Side::desktop, run.report.to_desktop.deleted,
                guard.max_deletes);
        stop_if(report_.guard, run, "change", Side::cloud, run.report.to_cloud.updated, guard.max_updates);
        stop_if(report_.guard, run, "change", Side::desktop, run.report.to_desktop.updated,
                guard.max_updates);
    }
    count_protected(*gathered_, true);
    collect_reports();
    report_.plan_hash = plan_hash_.text();
    if (!report_.guard.empty()) report_.status = "guard";
    finish(report_);
    return std::move(report_);
}

}  // namespace tideway
