#include "daemon/totals.hpp"

namespace tideway::daemon {
namespace {

void add(WriteCounts& sum, const WriteCounts& more) {
    sum.inserted += more.inserted;
    sum.updated += more.updated;
    sum.deleted += more.deleted;
}

}  // namespace

// A guard that stopped a table says nothing about how far the pair is in sync.
void add(Totals& totals, const RunReport& report, std::int64_t began) {
    for (const TableReport& table : report.tables) {
        TableTotals& sum = totals.tables[table.desktop];
        add(sum.to_cloud, table.to_cloud);
        add(sum.to_desktop, table.to_desktop);
        sum.conflicts += table.conflicts;
        sum.open_conflicts = table.open_conflicts;
        sum.held = table.held;
        sum.parked = table.parked;
        sum.pending = table.pending;
        if (table.protected_after) sum.protected_rows = table.protected_after;
    }
    if (report.status == "guard") ++totals.guard_stops;
    if (report.status != "ok" && report.status != "attention") return;
    if (report.direction != Direction::reverse) totals.forward_at = began;
    if (report.direction != Direction::forward) totals.reverse_at = began;
}

void add(Totals& totals, const VerifyReport& report, std::int64_t began) {
    for (const TableProof& proof : report.tables)
        if (proof.state == "equal") totals.tables[proof.desktop].proven_at = began;
    if (report.repair) add(totals, *report.repair, began);
}

}  // namespace tideway::daemon
