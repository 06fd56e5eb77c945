#include "cli/undo_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/text.hpp"
#include "cli/text_table.hpp"
#include "cli/waiting.hpp"

namespace tideway::cli {
namespace {

constexpr std::size_t widest_key = 40;

void add_count_columns(TextTable& table) {
    for (const char* target : {"in the cloud", "on the desktop"})
        for (const char* what : {"new", "changed", "deleted"}) table.add_column(what, Align::right, target);
}

std::vector<std::string> count_cells(const WriteCounts& to_cloud, const WriteCounts& to_desktop) {
    std::vector<std::string> cells;
    for (const WriteCounts* counts : {&to_cloud, &to_desktop})
        for (const std::int64_t count : {counts->inserted, counts->updated, counts->deleted})
            cells.push_back(cell(count));
    return cells;
}

std::string tables_text(const UndoReport& report) {
    TextTable table;
    table.add_column("table", Align::left);
    add_count_columns(table);
    table.add_column("back already", Align::right);
    table.add_column("left", Align::right);
    for (const UndoneTable& each : report.tables) {
        std::vector<std::string> cells{table_label(each.desktop, each.cloud)};
        for (std::string& count : count_cells(each.to_cloud, each.to_desktop))
            cells.push_back(std::move(count));
        cells.push_back(cell(each.already));
        cells.push_back(cell(each.left));
        table.add_row(std::move(cells));
    }
    return table.rows() == 0 ? "" : table.text() + "\n";
}

std::vector<std::string> row_lines(const std::vector<UndoneRow>& rows) {
    std::vector<std::string> lines;
    for (const UndoneRow& row : rows)
        lines.push_back(fmt::format("  {} {} ({}): {}, {}", row.table,
                                    shortened(printable(row.key), widest_key), name(row.side), row.action,
                                    printable(row.reason)));
    return lines;
}

std::string verdict(const UndoReport& report) {
    const bool any = std::any_of(report.tables.begin(), report.tables.end(), [](const UndoneTable& table) {
        return table.to_cloud.total() + table.to_desktop.total() > 0;
    });
    if (!any) return "nothing was undone\n";
    if (report.dry_run) return "nothing was written; without --dry-run this would be\n";
    return fmt::format(
        "undone as run {}; the next tideway sync carries it to the other side as an ordinary edit\n"
        "to take it back: tideway undo --run {}\n",
        report.run.substr(0, 8), report.run.substr(0, 8));
}

}  // namespace

std::string undo_text(const UndoReport& report) {
    std::string out = tables_text(report) + verdict(report) + cut_list(row_lines(report.rows));
    if (!report.left.empty())
        out += fmt::format("{} not undone:\n",
                           counted(static_cast<std::int64_t>(report.left.size()), "row is", "rows are")) +
               cut_list(row_lines(report.left));
    return out;
}

std::string kept_runs_text(const std::vector<KeptRun>& runs) {
    if (runs.empty()) return "no run has changed a row, or the journal has forgotten it\n";
    TextTable table;
    for (const char* title : {"run", "began to write", ""}) table.add_column(title, Align::left);
    add_count_columns(table);
    for (const KeptRun& run : runs) {
        std::vector<std::string> cells{run.run.substr(0, 8), run.at, run.undo ? "undo" : ""};
        for (std::string& count : count_cells(run.to_cloud, run.to_desktop))
            cells.push_back(std::move(count));
        table.add_row(std::move(cells));
    }
    return table.text() + "\ntideway undo --run ID takes one back; --dry-run shows what that would do\n";
}

}  // namespace tideway::cli
