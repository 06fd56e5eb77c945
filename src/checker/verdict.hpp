// What is wrong with a history.
#pragma once
#include <string>
#include <vector>

#include "checker/history.hpp"

namespace tideway::checker {

struct Violation {
    std::string invariant;  // I0 to I8, I12 (judge.hpp)
    std::string table;
    Key key;
    std::vector<std::string> versions;
    std::string text;
};

using Verdict = std::vector<Violation>;

}  // namespace tideway::checker
