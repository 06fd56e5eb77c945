// What a run says of itself: counts, status, the record in the history.
#include <algorithm>

#include "engine/run.hpp"

namespace tideway {

void Run::count_protected(Gathered& gathered) {
    for (TableRun& run : gathered.tables)
        if (run.link().origin) run.report.protected_before = gathered.cloud->count_protected(run.link());
}

void Run::note_protected_afterwards(const std::map<int, std::int64_t>& counts) {
    for (const TableRun& run : gathered_->tables)
        for (TableReport& report : report_.tables)
            if (run.link().origin && report.desktop == run.report.desktop)
                report.protected_after = counts.at(run.link().id);
}

void Run::collect_reports() {
    report_.tables.clear();
    for (TableUnderSync& table : session_.tables) {
        if (!table.selected) continue;
        TableReport report;
        report.desktop = table.link.desktop.display();
        report.cloud = table.link.cloud.display();
        // Of a table that was left out since.
        if (const auto earlier = earlier_rounds_.find(table.link.id); earlier != earlier_rounds_.end()) report = earlier->second;
        else note_first_contact(report, table.link.id);
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
    RunRecord record;
    record.run = report_.run;
    record.status = report_.status;
    record.mode = to_string(options_.mode);
    record.direction = to_string(options_.direction);
    record.duration_ms = report_.duration_ms;
    if (serialize_) record.report = serialize_(report_);
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
