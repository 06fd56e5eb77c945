#include "suite.hpp"

#include <fmt/format.h>

namespace tideway::protocol {
namespace {

constexpr std::array policies{Policy::latest, Policy::desktop, Policy::cloud, Policy::merge, Policy::manual};

void add_all_policies(std::vector<Case>& cases, Options options) {
    for (const Policy policy : policies) {
        options.policy = policy;
        cases.push_back({options, Verdict::safe});
    }
}

// Without restores, every agreement is an ancestor of both sides: not even a false conflict may appear.
void add_without_restores(std::vector<Case>& cases) {
    Options options{.writes = 3, .crashes = 2, .restores = 0, .runs = 4, .failures = 1};
    add_all_policies(cases, options);
    options.start = Start::two_rows;
    cases.push_back({options, Verdict::safe});
}

// The one gap that is known, and that the proposed additions close it.
void add_both_restored(std::vector<Case>& cases, Options options) {
    options.wide_faults = options.both_backups = true;
    cases.push_back({options, Verdict::lost_write, " (the known gap, README.md)"});
    options.restore_marks = true;
    add_all_policies(cases, options);
}

void add_mutants(std::vector<Case>& cases) {
    for (const MutantRow& row : mutants()) cases.push_back({row.shown_by, row.expected});
}

std::string wrong_mutant_verdict(Verdict expected, const Report& r) {
    switch (expected) {
        case Verdict::lost_write:
            return r.lost_writes > 0 ? "" : "no lost write was found";
        case Verdict::no_convergence:
            if (r.lost_writes > 0) return "it even loses writes";
            return r.stuck > 0 ? "" : "it converges from everywhere";
        case Verdict::false_conflicts_only:
            if (r.lost_writes + r.stuck > 0) return "it does worse than false conflicts";
            return r.false_conflicts > 0 ? "" : "no false conflict was found";
        case Verdict::safe:
            break;
    }
    return "";
}

// With restores false conflicts are expected: a base that is rightly forgotten makes ancestors look like
// rivals.
std::string unsafe(const Options& options, const Report& r) {
    if (r.lost_writes > 0) return fmt::format("{} commits lose a write", r.lost_writes);
    if (r.stuck > 0) return fmt::format("no convergence from {} states", r.stuck);
    if (options.restores == 0 && r.false_conflicts > 0)
        return fmt::format("{} false conflicts", r.false_conflicts);
    return "";
}

// The first users' old desktop knows no references; their cloud does.
void add_families(std::vector<Case>& cases, Options options) {
    for (const Start start : {Start::agreed, Start::childless, Start::no_family})
        for (const Place free : {Place::none, Place::desktop, Place::cloud}) {
            options.start = start;
            options.desktop_enforces = free != Place::desktop;
            options.cloud_enforces = free != Place::cloud;
            cases.push_back({options, Verdict::safe});
        }
}

void add_families_of_policies(std::vector<Case>& cases, Options options) {
    for (const Policy policy : {Policy::desktop, Policy::cloud, Policy::manual}) {
        options.policy = policy;
        add_families(cases, options);
    }
}

std::vector<Case> bounded_families() {
    std::vector<Case> cases;
    add_families(cases, {.writes = 3, .crashes = 1, .restores = 0, .runs = 3});
    add_families_of_policies(cases, {.writes = 2, .crashes = 1, .restores = 0, .runs = 3, .failures = 1});
    add_families(cases, {.writes = 1, .crashes = 1, .restores = 1, .runs = 3});
    add_mutants(cases);
    return cases;
}

std::vector<Case> all_families() {
    std::vector<Case> cases;
    add_families(cases, {.writes = 4, .crashes = 1, .restores = 0, .runs = 3});
    add_families(cases, {.writes = 3, .crashes = 2, .restores = 0, .runs = 4, .failures = 1});
    add_families(cases, {.writes = 2, .crashes = 1, .restores = 1, .runs = 3, .wide_faults = true});
    add_families_of_policies(cases, {.writes = 2, .crashes = 1, .restores = 1, .runs = 3});
    add_mutants(cases);
    return cases;
}

}  // namespace

std::vector<Case> bounded_table() {
    if (family) return bounded_families();
    std::vector<Case> cases;
    add_without_restores(cases);
    add_all_policies(cases, {.writes = 2, .crashes = 1, .restores = 1, .runs = 3});
    add_all_policies(cases, {.writes = 2, .crashes = 1, .restores = 1, .runs = 3, .wide_faults = true});
    cases.push_back({{.writes = 3, .crashes = 1, .restores = 1, .runs = 3}, Verdict::safe});
    cases.push_back(
        {{.writes = 2, .crashes = 1, .restores = 1, .runs = 3, .start = Start::two_rows}, Verdict::safe});
    add_both_restored(cases, {.writes = 1, .crashes = 1, .restores = 2, .runs = 3});
    add_mutants(cases);
    return cases;
}

std::vector<Case> full_table() {
    if (family) return all_families();
    std::vector<Case> cases;
    cases.push_back({{.writes = 4, .crashes = 2, .restores = 0, .runs = 4, .failures = 1}, Verdict::safe});
    cases.push_back({{.writes = 3, .crashes = 1, .restores = 1, .runs = 4, .failures = 1}, Verdict::safe});
    add_all_policies(cases, {.writes = 2, .crashes = 1, .restores = 2, .runs = 4});
    add_all_policies(cases, {.writes = 2, .crashes = 1, .restores = 2, .runs = 4, .wide_faults = true});
    add_without_restores(cases);
    add_both_restored(cases, {.writes = 2, .crashes = 1, .restores = 2, .runs = 3});
    add_mutants(cases);
    return cases;
}

std::string objection(const Case& c, const Report& report) {
    if (!report.complete) return "the state limit was reached";
    return c.expected == Verdict::safe ? unsafe(c.options, report) : wrong_mutant_verdict(c.expected, report);
}

}  // namespace tideway::protocol
