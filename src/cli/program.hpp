// The whole program behind main(): arguments in, exit code out.
#pragma once
#include <ostream>
#include <string>
#include <vector>

namespace tideway::cli {

// Results go to `out`, everything else to `err`. Never throws: every error is printed once, here, and becomes
// an exit code (docs/cli.md).
int run_program(const std::vector<std::string>& args, std::ostream& out, std::ostream& err);

}  // namespace tideway::cli
