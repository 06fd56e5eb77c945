#include "cli/database_commands.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "cli/alerting.hpp"
#include "cli/conflicts_text.hpp"
#include "cli/exit_code.hpp"
#include "cli/findings_text.hpp"
#include "cli/rehearsal.hpp"
#include "report/report_json.hpp"
#include "cli/run_text.hpp"
#include "cli/status_text.hpp"
#include "cli/text.hpp"
#include "cli/verify_text.hpp"
#include "cli/with_engine.hpp"

namespace tideway::cli {
namespace {

RunOptions options_of(const Request& request) {
    return {request.mode, request.direction, request.tables, request.confirm, request.rows};
}

std::string uninstall_text(const std::vector<std::string>& objects, bool check_only) {
    if (objects.empty())
        return check_only ? "nothing of tideway is there\n" : "there was nothing to remove\n";
    const auto count = static_cast<std::int64_t>(objects.size());
    return cut_list(objects) +
           (check_only ? fmt::format("{} there; tideway uninstall removes {}\n",
                                     counted(count, "object is", "objects are"), count == 1 ? "it" : "them")
                       : fmt::format("{} removed; no row of yours was touched\n", counted(count, "object")));
}

}  // namespace

Exit plan(const Request& request, std::ostream& out, std::ostream& err) {
    const RunReport report =
        with_engine(request, err, [&](Engine& e) { return e.plan(options_of(request)); });
    out << (request.json ? dump(plan_json(report, request.rows)) : plan_text(report, request.rows));
    return exit_of(report);
}

Exit sync(const Request& request, std::ostream& out, std::ostream& err) {
    if (request.rehearse) return rehearse(request, options_of(request), out, err);
    const RunReport report = telling_people(load_config(request.config_path), err, [&] {
        return with_engine(request, err, [&](Engine& e) { return e.sync(options_of(request)); });
    });
    out << (request.json ? dump(run_json(report)) : run_text(report));
    return exit_of(report);
}

Exit verify(const Request& request, std::ostream& out, std::ostream& err) {
    std::ofstream page;
    if (!request.page.empty()) {
        page.open(request.page);
        if (!page)
            throw Error(Code::usage, fmt::format("{} cannot be written", request.page),
                        "give another --report");
    }
    const VerifyOptions options{request.tables, request.repair, request.anew, request.load,
                                request.rows_at_once};
    const VerifyReport report = with_engine(request, err, [&](Engine& e) { return e.verify(options); });
    tell_people(load_config(request.config_path), alert::observe(report), err);
    if (page.is_open()) page << verify_page(report);
    out << (request.json ? dump(verify_json(report)) : verify_text(report));
    return exit_of(report);
}

Exit status(const Request& request, std::ostream& out, std::ostream& err) {
    StatusReport report = with_engine(request, err, [](Engine& e) { return e.status(); });
    report.alerts = failing_alerts(load_config(request.config_path));
    out << (request.json ? dump(status_json(report)) : status_text(report));
    return exit_of(report);
}

Exit doctor(const Request& request, std::ostream& out, std::ostream& err) {
    if (request.print_grants) {
        const std::string grants = with_engine(request, err, [](Engine& e) { return e.grants(); });
        out << (request.json ? dump({{"version", 1}, {"grants", grants}}) : grants);
        return Exit::ok;
    }
    const std::vector<Finding> findings = with_engine(request, err, [](Engine& e) { return e.doctor(); });
    out << (request.json ? dump(findings_json(findings)) : findings_text(findings));
    return exit_of(findings);
}

Exit list_parked(const Request& request, std::ostream& out, std::ostream& err) {
    std::vector<ParkedEntry> entries = with_engine(request, err, [](Engine& e) { return e.parked().entries; });
    std::reverse(entries.begin(), entries.end());
    out << (request.json ? dump(parked_json(entries)) : parked_text(entries));
    return Exit::ok;
}

// Their tables alone: what they wait for may stand in any of those.
Exit retry_parked(const Request& request, std::ostream& out, std::ostream& err) {
    Request retry = request;
    retry.tables = with_engine(request, err, [](Engine& e) { return e.tables_with_parked(); });
    if (retry.tables.empty()) return list_parked(request, out, err);
    return sync(retry, out, err);
}

Exit uninstall(const Request& request, std::ostream& out, std::ostream& err) {
    const bool check_only = request.check_only;
    const std::vector<std::string> objects =
        with_engine(request, err, [&](Engine& e) { return e.uninstall(check_only); });
    out << (request.json ? dump({{"version", 1}, {"removed", !check_only}, {"objects", objects}})
                         : uninstall_text(objects, check_only));
    return check_only && !objects.empty() ? info(Code::uninstall_leftover).exit : Exit::ok;
}

}  // namespace tideway::cli
