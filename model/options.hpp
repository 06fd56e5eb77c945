// What is explored: how many events of each kind, under which policy, with which part of the protocol taken
// out.
#pragma once
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "state.hpp"

namespace tideway::protocol {

enum class Policy { latest, desktop, cloud, manual, merge };

// A part of the protocol that can be taken out, to show that it is needed.
enum class Mutant {
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
    base_read_late,
    // of a family
    no_orphan_check,
    children_first,
    parents_deleted_first,
    no_bisection,
    parked_not_listed,
    listed_after_the_marks,
    parked_not_tried_again,
    never_taken_off_the_list,
    cascade
};

class MutantSet {
  public:
    constexpr MutantSet() = default;
    constexpr MutantSet(std::initializer_list<Mutant> mutants) {
        for (const Mutant m : mutants) add(m);
    }
    constexpr void add(Mutant m) { bits_ |= 1U << static_cast<unsigned>(m); }
    constexpr void add(MutantSet others) { bits_ |= others.bits_; }
    constexpr bool contains(Mutant m) const { return (bits_ >> static_cast<unsigned>(m) & 1U) != 0; }

  private:
    unsigned bits_ = 0;
};

enum class Start {
    agreed,     // both sides hold the same row, and the archive says so
    two_rows,   // the archive was lost; each side holds a row of its own
    one_row,    // the archive was lost; only the cloud holds a row
    no_family,  // of a family: neither parent nor child exists
    childless   // of a family: both sides hold the parent
};

// What an exploration must find.
enum class Verdict { safe, lost_write, no_convergence, false_conflicts_only };

struct Options {
    Count writes = 3, crashes = 1, restores = 1, runs = 3;
    Count failures = 0;  // apply transactions that fail for no reason of the protocol (constraint, timeout)
    Policy policy = Policy::latest;
    Start start = Start::agreed;
    bool user_deletes = true;
    bool in_doubt = true;  // a crash may leave an apply transaction that commits or aborts later
    // Faults beyond those of correctness.md 2.12: a merge may be in doubt too, and an in-doubt transaction
    // outlives the restore of the other side.
    bool wide_faults = false;
    bool both_backups = false;   // a backup of each side instead of one on a path; needed to restore both
    bool restore_marks = false;  // the additions of README.md that a restore of both sides needs
    // A server that knows the reference lets no child live without its parent, in any commit.
    bool desktop_enforces = true, cloud_enforces = true;
    MutantSet mutants = {};

    bool without(Mutant m) const { return mutants.contains(m); }
    bool enforced_at(Place place) const {
        return family && (place == Place::cloud ? cloud_enforces : desktop_enforces);
    }
};

struct MutantRow {
    Mutant mutant;
    std::string_view name;
    std::string_view takes_out;  // one line, in plain words
    Verdict expected;
    Options shown_by;  // a small exploration that shows it; what it leaves out is not needed
};

std::span<const MutantRow> mutants();  // those of the model that this program is built for
std::span<const MutantRow> mutants_of_one_key();
std::span<const MutantRow> mutants_of_a_family();
std::string_view name_of(Policy policy);
std::string_view name_of(Start start);
std::string_view name_of(Verdict verdict);

// "latest, writes 3, runs 3, crashes 1, mutant no-guard": only what is not zero or false.
std::string describe(const Options& options);

// The state before anything happened.
State initial_state(const Options& options);

enum class Mode { explore, check, full_table, list };

struct CommandLine {
    Mode mode = Mode::explore;
    Options options;
};

// The command line, or the exit code with which the program must end at once (after help or an error
// message).
struct Parsed {
    std::optional<CommandLine> command;
    int exit_code = 0;
};
Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace tideway::protocol
