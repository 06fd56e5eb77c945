// The configurations that are run as a test, what each must find, and the verdict on what it found.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "explore.hpp"
#include "options.hpp"

namespace tideway::protocol {

struct Case {
    Options options;
    Verdict expected;
    std::string_view note = {};  // printed with the case
};

std::vector<Case> bounded_table();  // seconds; every mutant
std::vector<Case> full_table();     // minutes; the evidence that correctness.md 2.12 cites

// Empty if the report is what the case expects, otherwise what is wrong with it.
std::string objection(const Case& c, const Report& report);

}  // namespace tideway::protocol
