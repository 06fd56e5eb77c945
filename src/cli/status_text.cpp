#include "cli/status_text.hpp"

#include <fmt/format.h>

#include "cli/confirm_text.hpp"
#include "cli/text.hpp"
#include "cli/text_table.hpp"
#include "cli/waiting.hpp"

namespace tideway::cli {
namespace {

std::string heading(const StatusReport& report) {
    if (report.last_run.empty())
        return fmt::format(
            "pair {}: no run yet\n  what to do: tideway plan shows what the first run would do\n",
            report.pair);
    std::string out =
        fmt::format("pair {}: last run {} ({})", report.pair, report.last_run_at, report.last_run_status);
    if (report.lag_seconds)
        out += fmt::format(", last complete one {} ago", duration(*report.lag_seconds * 1000));
    out += "\n";
    if (!report.lease_holder.empty()) out += fmt::format("a run is at work now: {}\n", report.lease_holder);
    return out;
}

std::string tables_text(const StatusReport& report) {
    TextTable table;
    table.add_column("table", Align::left);
    table.add_column("state", Align::left);
    for (const char* title : {"rows", "open", "held", "parked", "pending"})
        table.add_column(title, Align::right);
    for (const char* title : {"last to cloud", "last to desktop", "last proof"})
        table.add_column(title, Align::left);
    for (const TableStatus& t : report.tables)
        table.add_row({table_label(t.desktop, t.cloud), t.state, cell(t.rows), cell(t.open_conflicts),
                       cell(t.held), cell(t.parked), cell(t.pending), t.last_forward.value_or(""),
                       t.last_reverse.value_or(""), t.last_proof.value_or("")});
    return table.text();
}

std::string verdict(const StatusReport& report, const std::vector<Waiting>& waiting) {
    if (report.last_run_status == "failed")
        return "the last run failed; nothing is half-done\n  what to do: tideway sync, or tideway doctor\n";
    if (report.stopped)
        return fmt::format("{} was stopped by a guard\n  what to do: {} shows the rows; {} lets them through\n",
                           report.last_run_status == "guard" ? "the last run" : "an earlier run",
                           plan_command(*report.stopped), confirm_command(*report.stopped));
    if (report.last_run_status == "guard")
        return "the last run was stopped by a guard\n  what to do: tideway plan --rows shows the rows\n";
    const WaitingTotals totals = total(waiting);
    if (totals.any()) return fmt::format("rows wait: {}\n", waiting_words(totals));
    for (const TableStatus& table : report.tables)
        if (table.state != "in sync") return "";
    return "everything was in sync at the last run\n";
}

std::string journals_text(const std::vector<JournalStatus>& journals) {
    std::string out;
    for (const JournalStatus& journal : journals)
        if (journal.oldest)
            out += fmt::format("old rows kept on the {} side since {}: {:.1f} MB\n", name(journal.side),
                               *journal.oldest, static_cast<double>(journal.bytes) / 1e6);
    return out;
}

}  // namespace

std::string status_text(const StatusReport& report) {
    std::vector<Waiting> waiting;
    std::vector<std::string> notes;
    for (const TableStatus& t : report.tables)
        waiting.push_back({table_label(t.desktop, t.cloud), t.open_conflicts, t.held, t.parked});
    for (const std::string& line : waiting_lines(waiting)) notes.push_back("  " + line);
    for (const TableStatus& t : report.tables)
        if (!t.reason.empty())
            notes.push_back(fmt::format("  {} ({}): {}", table_label(t.desktop, t.cloud), t.state, t.reason));
    for (const AlertFailure& each : report.alerts)
        notes.push_back(fmt::format("  alerts by {} fail since {}: {} {}; tideway alert test", each.channel,
                                    each.since, each.code, each.text));
    return heading(report) + "\n" + tables_text(report) + "\n" + verdict(report, waiting) + cut_list(notes) +
           journals_text(report.journals);
}

}  // namespace tideway::cli
