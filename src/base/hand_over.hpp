// A bounded queue between two threads that work on one thing: the faster one waits for the slower one.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace tideway {

template <typename T>
class HandOver {
  public:
    explicit HandOver(std::size_t room) : room_(room) {}

    // Waits for room. False: the taker has left, and the value is dropped.
    bool give(T value) {
        std::unique_lock lock(guard_);
        changed_.wait(lock, [&] { return abandoned_ || values_.size() < room_; });
        if (abandoned_) return false;
        values_.push_back(std::move(value));
        changed_.notify_all();
        return true;
    }

    // Waits for a value; none: the giver has closed, and all values were taken.
    std::optional<T> take() {
        std::unique_lock lock(guard_);
        changed_.wait(lock, [&] { return closed_ || !values_.empty(); });
        if (values_.empty()) return std::nullopt;
        std::optional<T> value = std::move(values_.front());
        values_.pop_front();
        changed_.notify_all();
        return value;
    }

    // By the giver: no value will follow.
    void close() {
        const std::lock_guard lock(guard_);
        closed_ = true;
        changed_.notify_all();
    }

    // By the taker: no value is wanted any more.
    void abandon() {
        const std::lock_guard lock(guard_);
        abandoned_ = true;
        changed_.notify_all();
    }

  private:
    const std::size_t room_;
    std::mutex guard_;
    std::condition_variable changed_;
    std::deque<T> values_;
    bool closed_ = false, abandoned_ = false;
};

// Closes or abandons when it ends, however that comes about.
template <typename T>
struct ClosesAtEnd {
    HandOver<T>& values;
    ~ClosesAtEnd() { values.close(); }
};
template <typename T>
struct AbandonsAtEnd {
    HandOver<T>& values;
    ~AbandonsAtEnd() { values.abandon(); }
};

}  // namespace tideway
