// The protocol of sd_notify(3), without its library.
#pragma once
#include <optional>
#include <string>

#include "base/world.hpp"

namespace tideway::daemon {

class Systemd {
  public:
    Systemd();  // from NOTIFY_SOCKET and WATCHDOG_USEC; without them it does nothing
    // "READY=1", several lines at once. Never throws; whoever does not listen misses it.
    void tell(const std::string& lines) const;
    // Half of the time within which systemd wants a sign of life.
    std::optional<Millis> watchdog() const { return watchdog_; }

  private:
    std::string socket_;
    std::optional<Millis> watchdog_;
};

}  // namespace tideway::daemon
