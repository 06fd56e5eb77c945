// Defects that the simulation puts into the stores on purpose: what is worth trusting must have been seen to
// fail.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace tideway::simulate {

enum class Sabotage {
    none,
    overwrites_blindly,   // apply does not look whether the row is still what was decided on
    ignores_the_fence,    // a run that was taken over goes on writing
    drops_receipts,       // what the cloud was given is not noted there
    drops_conflicts,      // the losing row is not kept
    drops_the_journal,    // the replaced row is not kept
    books_before_commit,  // agreed on, but never written
    marks_too_late,       // changes between the snapshot and the end of the run count as seen
};

struct SabotageName {
    Sabotage sabotage;
    std::string_view name;
};
const std::vector<SabotageName>& all_sabotage();
std::optional<Sabotage> parse_sabotage(std::string_view name);

}  // namespace tideway::simulate
