#include <array>

#include "options.hpp"

namespace tideway::protocol {
namespace {

constexpr auto lost_write = Verdict::lost_write;
constexpr auto no_convergence = Verdict::no_convergence;

// Each row explores as little as shows its fault, so that what is not set (crashes, restores) is not needed
// for it.
constexpr std::array<MutantRow, 12> table{{
    {Mutant::no_guard,
     "no-guard",
     "the apply does not check that the target row is still the one decided on",
     lost_write,
     {.writes = 2, .crashes = 0, .restores = 0, .runs = 1, .mutants = {Mutant::no_guard}}},
    {Mutant::book_before_commit,
     "book-before-commit",
     "the base is booked before the target has committed",
     lost_write,
     {.writes = 1, .crashes = 1, .restores = 0, .runs = 2, .mutants = {Mutant::book_before_commit}}},
    {Mutant::no_receipt,
     "no-receipt",
     "the apply at the cloud leaves no receipt with the rows",
     Verdict::false_conflicts_only,
     {.writes = 2, .crashes = 1, .restores = 0, .runs = 2, .mutants = {Mutant::no_receipt}}},
    {Mutant::no_desktop_barrier,
     "no-desktop-barrier",
     "no durable mark on the desktop between reading it and the cloud's commit",
     lost_write,
     {.writes = 1, .crashes = 0, .restores = 1, .runs = 2, .mutants = {Mutant::no_desktop_barrier}}},
    {Mutant::no_cloud_barrier,
     "no-cloud-barrier",
     "no durable mark on the cloud between reading it and the desktop's commit",
     lost_write,
     {.writes = 1, .crashes = 0, .restores = 1, .runs = 2, .mutants = {Mutant::no_cloud_barrier}}},
    {Mutant::watermark_after_failure,
     "watermark-after-failure",
     "the watermark advances although the apply failed",
     no_convergence,
     {.writes = 1,
      .crashes = 0,
      .restores = 0,
      .runs = 1,
      .failures = 1,
      .mutants = {Mutant::watermark_after_failure}}},
    {Mutant::blind_forward,
     "blind-forward",
     "the desktop's row is upserted without a base (the first engine)",
     lost_write,
     {.writes = 1, .crashes = 0, .restores = 0, .runs = 1, .mutants = {Mutant::blind_forward}}},
    {Mutant::watermark_now,
     "watermark-now",
     "the watermark becomes the time of the end, not of the reading",
     no_convergence,
     {.writes = 2, .crashes = 0, .restores = 0, .runs = 1, .mutants = {Mutant::watermark_now}}},
    {Mutant::no_acknowledgement,
     "no-acknowledgement",
     "a rejected receipt is judged again by the next run",
     lost_write,
     {.writes = 1, .crashes = 1, .restores = 1, .runs = 3, .mutants = {Mutant::no_acknowledgement}}},
    {Mutant::delete_without_base,
     "delete-without-base",
     "without a base, an absent row counts as deleted",
     lost_write,
     {.writes = 0,
      .crashes = 0,
      .restores = 0,
      .runs = 1,
      .start = Start::one_row,
      .mutants = {Mutant::delete_without_base}}},
    {Mutant::no_lease,
     "no-lease",
     "no lease and fence: an old run's transaction is neither waited for nor refused",
     lost_write,
     {.writes = 3, .crashes = 1, .restores = 0, .runs = 3, .mutants = {Mutant::no_lease}}},
    {Mutant::base_read_late,
     "base-read-late",
     "the base is read later than the desktop's row, not in one snapshot",
     lost_write,
     {.writes = 1,
      .crashes = 1,
      .restores = 0,
      .runs = 2,
      .mutants = {Mutant::base_read_late, Mutant::no_lease}}},
}};

}  // namespace

std::span<const MutantRow> mutants() { return table; }

}  // namespace tideway::protocol
