#include <functional>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "cli/raw_request.hpp"
#include "config/nearest.hpp"

namespace tideway::cli {
namespace {

constexpr const char* footer =
    "Exit codes: 0 in sync, 1 failed (nothing half-done, may be retried), 2 usage or configuration,\n"
    "3 done but rows wait for somebody, 4 stopped by a guard, 5 verify found differences,\n"
    "6 another run is at work, 70 a defect of tideway.";

void add_global_options(CLI::App& app, Raw& raw) {
    app.add_option("-c,--config", raw.request.config_path,
                   "the configuration file (else TIDEWAY_CONFIG, else ./tideway.toml)")
        ->type_name("FILE");
    app.add_flag("--json", raw.request.json, "one JSON object on stdout instead of text");
    app.add_option("--log-level", raw.request.log_level,
                   "what to say on stderr: debug, info, warning or error")
        ->type_name("LEVEL");
    app.set_version_flag("--version", TIDEWAY_VERSION, "print the version");
}

void add_run_options(CLI::App& command, Raw& raw) {
    command.add_option("--mode", raw.mode, "incremental (what may have changed) or full (compare every row)")
        ->type_name("MODE");
    command
        .add_option("--direction", raw.direction,
                    "both, forward (desktop to cloud) or reverse (cloud to desktop)")
        ->type_name("WAY");
    command.add_option("--table", raw.request.tables, "only this table; may be given several times")
        ->type_name("NAME")
        ->allow_extra_args(false);
}

CLI::App* add_command(CLI::App& app, Raw& raw, const char* name, const char* text, Command command) {
    CLI::App* added = app.add_subcommand(name, text);
    raw.commands.emplace(added, command);
    return added;
}

void add_run_commands(CLI::App& app, Raw& raw) {
    CLI::App* plan = add_command(app, raw, "plan", "say what sync would do; write nothing", Command::plan);
    add_run_options(*plan, raw);
    plan->add_flag("--rows", raw.request.rows, "list every row with its reason");
    CLI::App* sync = add_command(app, raw, "sync", "bring both databases to the same state", Command::sync);
    add_run_options(*sync, raw);
    sync->add_option("--confirm", raw.request.confirm,
                     "let through what a guard stopped in the plan of this hash")
        ->type_name("HASH");
    sync->add_flag("--dry-run", raw.dry_run, "the same as plan");
    sync->add_flag("--rehearse", raw.request.rehearse, "run on restored copies of both sides instead");
    sync->add_option("--desktop", raw.request.desktop_url, "url of the desktop's copy, with --rehearse")
        ->type_name("URL");
    sync->add_option("--cloud", raw.request.cloud_url, "url of the cloud's copy, with --rehearse")
        ->type_name("URL");
    add_command(app, raw, "status", "how each table stands, and the last run", Command::status);
}

void add_verify_command(CLI::App& app, Raw& raw) {
    CLI::App* verify =
        add_command(app, raw, "verify", "prove that both sides are equal, row by row", Command::verify);
    verify->add_option("--table", raw.request.tables, "only this table; may be given several times")
        ->type_name("NAME")
        ->allow_extra_args(false);
    verify->add_flag("--repair", raw.request.repair, "decide what differs again, in an ordinary run");
    verify->add_option("--report", raw.request.page, "write a page for people to this file")
        ->type_name("FILE.html");
    verify
        ->add_option("--load", raw.request.load,
                     "how busy it keeps the servers, in percent of the time (100)")
        ->type_name("PERCENT")
        ->check(CLI::Range(1, 100));
    verify
        ->add_option("--rows-at-once", raw.request.rows_at_once,
                     "rows read in one snapshot (5000000); an interrupted verify goes on there")
        ->type_name("N")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    verify->add_flag("--anew", raw.request.anew, "do not take up an interrupted verify");
}

void add_setup_commands(CLI::App& app, Raw& raw) {
    CLI::App* init = add_command(app, raw, "init", "read both catalogues and write a commented configuration",
                                 Command::init);
    init->add_option("--desktop", raw.request.desktop_url, "url of the desktop database")->type_name("URL");
    init->add_option("--cloud", raw.request.cloud_url, "url of the cloud database")->type_name("URL");
    init->add_option("-o,--output", raw.request.output, "write to this new file instead of stdout")
        ->type_name("FILE");
    CLI::App* doctor = add_command(app, raw, "doctor", "what could go wrong, and the cure; changes nothing",
                                   Command::doctor);
    doctor->add_flag("--print-grants", raw.request.print_grants,
                     "print the SQL that gives the sync roles their rights");
    CLI::App* config = app.add_subcommand("config", "check or show the configuration");
    config->require_subcommand(1);
    add_command(*config, raw, "check", "read the file and check it; connects to nothing",
                Command::config_check);
    add_command(*config, raw, "show", "print it with every default", Command::config_show);
    CLI::App* uninstall = add_command(
        app, raw, "uninstall", "remove every object of tideway from both databases", Command::uninstall);
    uninstall->add_flag("--check", raw.request.check_only, "only list what is there");
    CLI::App* demo = add_command(app, raw, "demo", "a tour on two throwaway databases", Command::demo);
    demo->add_flag("--postgres", raw.request.postgres,
                   "on two PostgreSQL servers instead of two SQLite files");
    demo->add_flag("--keep", raw.request.keep, "leave the databases in place, and servers running");
    demo->add_option("--fixture", raw.request.fixture, "the SQL file with the demo's tables")
        ->type_name("FILE");
}

void add_selftest_command(CLI::App& app, Raw& raw) {
    CLI::App* selftest =
        add_command(app, raw, "selftest", "simulate users, runs and faults on files in memory, and judge",
                    Command::selftest);
    simulate::SelftestOptions& options = raw.request.selftest;
    selftest->add_option("--seeds", options.seeds, "how many lives are played")->check(CLI::PositiveNumber);
    selftest->add_option("--from", options.first, "the first seed; the others follow");
    selftest->add_option("--seed", raw.only_seed, "this seed alone");
    selftest->add_option("--steps", options.steps, "how much happens in a life, about")
        ->check(CLI::PositiveNumber);
    selftest->add_option("--jobs", options.jobs, "lives played side by side")->check(CLI::Range(1, 256));
    selftest
        ->add_option("--output", raw.request.selftest_output, "where the script of a failing seed is kept")
        ->type_name("FOLDER");
    selftest->add_option("--defect", raw.sabotage, "put this defect in on purpose: it must be found")
        ->type_name("NAME");
}

void add_conflict_filters(CLI::App& command, Raw& raw) {
    command.add_option("--table", raw.request.tables, "only of this table; may be given several times")
        ->type_name("NAME")
        ->allow_extra_args(false);
    command
        .add_option("--kind", raw.request.conflicts.kind,
                    "only of this kind: conflict, held, update_update, ...")
        ->type_name("KIND");
    command
        .add_option("--since", raw.since, "only found since 2026-11-25, 2026-11-25T10:00Z, or 24h")
        ->type_name("TIME");
}

void add_conflict_commands(CLI::App& app, Raw& raw) {
    CLI::App* conflicts = add_command(app, raw, "conflicts", "rows that both sides changed, and held rows",
                                      Command::conflicts_list);
    conflicts->require_subcommand(0, 1);
    CLI::App* list = add_command(*conflicts, raw, "list", "all that were found", Command::conflicts_list);
    add_conflict_filters(*list, raw);
    list->add_flag("--open", raw.request.conflicts.open, "only those that wait for somebody");
    CLI::App* show = add_command(*conflicts, raw, "show", "both rows, side by side", Command::conflicts_show);
    show->add_option("ID", raw.request.conflict, "its number in the list")->required();
    CLI::App* resolve =
        add_command(*conflicts, raw, "resolve", "choose the row that holds", Command::conflicts_resolve);
    resolve->add_option("ID", raw.request.conflicts.ids,
                        "numbers in the list; without any, the filters choose");
    add_conflict_filters(*resolve, raw);
    resolve->add_option("--take", raw.request.take, "desktop, cloud, or a file with a row as a JSON object")
        ->type_name("WHICH")
        ->required();
    resolve->add_flag("--yes", raw.request.conflicts.yes, "do it to all that the filters let through");
}

void add_parked_commands(CLI::App& app, Raw& raw) {
    CLI::App* parked =
        add_command(app, raw, "parked", "rows that the other database refuses for now", Command::parked_list);
    parked->require_subcommand(0, 1);
    add_command(*parked, raw, "list", "each with its reason", Command::parked_list);
    add_command(*parked, raw, "retry", "try them now: a sync of their tables", Command::parked_retry);
}

void add_serve_command(CLI::App& app, Raw& raw) {
    CLI::App* serve = add_command(app, raw, "serve", "keep the pair in sync until stopped: jobs, changes, console",
                                  Command::serve);
    serve->add_option("--log-format", raw.request.log_format, "text or json (an object a line)")->type_name("FORMAT");
    serve->add_option("--log-file", raw.request.log_file, "log to this file, rotated, instead of stderr")
        ->type_name("FILE");
    serve->footer("With -c FOLDER every *.toml in it is a pair of its own.");
}

void add_alert_commands(CLI::App& app, Raw& raw) {
    CLI::App* alert = app.add_subcommand("alert", "who is told when something needs a person");
    alert->require_subcommand(1);
    add_command(*alert, raw, "test", "send a test through every configured channel", Command::alert_test);
}

void add_journal_commands(CLI::App& app, Raw& raw) {
    CLI::App* undo =
        add_command(app, raw, "undo", "put back what runs replaced, removed or brought", Command::undo);
    undo->add_flag("--list", raw.list, "only list the runs that can be undone");
    undo->add_option("--run", raw.request.undo_run, "the run, by the beginning of its id")->type_name("ID");
    undo->add_option("--table", raw.table, "only this table")->type_name("NAME");
    undo->add_option("--key", raw.request.key, "only this row; alone with --table its last write")
        ->type_name("KEY")
        ->allow_extra_args(false);
    undo->add_option("--since", raw.since, "all runs since then: 2026-11-26T10:00Z, or how long ago: 2h")
        ->type_name("TIME");
    undo->add_flag("--dry-run", raw.dry_run, "only say what would be done");
    CLI::App* explain =
        add_command(app, raw, "explain", "one row's story, from both sides", Command::explain);
    explain->add_option("TABLE", raw.table, "its name on either side")->required();
    explain->add_option("KEY", raw.request.key, "as plan --rows writes it, or each part as a word")
        ->required();
}

// The words that are neither options nor the values of global options.
std::vector<std::string> words_of(const std::vector<std::string>& args) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < args.size(); ++i) {
        if (args[i] == "-c" || args[i] == "--config" || args[i] == "--log-level" ||
            args[i] == "--log-format" || args[i] == "--log-file")
            ++i;
        else if (!args[i].starts_with("-"))
            words.push_back(args[i]);
    }
    return words;
}

