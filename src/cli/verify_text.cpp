#include "cli/verify_text.hpp"

#include <fmt/format.h>

#include "cli/run_text.hpp"
#include "cli/text.hpp"
#include "cli/text_table.hpp"
#include "cli/waiting.hpp"

namespace tideway::cli {
namespace {

std::string tables_text(const VerifyReport& report) {
    TextTable table;
    table.add_column("table", Align::left);
    table.add_column("state", Align::left);
    for (const char* title : {"rows", "differ", "listed", "changing", "ignored"}) table.add_column(title, Align::right);
    table.add_column("proven equal", Align::left);
    for (const TableProof& t : report.tables)
        table.add_row({table_label(t.desktop, t.cloud), t.state, cell(t.rows), cell(t.differences), cell(t.listed),
                       cell(t.changing), cell(t.ignored), t.proven.value_or("")});
    return table.text();
}

std::vector<std::string> difference_lines(const VerifyReport& report) {
    std::vector<std::string> lines;
    for (const TableProof& t : report.tables) {
        for (const FoundDifference& found : t.found)
            lines.push_back(fmt::format("  {} {}: {}{} ({}: {})", t.desktop, printable(found.key), found.where,
                                        found.columns.empty() ? "" : " in " + joined(found.columns), found.rule,
                                        found.reason));
        if (!t.not_compared.empty())
            lines.push_back(fmt::format("  {}: not compared: {}", t.desktop, t.not_compared));
        if (t.unproven > 0)
            lines.push_back(fmt::format("  {}: {} differed while a run was at work, and the table is not proven equal by "
                                        "this verify; verify again when no run is at work",
                                        t.desktop, counted(t.unproven, "row")));
    }
    return lines;
}

std::int64_t differences(const VerifyReport& report) {
    std::int64_t sum = 0;
    for (const TableProof& t : report.tables) sum += t.differences;
    return sum;
}

std::string verdict(const VerifyReport& report) {
    const std::string time = fmt::format(" ({})\n", duration(report.duration_ms));
    if (report.status == "ok") return "equal: every row is the same on both sides" + time;
    if (report.status == "attention")
        return "equal but for rows that wait or were just changed" + time +
               "  what to do: tideway sync carries changes over; tideway status says what waits\n";
    if (report.status == "guard")
        return "the repair was stopped by a guard" + time +
               "  what to do: tideway plan shows it; tideway sync --confirm HASH lets it through\n";
    return counted(differences(report), "row") + " differ and nothing explains it" + time +
           (report.repair ? "  what to do: tideway doctor; a rule of the configuration may keep them apart\n"
                          : "  what to do: tideway verify --repair decides them again like any change; no version is "
                            "lost\n");
}

}  // namespace

std::string verify_text(const VerifyReport& report) {
    std::string repaired;
    if (report.repair)
        repaired = fmt::format("{} sent to a run:\n\n{}\n", counted(report.sent_to_repair, "row"), run_text(*report.repair));
    return repaired + tables_text(report) + "\n" + verdict(report) + cut_list(difference_lines(report));
}

}  // namespace tideway::cli
