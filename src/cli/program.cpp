#include "cli/program.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include "base/error.hpp"
#include "cli/alerting.hpp"
#include "cli/config_commands.hpp"
#include "cli/conflict_commands.hpp"
#include "cli/database_commands.hpp"
#include "cli/demo.hpp"
#include "cli/init_command.hpp"
#include "cli/journal_commands.hpp"
#include "report/report_json.hpp"
#include "report/report_json.hpp"
#include "cli/request.hpp"
#include "cli/selftest_command.hpp"
#include "cli/serve_command.hpp"

namespace tideway::cli {
namespace {

Exit dispatch(const Request& request, std::ostream& out, std::ostream& err) {
    switch (request.command) {
        case Command::help:
        case Command::version:
            out << request.help_text << "\n";
            return Exit::ok;
        case Command::init:
            return init(request, out, err);
        case Command::doctor:
            return doctor(request, out, err);
        case Command::plan:
            return plan(request, out, err);
        case Command::sync:
            return sync(request, out, err);
        case Command::verify:
            return verify(request, out, err);
        case Command::status:
            return status(request, out, err);
        case Command::conflicts_list:
            return list_conflicts(request, out, err);
        case Command::conflicts_show:
            return show_conflict(request, out, err);
        case Command::conflicts_resolve:
            return resolve_conflicts(request, out, err);
        case Command::parked_list:
            return list_parked(request, out, err);
        case Command::parked_retry:
            return retry_parked(request, out, err);
        case Command::config_check:
            return check_config(request, out);
        case Command::config_show:
            return show_config(request, out);
        case Command::uninstall:
            return uninstall(request, out, err);
        case Command::demo:
            return demo(request, out, err);
        case Command::selftest:
            return selftest(request, out, err);
        case Command::serve:
            return serve(request);
        case Command::alert_test:
            return test_alerts(request, out);
        case Command::undo:
            return undo(request, out, err);
        case Command::undo_list:
            return list_kept_runs(request, out, err);
        case Command::explain:
            return explain(request, out, err);
    }
    throw Defect("every command has its place in dispatch()");
}

// An error without a hint of its own gets the way out that its code always has.
Exit report(const Error& error, bool json, std::ostream& out, std::ostream& err) {
    const std::string hint = error.hint().empty() ? std::string(info(error.code()).way_out) : error.hint();
    if (json) {
        out << dump(error_json(error.id(), error.what(), hint)) << std::flush;
        return error.exit();
    }
    err << fmt::format("tideway: error {}: {}\n  what to do: {}\n", error.id(), error.what(), hint)
        << std::flush;
    return error.exit();
}

}  // namespace

int run_program(const std::vector<std::string>& args, std::ostream& out, std::ostream& err) {
    // A bad command line must be reported as JSON too, when JSON was asked for.
    const bool json = std::find(args.begin(), args.end(), "--json") != args.end();
    Exit exit = Exit::ok;
    try {
        exit = dispatch(parse_command_line(args), out, err);
        out << std::flush;
    } catch (const Error& e) {
        exit = report(e, json, out, err);
    } catch (const std::exception& e) {
        exit = report(Defect(e.what()), json, out, err);
    }
    return static_cast<int>(exit);
}

}  // namespace tideway::cli
