// Connections that are kept between the runs of a service: a new one costs a process of the server, and all that
// it has to learn again.
#pragma once
#include <chrono>
#include <deque>
#include <mutex>

#include "db/postgres/connection.hpp"

namespace tideway::pg {

// Of one side of one pair; safe to use from several threads.
class ConnectionShelf {
  public:
    // One that was put back and still works, else a new one. `options` are always the same.
    Connection take(const ConnectOptions& options, WaitHook* hook);
    // Kept for the next, unless it is lost, in a transaction, or one too many.
    void put_back(Connection connection) noexcept;
    void clear();

  private:
    struct Kept {
        Connection connection;
        std::chrono::steady_clock::time_point since;
    };
    std::mutex guard_;
    std::deque<Kept> kept_;
};

}  // namespace tideway::pg
