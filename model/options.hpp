// What is explored: how many events of each kind, under which policy, with which part of the protocol taken out.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "state.hpp"

namespace tideway::protocol {

enum class Policy { latest, desktop, cloud, manual, merge };

// A part of the protocol that can be taken out, to show that it is needed.
enum class Mutant {
    none,
    no_guard,
    book_before_commit,
    no_receipt,
    no_desktop_barrier,
    no_cloud_barrier,
    watermark_after_failure,
    blind_forward,
    watermark_now,
    no_acknowledgement,
    delete_without_base,
    no_lease,
    base_read_late
};

// What an exploration must find.
enum class Verdict { safe, lost_write, no_convergence, false_conflicts_only };

struct Options {
    Count writes = 3, crashes = 1, restores = 1, runs = 3;
    Count failures = 0;  // apply transactions that fail for no reason of the protocol (constraint, timeout)
    Policy policy = Policy::latest;
    bool archive_lost = false;  // start with two unrelated rows and no base
    bool user_deletes = true;
    bool in_doubt = true;  // a crash may leave an apply transaction that commits or aborts later
    Mutant mutant = Mutant::none;

    bool without(Mutant m) const { return mutant == m; }
};

struct MutantRow {
    Mutant mutant;
    std::string_view name;
    std::string_view takes_out;  // one line, in plain words
    Verdict expected;
    Options shown_by;  // a small exploration that shows it
};

std::span<const MutantRow> mutants();
const MutantRow& row_of(Mutant mutant);
std::string_view name_of(Policy policy);
std::string_view name_of(Verdict verdict);

// "policy latest, writes 3, crashes 1, ..., without no-guard": only what is not zero or false.
std::string describe(const Options& options);

// The state before anything happened.
State initial_state(const Options& options);

enum class Mode { explore, check, full_table, list };

struct CommandLine {
    Mode mode = Mode::explore;
    Options options;
    bool stop_at_first = false;
};

// The command line, or the exit code with which the program must end at once (after help or an error message).
struct Parsed {
    std::optional<CommandLine> command;
    int exit_code = 0;
};
Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace tideway::protocol
