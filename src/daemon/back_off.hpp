// How long to wait before something that failed is tried again: pure.
#pragma once
#include <algorithm>

#include "base/world.hpp"

namespace tideway::daemon {

class BackOff {
  public:
    BackOff(Millis first, Millis longest) : first_(first), longest_(longest), next_(first) {}
    // Between half of the current span and all of it, so that several services do not come at once; the span
    // doubles each time.
    Millis wait(Random& random) {
        const auto half = static_cast<std::uint64_t>(next_.count() / 2);
        const Millis chosen(half + random.next() % (half + 1));
        next_ = std::min(next_ * 2, longest_);
        return chosen;
    }
    void succeeded() { next_ = first_; }

  private:
    Millis first_, longest_, next_;
};

}  // namespace tideway::daemon
