// One side of a pair looked at between runs, on a connection of its own: whether users have written, and which
// service works on the pair. Used by one thread.
#pragma once
#include <string>

#include "base/world.hpp"

namespace tideway {

struct Place {  // of the service that works on a pair
    bool ours = true;
    std::string holder = {};  // who has it, if it is not ours
};

class Watch {
  public:
    virtual ~Watch() = default;
    // Waits at most that long. True: users may have written since it was last true. Throws Error when the
    // connection is lost.
    virtual bool wait(Millis limit) = 0;
    // The server tells of changes by itself; else it is asked again and again.
    virtual bool listens() const = 0;
    // Desktop only: takes or keeps the place for `holder` (process_identity()). To be repeated every five seconds:
    // after twenty another service may have it, at once where its process is known to be dead.
    virtual Place hold_place(const std::string& holder) = 0;
    virtual void leave_place(const std::string& holder) noexcept = 0;
};

}  // namespace tideway
