// What happened, for browsers that watch: a bounded number of events, and somebody to wait for the next.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/service.hpp"

namespace tideway::daemon {

class EventLog {
  public:
    void add(const std::string& pair, const std::string& kind, std::string data);
    // As Service::events_after().
    std::vector<Event> after(std::uint64_t number, Millis wait) const;
    void close();  // nobody waits any more

  private:
    mutable std::mutex guard_;
    mutable std::condition_variable changed_;
    std::deque<Event> events_;
    std::uint64_t last_ = 0;
    bool closed_ = false;
};

}  // namespace tideway::daemon
