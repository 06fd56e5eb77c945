// How long each connection may take its time. Whoever sends a request, or takes an answer, byte by byte is
// cut off; so no number of such peers holds the service up.
#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>

namespace tideway::web {

class ConnectionClock {
  public:
    using Time = std::chrono::steady_clock::time_point;
    struct Limits {
        std::chrono::milliseconds request{10'000};  // for a whole request, since the last answer
        std::chrono::milliseconds answer{60'000};   // for taking an answer that ends
        std::size_t waiting = 192;  // connections without a whole request; the oldest goes first
    };

    explicit ConnectionClock(const Limits& limits) : limits_(limits) {}

    void waits(int socket, Time now);    // for a request: just opened, or answered
    void works(int socket);              // its request is there; or its answer has no end
    void answers(int socket, Time now);  // an answer is on its way
    void closed(int socket);             // before the socket is closed
    // Shuts the sockets that are late; whoever owns them then closes them.
    void cut_late(Time now);
    std::size_t open() const;

  private:
    enum class State { waits, works, answers };
    struct Connection {
        State state = State::waits;
        Time since;
        bool cut = false;
    };
    void cut_oldest_waiting();
    void cut(int socket, Connection& connection);

    Limits limits_;
    mutable std::mutex mutex_;
    std::map<int, Connection> connections_;
};

}  // namespace tideway::web
