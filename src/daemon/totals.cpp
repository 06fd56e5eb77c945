#include "daemon/totals.hpp"

#include <algorithm>

namespace tideway::daemon {
namespace {

void add(WriteCounts& sum, const WriteCounts& more) {
    sum.inserted += more.inserted;
    sum.updated += more.updated;
    sum.deleted += more.deleted;
}

// A table that a guard stopped, or that was left out, is as far behind as it was before.
bool brings_up_to_date(const RunReport& report) {
    return (report.status == "ok" || report.status == "attention") &&
           std::all_of(report.tables.begin(), report.tables.end(),
                       [](const TableReport& table) { return table.not_synced.empty(); });
}

}  // namespace

void add(Totals& totals, const RunReport& report, Moment began, bool whole) {
    for (const TableReport& table : report.tables) {
        TableTotals& sum = totals.tables[table.desktop];
        add(sum.to_cloud, table.to_cloud);
        add(sum.to_desktop, table.to_desktop);
        for (const auto& [by, count] : table.settled) sum.conflicts[by] += count;
        sum.open_conflicts = table.open_conflicts;
        sum.held = table.held;
        sum.parked = table.parked;
        sum.pending = table.pending;
        if (table.protected_after) sum.protected_rows = table.protected_after;
    }
    if (report.status == "guard") ++totals.guard_stops;
    if (!whole || !brings_up_to_date(report)) return;
    if (report.direction != Direction::reverse) totals.forward_at = began.steady;
    if (report.direction != Direction::forward) totals.reverse_at = began.steady;
}

// A repair is a run of every table.
void add(Totals& totals, const VerifyReport& report, Moment began) {
    for (const TableProof& proof : report.tables)
        if (proof.state == "equal") totals.tables[proof.desktop].proven_at = began.wall;
    if (report.repair) add(totals, *report.repair, began, true);
}

}  // namespace tideway::daemon
