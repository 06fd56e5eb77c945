#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "explore.hpp"
#include "options.hpp"
#include "suite.hpp"

namespace tideway::protocol {
namespace {

void print_counterexample(const char* title, const Counterexample& found) {
    if (found.fault.empty()) return;
    fmt::print("{}, {} steps:\n", title, found.steps.size());
    for (const std::string& step : found.steps) fmt::print("    {}\n", step);
    fmt::print("  => {}\n", found.fault);
}

int explore_one(const CommandLine& command) {
    const Report r = explore(command.options);
    fmt::print("{}\n", describe(command.options));
    fmt::print(
        "states={} transitions={} lost_writes={} no_convergence={} false_conflicts={} complete={} "
        "seconds={:.1f}\n",
        r.states, r.transitions, r.lost_writes, r.stuck, r.false_conflicts, r.complete ? "yes" : "no",
        r.seconds);
    print_counterexample("shortest lost write", r.lost_write);
    print_counterexample("shortest way to where runs do not converge", r.no_convergence);
    return r.lost_writes + r.stuck > 0 ? 1 : 0;
}

std::string found_by(const Case& c, const Report& r) {
    switch (c.expected) {
        case Verdict::lost_write:
            return fmt::format("lost write after {} steps", r.lost_write.steps.size());
        case Verdict::no_convergence:
            return fmt::format("stuck from {} states", r.stuck);
        case Verdict::false_conflicts_only:
            return fmt::format("{} false conflicts", r.false_conflicts);
        case Verdict::safe:
            return fmt::format("{} transitions, {} false conflicts", r.transitions, r.false_conflicts);
    }
    return "";
}

bool run_case(const Case& c) {
    const Report r = explore(c.options);
    const std::string wrong = objection(c, r);
    fmt::print("{:4}  {:20}  {:>9} states {:6.1f} s  {}{}: {}\n", wrong.empty() ? "ok" : "FAIL",
               name_of(c.expected), r.states, r.seconds, describe(c.options), c.note,
               wrong.empty() ? found_by(c, r) : wrong);
    std::fflush(stdout);
    return wrong.empty();
}

int run_table(const std::vector<Case>& cases) {
    int passed = 0, failed = 0;
    for (const Case& c : cases) ++(run_case(c) ? passed : failed);
    fmt::print("{} passed, {} failed\n", passed, failed);
    return failed > 0 ? 1 : 0;
}

void list_cases(const char* title, const std::vector<Case>& cases) {
    fmt::print("\n{}\n", title);
    for (const Case& c : cases)
        fmt::print("  {:20}  {}{}\n", name_of(c.expected), describe(c.options), c.note);
}

int list_all() {
    fmt::print("Mutants: what is taken out, and what must come of it\n");
    for (const MutantRow& row : mutants())
        fmt::print("  {:24}  {:20}  {}\n", row.name, name_of(row.expected), row.takes_out);
    list_cases("--check", bounded_table());
    list_cases("--long", full_table());
    return 0;
}

int run(const CommandLine& command) {
    switch (command.mode) {
        case Mode::explore:
            return explore_one(command);
        case Mode::check:
            return run_table(bounded_table());
        case Mode::full_table:
            return run_table(full_table());
        case Mode::list:
            return list_all();
    }
    return 2;
}

}  // namespace
}  // namespace tideway::protocol

int main(int argc, char** argv) {
    const auto parsed = tideway::protocol::parse_command_line(argc, argv);
    return parsed.command ? tideway::protocol::run(*parsed.command) : parsed.exit_code;
}
