// Whether a side went back to an older state, asked without changing anything. The run itself finds out in
// S2.
#pragma once
#include <string>

#include "engine/session.hpp"

namespace tideway {

struct Restored {
    bool desktop = false, cloud = false;
    std::string evidence;  // the numbers that do not fit
    bool any() const { return desktop || cloud; }
    // Names this restore, so that it can be confirmed.
    std::string hash() const;
};

// Nothing is said while another run is at work: its numbers are on the move.
Restored look_for_restores(Session& session);

}  // namespace tideway
