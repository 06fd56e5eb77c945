// How many connections all pairs of a service may have to each server together.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/world.hpp"

namespace tideway::daemon {

class ConnectionLimits {
  public:
    class Permit;  // given back at its end
    // 0: says nothing. The smallest number that was ever given holds.
    void limit(const std::string& server, int most);
    bool limited(const std::string& server) const;

    // For a run: waits until each of the two sides' servers has room for three more, or the program is to stop.
    // Calls `waits` several times a second meanwhile.
    Permit take(const std::string& desktop, const std::string& cloud, const StopFlag& stop,
                const std::function<void()>& waits);
    // For a watch, which lasts: false where it would leave no room for a run.
    bool take_one(const std::string& server);
    void give_one_back(const std::string& server);

  private:
    struct Server {
        int most = 0, used = 0, watches = 0;  // used: by runs
        bool room_for(int more) const { return most == 0 || used + watches + more <= most; }
    };
    using Taken = std::map<std::string, int>;
    Taken wanted(const std::string& desktop, const std::string& cloud);
    bool room_for(const Taken& wanted);
    mutable std::mutex guard_;
    std::condition_variable changed_;
    std::map<std::string, Server> servers_;
};

class ConnectionLimits::Permit {
  public:
    Permit(ConnectionLimits& limits, std::map<std::string, int> taken) : limits_(limits), taken_(std::move(taken)) {}
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit();

  private:
    ConnectionLimits& limits_;
    std::map<std::string, int> taken_;
};

}  // namespace tideway::daemon
