#include "cli/run_text.hpp"

#include <cstdlib>

#include <algorithm>

#include <fmt/format.h>

#include "cli/confirm_text.hpp"
#include "cli/text.hpp"
#include "cli/text_table.hpp"
#include "cli/waiting.hpp"

namespace tideway::cli {
namespace {

// Beyond this, "the later edit wins" may pick the wrong one; below it, nobody needs to know.
constexpr std::int64_t notable_clock_offset_ms = 2000;

struct Totals {
    std::int64_t to_cloud = 0, to_desktop = 0, merged = 0, conflicts = 0, adopted = 0, pending = 0;
};

Totals totals_of(const RunReport& report) {
    Totals totals;
    for (const TableReport& table : report.tables) {
        totals.to_cloud += table.to_cloud.total();
        totals.to_desktop += table.to_desktop.total();
        totals.merged += table.merged;
        totals.conflicts += table.conflicts;
        totals.adopted += table.adopted;
        totals.pending += table.pending;
    }
    return totals;
}

std::vector<Waiting> waiting_of(const RunReport& report) {
    std::vector<Waiting> out;
    for (const TableReport& table : report.tables)
        out.push_back(
            {table_label(table.desktop, table.cloud), table.open_conflicts, table.held, table.parked});
    return out;
}

bool has_news(const TableReport& table) {
    return table.to_cloud.total() + table.to_desktop.total() + table.adopted + table.conflicts +
               table.open_conflicts + table.held + table.parked + table.pending >
           0;
}

std::string protected_cell(const TableReport& table) {
    if (!table.protected_before || !table.protected_after) return "";
    if (*table.protected_before + *table.protected_after == 0) return "";
    if (*table.protected_before == *table.protected_after) return grouped(*table.protected_after);
    const std::int64_t removed = table.protected_removed.value_or(0);
    return fmt::format("{} -> {}{}", grouped(*table.protected_before), grouped(*table.protected_after),
                       removed > 0 ? fmt::format(" ({} removed by users)", grouped(removed)) : "");
}

TextTable tables_of(const RunReport& report) {
    TextTable out;
    out.add_column("table", Align::left);
    for (const char* target : {"to cloud", "to desktop"})
        for (const char* what : {"new", "changed", "deleted"}) out.add_column(what, Align::right, target);
    for (const char* title : {"matched", "conflicts", "open", "held", "parked", "pending", "protected"})
        out.add_column(title, Align::right);
    for (const TableReport& t : report.tables) {
        if (!has_news(t)) continue;
        out.add_row({table_label(t.desktop, t.cloud), cell(t.to_cloud.inserted), cell(t.to_cloud.updated),
                     cell(t.to_cloud.deleted), cell(t.to_desktop.inserted), cell(t.to_desktop.updated),
                     cell(t.to_desktop.deleted), cell(t.adopted), cell(t.conflicts), cell(t.open_conflicts),
                     cell(t.held), cell(t.parked), cell(t.pending), protected_cell(t)});
    }
    return out;
}

std::string table_text(const RunReport& report) {
    const TextTable table = tables_of(report);
    if (table.rows() == 0) return "";
    std::string out = table.text();
    std::int64_t quiet = 0;
    for (const TableReport& t : report.tables) quiet += !has_news(t) && t.not_synced.empty() && t.stopped.empty();
    if (quiet > 0) out += fmt::format("{} without any change\n", counted(quiet, "more table"));
    return out + "\n";
}

// "1,204 rows written to the cloud, 3 to the desktop, 1 conflict (loser kept: tideway conflicts list)"
std::string deeds(const RunReport& report, bool planned) {
    const char* verb = planned ? "" : "written ";
    const Totals totals = totals_of(report);
    std::vector<std::string> parts;
    if (totals.to_cloud > 0)
        parts.push_back(fmt::format("{} {}to the cloud", counted(totals.to_cloud, "row"), verb));
    if (totals.to_desktop > 0)
        parts.push_back(totals.to_cloud > 0
                            ? fmt::format("{} to the desktop", grouped(totals.to_desktop))
                            : fmt::format("{} {}to the desktop", counted(totals.to_desktop, "row"), verb));
    if (totals.adopted > 0)
        parts.push_back(fmt::format("{} found equal on both sides", counted(totals.adopted, "row")));
    if (totals.merged > 0) parts.push_back(fmt::format("{} merged by columns", counted(totals.merged, "row")));
    if (totals.conflicts > 0)
        parts.push_back(counted(totals.conflicts, "conflict") +
                        (planned ? " (the loser will be kept)" : " (loser kept: tideway conflicts list)"));
    return joined(parts);
}

std::string way(Direction direction) {
    if (direction == Direction::forward) return " forward (desktop to cloud)";
    if (direction == Direction::reverse) return " in reverse (cloud to desktop)";
    return "";
}

std::string verdict(const RunReport& report) {
    if (report.status == "failed")
        return fmt::format(
            "failed: error {}: {}\n  what to do: {}\n", report.error_code, report.error_text,
            report.error_hint.empty() ? "run it again; nothing is half-done" : report.error_hint);
    const std::string done = deeds(report, false);
    const std::string time = fmt::format(" ({})\n", duration(report.duration_ms));
    if (report.status == "guard")
        return fmt::format("stopped by a guard: {}{}", done.empty() ? "nothing was written" : done, time);
    if (report.status == "attention") {
        const WaitingTotals waits = total(waiting_of(report));
        return fmt::format("done{}, but {}{}{}", way(report.direction),
                           waits.any() ? "rows wait: " + waiting_words(waits) : "not everything is in sync",
                           done.empty() ? "" : "; " + done, time);
    }
    return fmt::format("in sync{}: {}{}", way(report.direction), done.empty() ? "nothing had changed" : done,
                       time);
}

std::string plan_verdict(const RunReport& report) {
    if (report.status == "failed") return verdict(report);
    const std::string todo = deeds(report, true);
    const WaitingTotals waits = total(waiting_of(report));
    const Totals totals = totals_of(report);
    const bool writes = totals.to_cloud + totals.to_desktop > 0;
    std::string out = "nothing to write";
    if (writes) out = fmt::format("sync{} would write: {}", way(report.direction), todo);
    if (!writes && !todo.empty()) out += ": " + todo;
    if (waits.any()) out += "; waiting: " + waiting_words(waits);
    if (todo.empty() && !waits.any() && report.guard.empty()) out = "in sync: nothing to do";
    out += fmt::format(" ({})\n", duration(report.duration_ms));
    if (!report.plan_hash.empty()) out += fmt::format("plan {}; nothing was written\n", report.plan_hash);
    return out;
}

std::string stop_line(const GuardStop& stop) {
    return stop.table.empty() ? stop.what : fmt::format("{}: {}", stop.table, stop.what);
}

// What was only told is no stop, and a row that a transaction refused cannot be confirmed.
bool can_be_confirmed(const GuardStop& stop) {
    return stop.stopped && stop.reason != "side_effects" && stop.reason != "protected_row" &&
           stop.reason != "schema_changed" && stop.reason != "confirmation";
}

void add_guard(const RunReport& report, std::vector<std::string>& lines) {
    std::vector<GuardStop> stops;
    for (const GuardStop& stop : report.guard)
        if (stop.stopped) stops.push_back(stop);
    if (stops.empty()) return;
    std::string text = "a guard stopped this:";
    for (std::size_t i = 0; i < stops.size() && i < longest_list; ++i)
        text += "\n    " + stop_line(stops[i]);
    if (stops.size() > longest_list)
        text += fmt::format("\n    and {} more (--json lists all)", stops.size() - longest_list);
    const bool side_effects = std::any_of(stops.begin(), stops.end(), [](const GuardStop& stop) {
        return stop.reason == "side_effects";
    });
    if (side_effects)
        text += "\n    if that is wanted, name the other table in side_effects = [...]; these rows are parked "
                "until then";
    if (std::any_of(stops.begin(), stops.end(), can_be_confirmed)) {
        const StoppedRun run{report.plan_hash, report.mode, report.direction, report.only_tables};
        text += "\n    look at the rows: " + plan_command(run);
        if (!report.plan_hash.empty()) text += "\n    if that is what you want: " + confirm_command(run);
    }
    lines.push_back(text);
}

void add_pending(const RunReport& report, std::vector<std::string>& lines) {
    const std::int64_t pending = totals_of(report).pending;
    if (pending == 0) return;
    if (report.direction == Direction::both)
        lines.push_back(fmt::format("{} changed again while the run was at work: the next run takes them",
                                    counted(pending, "row")));
    else
        lines.push_back(fmt::format("{} for the other direction\n    tideway sync --direction {}",
                                    counted(pending, "row waits", "rows wait"),
                                    report.direction == Direction::forward ? "reverse" : "forward"));
}

void add_not_synced(const RunReport& report, std::vector<std::string>& lines) {
    for (const TableReport& table : report.tables)
        if (!table.not_synced.empty())
            lines.push_back(fmt::format("{} is not synced: {}", table_label(table.desktop, table.cloud),
                                        table.not_synced));
}

void add_circumstances(const RunReport& report, std::vector<std::string>& lines) {
    if (report.receipts_booked > 0)
        lines.push_back(
            fmt::format("an earlier run was interrupted: {} of it booked now, nothing was written twice",
                        counted(report.receipts_booked, "row", "rows")));
    for (const auto& [rolled_back, side] :
         {std::pair{report.desktop_rolled_back, "desktop"}, std::pair{report.cloud_rolled_back, "cloud"}})
        if (rolled_back)
            lines.push_back(
                fmt::format("the {} database went back to an older state (a restored backup?): rows of both "
                            "sides were kept, nothing was deleted because of it",
                            side));
    if (std::abs(report.clock_offset_ms) > notable_clock_offset_ms)
        lines.push_back(fmt::format("the cloud's clock is {} {} the desktop's",
                                    duration(std::abs(report.clock_offset_ms)),
                                    report.clock_offset_ms > 0 ? "ahead of" : "behind"));
    for (const std::string& remark : report.remarks) lines.push_back(remark);
}

std::string notes(const RunReport& report) {
    std::vector<std::string> lines;
    add_guard(report, lines);
    for (const std::string& line : waiting_lines(waiting_of(report))) lines.push_back(line);
    add_pending(report, lines);
    add_not_synced(report, lines);
    add_circumstances(report, lines);
    for (std::string& line : lines) line = "  " + line;
    return cut_list(lines);
}

std::string rows_text(const RunReport& report) {
    TextTable table;
    for (const char* title : {"table", "key", "what", "rule", "why"}) table.add_column(title, Align::left);
    for (const PlannedChange& row : report.rows)
        table.add_row(
            {row.table, shortened(printable(row.key), 40), row.action, row.rule, printable(row.reason)});
    if (table.rows() == 0) return "";
    std::vector<std::string> lines = table.lines();
    const std::string heading = lines.front() + "\n";
    lines.erase(lines.begin());
    return heading + cut_list(lines) + "\n";
}

}  // namespace

std::string run_text(const RunReport& report) { return table_text(report) + verdict(report) + notes(report); }

std::string plan_text(const RunReport& report, bool with_rows) {
    return (with_rows ? rows_text(report) : "") + table_text(report) + plan_verdict(report) + notes(report);
}

}  // namespace tideway::cli
