#include "cli/exit_code.hpp"

namespace tideway::cli {
namespace {

Exit exit_of_code(const std::string& id) {
    for (const CodeInfo& known : all_codes())
        if (known.id == id) return known.exit;
    return Exit::failed;
}

}  // namespace

Exit exit_of(const RunReport& report) {
    if (report.status == "ok") return Exit::ok;
    if (report.status == "attention") return Exit::attention;
    if (report.status == "guard") return Exit::guard;
    return exit_of_code(report.error_code);
}

Exit exit_of(const VerifyReport& report) {
    if (report.status == "guard") return Exit::guard;
    if (report.status == "differs") return Exit::differs;
    return report.status == "attention" ? Exit::attention : Exit::ok;
}

Exit exit_of(const StatusReport& report) {
    if (report.last_run_status == "failed") return Exit::failed;
    if (report.last_run_status == "guard") return Exit::guard;
    for (const TableStatus& table : report.tables)
        if (table.open_conflicts + table.held + table.parked > 0 || !table.reason.empty())
            return Exit::attention;
    return Exit::ok;
}

Exit exit_of(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings)
        if (finding.severity == Severity::error) return Exit::failed;
    return Exit::ok;
}

}  // namespace tideway::cli
