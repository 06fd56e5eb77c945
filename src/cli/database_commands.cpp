#include "cli/database_commands.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/conflicts_text.hpp"
#include "cli/engine_session.hpp"
#include "cli/exit_code.hpp"
#include "cli/findings_text.hpp"
#include "cli/report_json.hpp"
#include "cli/run_text.hpp"
#include "cli/status_text.hpp"
#include "cli/text.hpp"

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
    const RunReport report =
        with_engine(request, err, [&](Engine& e) { return e.sync(options_of(request)); });
    out << (request.json ? dump(run_json(report)) : run_text(report));
    return exit_of(report);
}

Exit status(const Request& request, std::ostream& out, std::ostream& err) {
    const StatusReport report = with_engine(request, err, [](Engine& e) { return e.status(); });
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
    const std::vector<ParkedEntry> entries = with_engine(request, err, [](Engine& e) { return e.parked(); });
    out << (request.json ? dump(parked_json(entries)) : parked_text(entries));
    return Exit::ok;
}

// Their tables alone: what they wait for may stand in any of those.
Exit retry_parked(const Request& request, std::ostream& out, std::ostream& err) {
    Request retry = request;
    for (const ParkedEntry& entry : with_engine(request, err, [](Engine& e) { return e.parked(); }))
        if (std::find(retry.tables.begin(), retry.tables.end(), entry.table) == retry.tables.end())
            retry.tables.push_back(entry.table);
    if (retry.tables.empty()) return list_parked(request, out, err);
    return sync(retry, out, err);
}

Exit list_conflicts(const Request& request, std::ostream& out, std::ostream& err) {
    const std::vector<ConflictEntry> entries =
        with_engine(request, err, [](Engine& e) { return e.conflicts(); });
    out << (request.json ? dump(conflicts_json(entries)) : conflicts_text(entries));
    return Exit::ok;
}

Exit show_conflict(const Request& request, std::ostream& out, std::ostream& err) {
    const ConflictEntry entry =
        with_engine(request, err, [&](Engine& e) { return e.conflict(request.conflict); });
    out << (request.json ? dump({{"version", 1}, {"conflict", conflict_json(entry)}}) : conflict_text(entry));
    return Exit::ok;
}

Exit resolve_conflict(const Request& request, std::ostream& out, std::ostream& err) {
    if (request.take != "desktop" && request.take != "cloud")
        throw Error(Code::not_in_this_version, "--take with a row of your own is not offered by this version",
                    "use --take desktop or --take cloud, then correct the row where your people work");
    with_engine(request, err, [&](Engine& e) {
        e.resolve(request.conflict, request.take);
        return 0;
    });
    if (request.json)
        out << dump({{"version", 1}, {"status", "ok"}, {"id", request.conflict}, {"take", request.take}});
    else
        out << fmt::format("the {}'s row is chosen for {}; the next tideway sync carries it out\n",
                           request.take, request.conflict);
    return Exit::ok;
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
