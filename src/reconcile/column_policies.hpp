// What a column that both sides changed becomes: one function a policy, in one table. Pure.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "model/table.hpp"
#include "model/value.hpp"

namespace tideway {

// The four values of a column, in canonical text: as each side had it at the agreement, and as it has it now.
struct ColumnVersions {
    Cell base_desktop, base_cloud, desktop, cloud;
    const Cell& on(Side side) const { return side == Side::desktop ? desktop : cloud; }
    const Cell& base(Side side) const { return side == Side::desktop ? base_desktop : base_cloud; }
    bool changed(Side side) const { return on(side) != base(side); }
};

struct Settled {
    std::optional<Cell> value;      // none: the policy cannot settle these values
    std::string why = {};           // then
    bool whole = false;             // the value holds what both sides wrote: nothing is lost
    std::optional<Side> taken = {};  // it is that side's
};

// Computes the expression of a policy in a database.
struct Evaluated {
    std::optional<Cell> value;  // none: the database refused it
    std::string refusal = {};
};
using Evaluate = std::function<Evaluated(const LinkedColumn& column, const ColumnVersions& versions)>;

// Who wins by time stamps, and who by the table's fallback; none: nobody can say.
struct Winners {
    std::optional<Side> latest, fallback;
};

// Both sides changed the column, and not to the same value unless its policy adds up.
Settled settle(const LinkedColumn& column, const ColumnVersions& versions, const Winners& winners,
               const Evaluate& evaluate);

// Equal changes of both sides count twice: each is an addition.
bool adds_up(ColumnRule rule);

// The change of that side takes the column back in its order, or to a value that is not in it.
bool goes_back(const LinkedColumn& column, const ColumnVersions& versions, Side side);

}  // namespace tideway
