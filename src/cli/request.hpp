// The command line as a value: what is asked for, checked, before anything is opened.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/policy.hpp"
#include "simulate/selftest_options.hpp"

namespace tideway::cli {

enum class Command {
    help,
    version,
    init,
    doctor,
    plan,
    sync,
    verify,
    status,
    conflicts_list,
    conflicts_show,
    conflicts_resolve,
    parked_list,
    parked_retry,
    config_check,
    config_show,
    uninstall,
    demo,
    selftest,
    alert_test,
    undo,
    undo_list,
    explain,
    serve,
};

struct ConflictChoice {
    std::string kind;         // conflicts list, resolve
    bool open = false;        // conflicts list
    std::vector<std::int64_t> ids;  // conflicts resolve; empty: what the filters let through
    bool yes = false;               // conflicts resolve: carry out what the filters let through
};

struct Request {
    Command command = Command::help;
    std::string help_text;    // of `help` and `version`: what to print
    std::string config_path;  // -c, TIDEWAY_CONFIG or ./tideway.toml
    bool json = false;
    std::string log_level = "info";  // debug | info | warning | error

    Mode mode = Mode::incremental;  // plan, sync
    Direction direction = Direction::both;
    std::vector<std::string> tables;     // empty: all
    std::optional<std::string> confirm;  // sync
    bool rows = false;                   // plan

    bool repair = false, anew = false;      // verify
    int load = 100;                         // verify: percent
    std::int64_t rows_at_once = 5'000'000;  // verify
    std::string page;                       // verify: the file for its report in HTML; empty: none

    std::string desktop_url, cloud_url;  // init
    std::optional<std::string> output;   // init: a file that must not exist yet; none = stdout
    bool print_grants = false;           // doctor
    bool check_only = false;             // uninstall
    std::int64_t conflict = 0;           // conflicts show
    ConflictChoice conflicts = {};
    std::string log_format = "text", log_file;  // serve; an empty file: stderr
    bool rehearse = false;  // sync: on the copies at desktop_url and cloud_url, else those of [rehearsal]
    std::string take;                    // conflicts resolve: desktop, cloud, or the name of a file
    bool keep = false;                   // demo
    bool postgres = false;               // demo: on servers instead of files
    std::optional<std::string> fixture;  // demo
    simulate::SelftestOptions selftest = {};
    std::string selftest_output = ".";  // the folder for what failed
    std::optional<std::string> undo_run;  // undo: the beginning of a run's id
    std::optional<std::int64_t> since;    // undo: microseconds since 1970
    std::vector<std::string> key;         // undo, explain: as plan --rows writes it, or its parts
    bool dry_run = false;                 // undo
};

// `args` without the program's name. Throws Error(usage) with the nearest command or option, and
// Error(not_in_this_version) for commands that a later version will have.
Request parse_command_line(const std::vector<std::string>& args);

}  // namespace tideway::cli
