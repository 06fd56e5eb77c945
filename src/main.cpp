#include <malloc.h>

#include <iostream>
#include <string>
#include <vector>

#include "base/world.hpp"
#include "cli/program.hpp"

namespace {

// Large rows come and go: their memory goes back to the system at once, and leaves no holes that the next does
// not fit.
void return_large_blocks() { mallopt(M_MMAP_THRESHOLD, 1 << 20); }

}  // namespace

int main(int argc, char** argv) {
    return_large_blocks();
    tideway::install_signal_handlers();
    return tideway::cli::run_program(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
