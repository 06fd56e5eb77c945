#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace tideway::cli {
namespace {

using Args = std::vector<std::string>;

void expect_refused(const Args& args, Code code, const std::string& message, const std::string& hint) {
    SCOPED_TRACE(testing::PrintToString(args));
    try {
        parse_command_line(args);
        FAIL() << "accepted";
    } catch (const Error& e) {
        EXPECT_EQ(info(e.code()).id, info(code).id);
        EXPECT_EQ(e.exit(), Exit::usage);
        EXPECT_NE(std::string(e.what()).find(message), std::string::npos) << e.what();
        EXPECT_NE(e.hint().find(hint), std::string::npos) << e.hint();
    }
}

TEST(CommandLine, every_command_is_known) {
    const std::vector<std::pair<Args, Command>> commands = {
        {{"plan"}, Command::plan},
        {{"sync"}, Command::sync},
        {{"sync", "--dry-run"}, Command::plan},
        {{"status"}, Command::status},
        {{"doctor"}, Command::doctor},
        {{"conflicts"}, Command::conflicts_list},
        {{"conflicts", "list"}, Command::conflicts_list},
        {{"conflicts", "show", "7"}, Command::conflicts_show},
        {{"conflicts", "resolve", "7", "--take", "cloud"}, Command::conflicts_resolve},
        {{"config", "check"}, Command::config_check},
        {{"config", "show"}, Command::config_show},
        {{"uninstall"}, Command::uninstall},
        {{"demo"}, Command::demo},
        {{"demo", "--postgres"}, Command::demo},
        {{"init", "--desktop", "a", "--cloud", "b"}, Command::init},
        {{"--version"}, Command::version},
        {{"--help"}, Command::help},
        {{"sync", "--help"}, Command::help},
    };
    for (const auto& [args, command] : commands) {
        SCOPED_TRACE(testing::PrintToString(args));
        EXPECT_EQ(parse_command_line(args).command, command);
    }
}

TEST(CommandLine, a_bare_sync_is_incremental_both_ways_and_for_all_tables) {
    const Request request = parse_command_line({"sync"});
    EXPECT_EQ(request.mode, Mode::incremental);
    EXPECT_EQ(request.direction, Direction::both);
    EXPECT_TRUE(request.tables.empty());
    EXPECT_FALSE(request.confirm);
    EXPECT_FALSE(request.json);
    EXPECT_EQ(request.config_path, "tideway.toml");
    EXPECT_EQ(request.log_level, "info");
}

TEST(CommandLine, sync_takes_its_options) {
    const Request request =
        parse_command_line({"sync", "--mode", "full", "--direction=reverse", "--table", "a", "--table", "b",
                            "--confirm", "12ab", "--json", "-c", "x.toml"});
    EXPECT_EQ(request.mode, Mode::full);
    EXPECT_EQ(request.direction, Direction::reverse);
    EXPECT_EQ(request.tables, (Args{"a", "b"}));
    EXPECT_EQ(request.confirm, "12ab");
    EXPECT_TRUE(request.json);
    EXPECT_EQ(request.config_path, "x.toml");
}

TEST(CommandLine, global_options_may_stand_before_the_command_too) {
    const Request request =
        parse_command_line({"--json", "--log-level", "error", "-c", "x.toml", "plan", "--rows"});
    EXPECT_EQ(request.command, Command::plan);
    EXPECT_TRUE(request.json && request.rows);
    EXPECT_EQ(request.log_level, "error");
    EXPECT_EQ(request.config_path, "x.toml");
}

TEST(CommandLine, other_commands_take_their_options) {
    const Request resolve = parse_command_line({"conflicts", "resolve", "12", "--take", "row.json"});
    EXPECT_EQ(resolve.conflicts.ids, std::vector<std::int64_t>{12});
    EXPECT_EQ(resolve.take, "row.json");
    EXPECT_EQ(parse_command_line({"conflicts", "show", "9"}).conflict, 9);
    EXPECT_TRUE(parse_command_line({"uninstall", "--check"}).check_only);
    EXPECT_TRUE(parse_command_line({"doctor", "--print-grants"}).print_grants);
    EXPECT_TRUE(parse_command_line({"demo", "--postgres", "--keep"}).keep);
    const Request init = parse_command_line({"init", "--desktop", "a", "--cloud", "b", "-o", "c.toml"});
    EXPECT_EQ(init.desktop_url, "a");
    EXPECT_EQ(init.cloud_url, "b");
    EXPECT_EQ(init.output, "c.toml");
}

TEST(CommandLine, the_environment_names_the_configuration) {
    setenv("TIDEWAY_CONFIG", "/etc/tideway.toml", 1);
    EXPECT_EQ(parse_command_line({"sync"}).config_path, "/etc/tideway.toml");
    EXPECT_EQ(parse_command_line({"sync", "-c", "own.toml"}).config_path, "own.toml");
    unsetenv("TIDEWAY_CONFIG");
}

TEST(CommandLine, proposes_the_nearest_command_or_option) {
    expect_refused({"snyc"}, Code::usage, "no command \"tideway snyc\"", "did you mean \"tideway sync\"?");
    expect_refused({"-c", "x", "staus"}, Code::usage, "\"tideway staus\"", "\"tideway status\"?");
    expect_refused({"config", "chek"}, Code::usage, "\"tideway config chek\"", "\"tideway config check\"?");
    expect_refused({"explode"}, Code::usage, "\"tideway explode\"", "tideway knows plan, sync");
    expect_refused({"sync", "--mdoe", "full"}, Code::usage, "tideway sync has no option --mdoe",
                   "did you mean --mode?");
    expect_refused({"sync", "--jsn"}, Code::usage, "no option --jsn", "did you mean --json?");
    expect_refused({"sync", "--mode", "fulll"}, Code::usage, "--mode cannot be \"fulll\"",
                   "did you mean \"full\"?");
    expect_refused({"plan", "--direction", "up"}, Code::usage, "it is one of both, forward, reverse", "");
    expect_refused({"plan", "--log-level", "eror"}, Code::usage, "--log-level cannot be",
                   "did you mean \"error\"?");
}

TEST(CommandLine, refuses_what_is_missing_or_too_much) {
    expect_refused({}, Code::usage, "\"tideway\" needs a command", "tideway --help");
    expect_refused({"config"}, Code::usage, "\"tideway config\" needs a command", "tideway config --help");
    expect_refused({"sync", "jobs"}, Code::usage, "jobs", "tideway sync --help");
    expect_refused({"conflicts", "show"}, Code::usage, "ID is required", "tideway conflicts show --help");
    expect_refused({"conflicts", "show", "x"}, Code::usage, "ID", "tideway conflicts show --help");
    expect_refused({"conflicts", "resolve", "3"}, Code::usage, "--take is required",
                   "tideway conflicts resolve --help");
    expect_refused({"conflicts", "resolve", "--take", "cloud"}, Code::usage, "needs the number", "conflicts list");
    expect_refused({"conflicts", "resolve", "3", "--kind", "held", "--take", "cloud"}, Code::usage, "do not go with",
                   "alone");
    expect_refused({"conflicts", "resolve", "--kind", "held", "--take", "row.json"}, Code::usage, "for one conflict",
                   "");
    expect_refused({"sync", "--desktop", "url"}, Code::usage, "from the configuration", "--rehearse");
    expect_refused({"alert"}, Code::usage, "\"tideway alert\" needs a command", "");
    expect_refused({"init", "--desktop", "a"}, Code::usage, "init needs the url of both", "--cloud URL");
    expect_refused({"sync", "--dry-run", "--confirm", "a"}, Code::usage, "exclude each other", "");
}

TEST(CommandLine, undo_is_told_a_run_a_time_or_a_row) {
    const Request run = parse_command_line({"undo", "--run", "1a2b", "--dry-run"});
    EXPECT_EQ(run.command, Command::undo);
    EXPECT_EQ(run.undo_run, "1a2b");
    EXPECT_TRUE(run.dry_run);
    EXPECT_EQ(parse_command_line({"undo", "--since", "2026-11-26T10:00:30+05:30"}).since, 1795667430000000);
    const Request row = parse_command_line({"undo", "--table", "jobs", "--key", "a/b", "--key", "7"});
    EXPECT_EQ(row.tables, Args{"jobs"});
    EXPECT_EQ(row.key, (Args{"a/b", "7"}));
    EXPECT_EQ(parse_command_line({"undo", "--list"}).command, Command::undo_list);
    expect_refused({"undo"}, Code::usage, "undo needs to know what", "--run ID");
    expect_refused({"undo", "--key", "1"}, Code::usage, "--key needs --table", "--table NAME --key KEY");
    expect_refused({"undo", "--table", "jobs"}, Code::usage, "undo needs to know what", "--since TIME");
    expect_refused({"undo", "--since", "yesterday"}, Code::usage, "--since cannot be", "2026-11-26T10:00Z");
    expect_refused({"undo", "--list", "--run", "3"}, Code::usage, "--list stands alone", "undo --list");
}

TEST(CommandLine, explain_is_told_a_table_and_a_key) {
    const Request request = parse_command_line({"explain", "jobs", "a/b", "7"});
    EXPECT_EQ(request.command, Command::explain);
    EXPECT_EQ(request.tables, Args{"jobs"});
    EXPECT_EQ(request.key, (Args{"a/b", "7"}));
    expect_refused({"explain", "jobs"}, Code::usage, "KEY is required", "tideway explain --help");
}

TEST(CommandLine, a_fixture_belongs_to_servers) {
    expect_refused({"demo", "--fixture", "f.sql"}, Code::usage, "--fixture goes with --postgres",
                   "its own tables");
}

}  // namespace
}  // namespace tideway::cli