std::vector<const CLI::App*> subcommands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

// Where the command `path` needs a subcommand, the next word must be one.
void refuse_unknown_command(const CLI::App& app, const std::string& path,
                            std::span<const std::string> words) {
    const std::vector<const CLI::App*> subcommands = subcommands_of(app);
    if (words.empty() || subcommands.empty()) return;
    std::vector<std::string> known;
    for (const CLI::App* subcommand : subcommands) {
        if (subcommand->get_name() == words.front())
            return refuse_unknown_command(*subcommand, path + " " + words.front(), words.subspan(1));
        known.push_back(subcommand->get_name());
    }
    const std::string meant = config::nearest(words.front(), known);
    throw Error(Code::usage, fmt::format("there is no command \"{} {}\"", path, words.front()),
                meant.empty() ? fmt::format("{} knows {}", path, fmt::join(known, ", "))
                              : fmt::format("did you mean \"{} {}\"?", path, meant));
}

// The subcommand that was entered last: its options are the ones that a misspelt option may mean.
const CLI::App& innermost(const CLI::App& app) {
    const std::vector<CLI::App*> entered = app.get_subcommands();
    return entered.empty() ? app : innermost(*entered.back());
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* at = &app; at != nullptr; at = at->get_parent())
        for (const CLI::Option* option : at->get_options())
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

