// The command line as it was typed, and the checks that make a Request of it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/request.hpp"

namespace tideway::cli {

// What CLI11 writes into; turned into a Request when all of it is there.
struct Raw {
    Request request;
    std::string mode = "incremental", direction = "both", table, since;
    bool dry_run = false, list = false;
    std::optional<std::uint64_t> only_seed;  // selftest
    std::string sabotage;                    // selftest
    std::map<const CLI::App*, Command> commands;
};

// Throws Error(usage) for values that cannot be, and for options that do not go together.
Request checked(Raw& raw);

}  // namespace tideway::cli
