// Threads that each do a part of one thing, and have to finish in the order in which they began.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace tideway {

class Turns {
  public:
    // Waits until all turns before this one (0, 1, ...) were passed on. False: somebody gave up, and no turn comes any more.
    // Calls `meanwhile` that often; what it throws passes through.
    bool await(std::int64_t turn, std::chrono::milliseconds every, const std::function<void()>& meanwhile) {
        std::unique_lock lock(guard_);
        while (!changed_.wait_for(lock, every, [&] { return given_up_ || next_ == turn; })) {
            lock.unlock();
            meanwhile();
            lock.lock();
        }
        return !given_up_;
    }

    // By whoever has the turn.
    void pass() {
        const std::lock_guard lock(guard_);
        ++next_;
        changed_.notify_all();
    }

    void give_up() {
        const std::lock_guard lock(guard_);
        given_up_ = true;
        changed_.notify_all();
    }

    bool given_up() const {
        const std::lock_guard lock(guard_);
        return given_up_;
    }

  private:
    mutable std::mutex guard_;
    std::condition_variable changed_;
    std::int64_t next_ = 0;
    bool given_up_ = false;
};

}  // namespace tideway
