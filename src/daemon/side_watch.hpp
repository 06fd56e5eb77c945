// The thread that watches one side of a pair between runs, and keeps the desktop's place for this service.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "daemon/connection_limits.hpp"
#include "daemon/reach.hpp"

namespace tideway::daemon {

enum class Standing { unknown, ours, theirs, nobody_to_ask };  // whose the pair is

// What the thread reports; called from it, must be quick and must not throw.
struct WatchNews {
    std::function<void()> changed;               // users may have written
    std::function<void(bool listens)> connected;  // the side is there (again)
    std::function<void(const std::string& why)> lost;  // empty: there is nothing to be watched
    std::function<void(Standing, const std::string& holder)> standing;  // of the desktop's watch
};

class SideWatch {
  public:
    SideWatch(Side side, std::shared_ptr<Reach> reach, ConnectionLimits& limits, World& world, WatchNews news);
    ~SideWatch();  // ends the thread; a place that it holds is given up

    SideWatch(const SideWatch&) = delete;
    SideWatch& operator=(const SideWatch&) = delete;

  private:
    // Stops whatever waits on the connection when the watch is to end.
    class Ending : public WaitHook {
      public:
        explicit Ending(SideWatch& watch) : watch_(watch) {}
        void tick() override;

      private:
        SideWatch& watch_;
    };
    bool ending() const { return ending_ || world_.stop.requested(); }
    void work();
    void watch_until_lost();
    void hold(Watch& watch);
    void pause(Millis duration);

    Side side_;
    std::shared_ptr<Reach> reach_;
    ConnectionLimits& limits_;
    World& world_;
    WatchNews news_;
    Ending hook_{*this};
    std::atomic<bool> ending_{false};
    std::int64_t held_at_ = 0;
    std::thread thread_;
};

}  // namespace tideway::daemon
