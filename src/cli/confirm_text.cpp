#include "cli/confirm_text.hpp"

#include <fmt/format.h>

#include "base/shell_word.hpp"

namespace tideway::cli {
namespace {

std::string options_of(const StoppedRun& run) {
    std::string out;
    if (run.mode != Mode::incremental) out += fmt::format(" --mode {}", to_string(run.mode));
    if (run.direction != Direction::both) out += fmt::format(" --direction {}", to_string(run.direction));
    for (const std::string& table : run.tables) out += " --table " + shell_word(table);
    return out;
}

}  // namespace

std::string plan_command(const StoppedRun& run) { return "tideway plan --rows" + options_of(run); }

std::string confirm_command(const StoppedRun& run) {
    return fmt::format("tideway sync{} --confirm {}", options_of(run), run.plan_hash);
}

}  // namespace tideway::cli
