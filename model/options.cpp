#include "options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

namespace tideway::protocol {
namespace {

const std::map<std::string, Policy> policies{{"latest", Policy::latest},
                                             {"desktop", Policy::desktop},
                                             {"cloud", Policy::cloud},
                                             {"manual", Policy::manual},
                                             {"merge", Policy::merge}};

const std::map<std::string, Start> starts{{"agreed", Start::agreed},
                                          {"two-rows", Start::two_rows},
                                          {"one-row", Start::one_row},
                                          {"no-family", Start::no_family},
                                          {"childless", Start::childless}};

bool fits(Start start) {
    return start == Start::agreed || family == (start == Start::no_family || start == Start::childless);
}

// Version 0 is the parent (or the one row), version 1 the child; a row that is not there is a deleted one.
void agree(State& s, Start start) {
    s.history.count = keys;
    for (Key key = 0; key < keys; ++key) {
        const auto version = static_cast<Version>(key);
        s.history.ancestors[version] = only(version);
        s.desktop.row[key] = s.cloud.row[key] = s.desktop.base[key] = version;
    }
    if (start == Start::childless) s.history.deletes = only(1);
    if (start == Start::no_family) s.history.deletes = static_cast<VersionSet>(only(0) | only(1));
}

// Three versions of which none descends from another: no row, and one row for each side.
void lose_archive(State& s, Start start) {
    s.history.count = 3;
    s.history.ancestors[1] = only(1);
    s.history.ancestors[2] = only(2);
    s.history.deletes = only(0);
    s.desktop.row[parent] = start == Start::one_row ? 0 : 1;
    s.cloud.row[parent] = 2;
    s.desktop.base[parent] = unknown;
    s.desktop.seen_desktop[parent] = s.desktop.seen_cloud[parent] = everything;
}

struct Given {  // what the command line says; the rest comes from the mutant's row or the defaults
    std::optional<int> writes, crashes, restores, runs, failures;
    std::optional<std::string> policy, start;
    std::vector<std::string> mutants;
    bool no_deletes = false, no_in_doubt = false, wide_faults = false, both_backups = false,
         restore_marks = false, desktop_free = false, cloud_free = false;
    bool check = false, full_table = false, list = false;
};

void declare_modes(CLI::App& app, Given& given) {
    auto* check =
        app.add_flag("--check", given.check, "the bounded table: safe as it stands, every mutant caught");
    auto* full = app.add_flag("--long", given.full_table, "the large table (some minutes, 3 GB)");
    auto* list = app.add_flag("--list", given.list, "list the mutants and the configurations of both tables");
    check->excludes(full)->excludes(list);
    full->excludes(list);
}

void declare_budgets(CLI::App& app, Given& given) {
    const auto few = CLI::Range(0, 6);
    app.add_option("--writes", given.writes, "user writes and deletes [3]")->check(few);
    app.add_option("--crashes", given.crashes, "crashes of the runner [1]")->check(few);
    app.add_option("--restores", given.restores, "restores from a backup [1]")->check(few);
    app.add_option("--runs", given.runs, "runs [3]")->check(few);
    app.add_option("--failures", given.failures, "applies that fail for reasons of their own [0]")
        ->check(few);
}

void declare_variants(CLI::App& app, Given& given) {
    std::vector<std::string> names;
    for (const MutantRow& row : mutants()) names.emplace_back(row.name);
    app.add_option("--policy", given.policy, "latest (default), desktop, cloud, manual, merge")
        ->check(CLI::IsMember(&policies));
    app.add_option("--start", given.start,
                   family ? "agreed (default); childless: a parent alone; no-family: neither"
                          : "agreed (default); two-rows, one-row: the archive was lost")
        ->check(CLI::IsMember(&starts));
    app.add_option("--mutant", given.mutants,
                   "take this part out; its own small configuration is the default")
        ->check(CLI::IsMember(names));
    app.add_flag("--no-deletes", given.no_deletes, "users only write");
    app.add_flag("--no-in-doubt", given.no_in_doubt, "a crash aborts what was in flight");
    app.add_flag("--wide-faults", given.wide_faults,
                 "also: merges in doubt; in doubt across the other side's restore");
    app.add_flag("--both-backups", given.both_backups, "a backup of each side instead of one in all");
    app.add_flag("--restore-marks", given.restore_marks,
                 "the protocol with the additions that README.md proposes");
    if (!family) return;
    app.add_flag("--desktop-free", given.desktop_free, "the desktop's server does not know the reference");
    app.add_flag("--cloud-free", given.cloud_free, "the cloud's server does not know the reference");
}

void take_over(Count& value, std::optional<int> given) {
    if (given) value = static_cast<Count>(*given);
}

// The first mutant named gives the defaults.
Options mutant_options(const std::vector<std::string>& names) {
    Options options;
    MutantSet taken_out;
    for (auto name = names.rbegin(); name != names.rend(); ++name)
        for (const MutantRow& row : mutants())
            if (*name == row.name) {
                options = row.shown_by;
                taken_out.add(row.shown_by.mutants);
            }
    options.mutants = taken_out;
    return options;
}

Options options_from(const Given& given) {
    Options options = mutant_options(given.mutants);
    take_over(options.writes, given.writes);
    take_over(options.crashes, given.crashes);
    take_over(options.restores, given.restores);
    take_over(options.runs, given.runs);
    take_over(options.failures, given.failures);
    if (given.policy) options.policy = policies.at(*given.policy);
    if (given.start) options.start = starts.at(*given.start);
    options.user_deletes = !given.no_deletes;
    options.in_doubt = !given.no_in_doubt;
    options.wide_faults = given.wide_faults;
    options.both_backups = given.both_backups;
    options.restore_marks = given.restore_marks;
    if (given.desktop_free) options.desktop_enforces = false;
    if (given.cloud_free) options.cloud_enforces = false;
    return options;
}

Mode mode_from(const Given& given) {
    if (given.check) return Mode::check;
    if (given.full_table) return Mode::full_table;
    return given.list ? Mode::list : Mode::explore;
}

}  // namespace

State initial_state(const Options& options) {
    State s{};
    agree(s, options.start);
    s.history.merged = unknown;
    s.left = {options.writes, options.crashes, options.restores, options.runs, options.failures};
    if (options.start == Start::two_rows || options.start == Start::one_row) lose_archive(s, options.start);
    return s;
}

std::string_view name_of(Policy policy) {
    for (const auto& [name, value] : policies)
        if (value == policy) return name;
    return "?";
}

std::string_view name_of(Start start) {
    for (const auto& [name, value] : starts)
        if (value == start) return name;
    return "?";
}

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::safe:
            return "safe";
        case Verdict::lost_write:
            return "lost write";
        case Verdict::no_convergence:
            return "no convergence";
        case Verdict::false_conflicts_only:
            return "only false conflicts";
    }
    return "?";
}

