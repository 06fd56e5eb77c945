// What the engine takes from the outside world besides databases: time, randomness, sleeping, interruption,
// faults. Everything is an interface so that a simulation can own it.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tideway {

using Millis = std::chrono::milliseconds;

class Clock {
  public:
    virtual ~Clock() = default;
    virtual std::int64_t now_micros() = 0;        // UTC, microseconds since 1970
    virtual std::int64_t monotonic_micros() = 0;  // never goes back; only differences mean anything
};

class Random {
  public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;
};

class Sleeper {
  public:
    virtual ~Sleeper() = default;
    // Sleeps at most that long; returns early when the run is asked to stop.
    virtual void sleep(Millis duration) = 0;
};

// Set by SIGINT/SIGTERM, read wherever the program waits.
class StopFlag {
  public:
    void request() { stop_.store(true, std::memory_order_relaxed); }
    bool requested() const { return stop_.load(std::memory_order_relaxed); }

  private:
    std::atomic<bool> stop_{false};
};

// Called while a database connection waits (at least every 250 ms) and between COPY buffers. The engine
// renews its lease and looks at the stop flag here; tick() may throw, which cancels the statement on the
// server.
class WaitHook {
  public:
    virtual ~WaitHook() = default;
    virtual void tick() = 0;
};

struct World {
    Clock& clock;
    Random& random;
    Sleeper& sleeper;
    StopFlag& stop;
};

// The real one: system clocks, getrandom(2), process signals. Lives as long as the program.
World& real_world();
// SIGINT and SIGTERM set real_world().stop; a second signal ends the process at once. Call once, from main().
void install_signal_handlers();

// 32 lower-case hex digits in the form of a UUID (version 4).
std::string random_uuid(Random& random);
// "host:pid:start" of this process. host is NAME/BOOT/PIDSPACE, so that neither a machine of the same name
// nor a container on this one is taken for this host; start tells a reused pid apart (field 22 of
// /proc/PID/stat).
std::string process_identity();
// False only if the identity names this host, since its last boot, and that process no longer runs.
bool process_may_live(std::string_view identity);

// Named failpoints (DESIGN.md words, ARCHITECTURE.md lists them). Without the build option they compile to
// nothing. TIDEWAY_FAILPOINTS="NAME=ACTION[@HIT][;...]" with ACTION kill9 | throw | exit | close | sleep:MS |
// pause:FILE (pause writes FILE.reached and waits until FILE.go exists); HIT is 1 when left out. Every name
// passed is appended to the file named by TIDEWAY_FAILPOINT_TRACE, so that a sweep can prove that it hit them
// all. throw throws Error(interrupted); exit ends the process with code 1 without unwinding; close breaks
// every connection of the process, which goes on.
#ifdef TIDEWAY_FAILPOINTS
void failpoint(std::string_view name);
#else
inline void failpoint(std::string_view) {}
#endif

}  // namespace tideway
