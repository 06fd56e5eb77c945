#include <iostream>
#include <string>
#include <vector>

#include "base/world.hpp"
#include "cli/program.hpp"

int main(int argc, char** argv) {
    tideway::install_signal_handlers();
    return tideway::cli::run_program(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