std::string describe(const Options& options) {
    std::string text =
        fmt::format("{}, writes {}, runs {}", name_of(options.policy), options.writes, options.runs);
    const auto count = [&](const char* name, Count n) {
        if (n > 0) text += fmt::format(", {} {}", name, n);
    };
    const auto say = [&](bool on, const char* words) {
        if (on) text += fmt::format(", {}", words);
    };
    count("crashes", options.crashes);
    count("restores", options.restores);
    count("failures", options.failures);
    if (options.start != Start::agreed) text += fmt::format(", start {}", name_of(options.start));
    say(!options.user_deletes, "no deletes");
    say(options.crashes > 0 && !options.in_doubt, "nothing in doubt");
    say(options.wide_faults, "wide faults");
    say(options.both_backups, "both backups");
    say(options.restore_marks, "restore marks");
    say(!options.desktop_enforces, "desktop free");
    say(!options.cloud_enforces, "cloud free");
    for (const MutantRow& row : mutants())
        if (options.without(row.mutant)) text += fmt::format(", mutant {}", row.name);
    return text;
}

Parsed parse_command_line(int argc, const char* const* argv) {
    CLI::App app{family ? "Explores the sync commit protocol for a parent and a child that refers to it."
                        : "Explores every interleaving of the sync commit protocol for one key.",
                 family ? "family_model" : "protocol_model"};
    Given given;
    declare_modes(app, given);
    declare_budgets(app, given);
    declare_variants(app, given);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return {std::nullopt, app.exit(e) == 0 ? 0 : 2};
    }
    const CommandLine command{mode_from(given), options_from(given)};
    if (fits(command.options.start)) return {command, 0};
    fmt::print(stderr, "--start {} is not of this model\n", name_of(command.options.start));
    return {std::nullopt, 2};
}

}  // namespace tideway::protocol
