// Time that passes only when the simulation says so, clocks that are wrong by what the simulation says, and
// numbers from a seed.
#pragma once
#include <functional>
#include <random>

#include "base/world.hpp"
#include "model/value.hpp"

namespace tideway::simulate {

class VirtualTime {
  public:
    void begin_anew() { now_ = first_moment; }
    std::int64_t now() const { return now_; }
    void pass(std::int64_t micros);
    // Later than every earlier moment.
    std::int64_t tick() { return ++now_; }
    // Called when time has passed: what was to happen by then happens.
    std::function<void()> when_passed;

  private:
    static constexpr std::int64_t first_moment = 1'772'000'000'000'000;  // in February 2026
    std::int64_t now_ = first_moment;
    bool passing_ = false;
};

// A machine's world.
class VirtualWorld : public Clock, public Random, public Sleeper {
  public:
    VirtualWorld(VirtualTime& time, std::mt19937_64& numbers) : time_(time), numbers_(numbers) {}
    void step_clock(std::int64_t micros) { skew_ += micros; }
    void set_clock_right() { skew_ = 0; }
    World& world() { return world_; }

    std::int64_t now_micros() override { return time_.now() + skew_; }
    std::int64_t monotonic_micros() override { return time_.now(); }
    std::uint64_t next() override { return numbers_(); }
    void sleep(Millis duration) override { time_.pass(1'000 * duration.count()); }

  private:
    VirtualTime& time_;
    std::mt19937_64& numbers_;
    std::int64_t skew_ = 0;
    StopFlag stop_;
    World world_{*this, *this, *this, stop_};
};

}  // namespace tideway::simulate