std::string path_of(const CLI::App& app) {
    return app.get_parent() == nullptr ? "tideway" : path_of(*app.get_parent()) + " " + app.get_name();
}

void refuse_unknown_option(const CLI::App& command, const std::vector<std::string>& args) {
    const std::vector<std::string> known = option_names(command);
    for (const std::string& arg : args) {
        const std::string name = arg.substr(0, arg.find('='));
        if (!name.starts_with("--") || std::find(known.begin(), known.end(), name) != known.end()) continue;
        const std::string meant = config::nearest(name, known);
        throw Error(Code::usage, fmt::format("{} has no option {}", path_of(command), name),
                    meant.empty() ? fmt::format("{} --help lists what it takes", path_of(command))
                                  : fmt::format("did you mean {}?", meant));
    }
}

[[noreturn]] void refuse_arguments(const CLI::App& app, const CLI::ParseError& error,
                                   const std::vector<std::string>& args) {
    const CLI::App& command = innermost(app);
    refuse_unknown_option(command, args);
    const bool no_command = error.get_name() == "RequiredError" && !subcommands_of(command).empty();
    throw Error(Code::usage,
                no_command ? fmt::format("\"{}\" needs a command", path_of(command)) : error.what(),
                fmt::format("{} --help lists what it takes", path_of(command)));
}

}  // namespace

Request parse_command_line(const std::vector<std::string>& args) {
    Raw raw;
    CLI::App app{
        "Tideway keeps an office's desktop database and its mobile app's cloud database the same,\n"
        "in both directions, and no row that anybody wrote is ever lost.",
        "tideway"};
    app.fallthrough();
    app.require_subcommand(1);
    add_global_options(app, raw);
    add_run_commands(app, raw);
    add_verify_command(app, raw);
    add_conflict_commands(app, raw);
    add_parked_commands(app, raw);
    add_alert_commands(app, raw);
    add_journal_commands(app, raw);
    add_serve_command(app, raw);
    add_setup_commands(app, raw);
    add_selftest_command(app, raw);
    app.footer(footer);
    const std::vector<std::string> words = words_of(args);
    refuse_unknown_command(app, "tideway", words);
    try {
        app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
    } catch (const CLI::CallForHelp&) {
        raw.request.command = Command::help;
        raw.request.help_text = app.help();
        return raw.request;
    } catch (const CLI::CallForVersion& version) {
        raw.request.command = Command::version;
        raw.request.help_text = version.what();
        return raw.request;
    } catch (const CLI::ParseError& error) {
        refuse_arguments(app, error, args);
    }
    raw.request.command = raw.commands.at(&innermost(app));
    return checked(raw);
}

}  // namespace tideway::cli
