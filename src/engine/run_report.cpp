// What a run says of itself: counts, status, the record in the history.
#include <algorithm>

#include "engine/run.hpp"

namespace tideway {

void Run::count_protected(Gathered& gathered, bool before) {
    for (TableRun& run : gathered.tables) {
        if (!run.link().origin) continue;
        const std::int64_t count = gathered.cloud->count_protected(run.link());
        if (before) run.report.protected_before = count;
        for (TableReport& report : report_.tables)
            if (!before && report.desktop == run.report.desktop) report.protected_after = count;
    }
}

void Run::collect_reports() {
    report_.tables.clear();
    for (TableUnderSync& table : session_.tables) {
        if (!table.selected) continue;
        TableReport report;
        report.desktop = table.link.desktop.display();
        report.cloud = table.link.cloud.display();
        report.not_synced = table.not_synced;
        for (TableRun& run : gathered_->tables)
            if (run.table == &table) report = run.report;
        report_.tables.push_back(std::move(report));
    }
}

void Run::finish(RunReport& report) {
    report.duration_ms = (session_.world.clock.monotonic_micros() - started_) / 1000;
    bool attention = false;
    for (const TableReport& table : report.tables)
        attention = attention || table.open_conflicts + table.held + table.parked + table.raced > 0 ||
                    !table.not_synced.empty();
    const bool stopped = std::any_of(report.guard.begin(), report.guard.end(),
                                     [](const GuardStop& stop) { return stop.stopped; });
    if (report.status.empty()) report.status = stopped ? "guard" : attention ? "attention" : "ok";
}

RunRecord Run::record() const {
    RunRecord record{report_.run,
                     report_.status,
                     std::string(to_string(options_.mode)),
                     std::string(to_string(options_.direction)),
                     report_.duration_ms,
                     serialize_ ? serialize_(report_) : "",
                     {}};
    if (!gathered_) return record;
    for (const TableRun& run : gathered_->tables)
        if (run.report.stopped.empty())
            record.lines.push_back({run.link().id, run.link().desktop, run.link().cloud,
                                options_.direction != Direction::reverse,
                                options_.direction != Direction::forward, run.report.to_cloud.total(),
                                run.report.to_desktop.total(), run.report.pending});
    return record;
}

}  // namespace tideway
