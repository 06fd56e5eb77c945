#include "base/world.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"

namespace tideway {
namespace {

class SystemClock : public Clock {
  public:
    std::int64_t now_micros() override {
        const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count();
    }
    // Goes on while the machine sleeps: a span that has passed meanwhile has passed.
    std::int64_t monotonic_micros() override {
        timespec now{};
        ::clock_gettime(CLOCK_BOOTTIME, &now);
        return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
    }
};

class SystemRandom : public Random {
  public:
    std::uint64_t next() override {
        std::uint64_t value = 0;
        // Up to 256 bytes come whole and uninterrupted once the kernel's pool is seeded (getrandom(2)).
        while (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value))
            ensure(errno == EINTR, "the system gives random numbers");
        return value;
    }
};

class SystemSleeper : public Sleeper {
  public:
    explicit SystemSleeper(const StopFlag& stop) : stop_(stop) {}
    // In slices: the flag is set by a signal handler, which may wake nobody, and by other threads.
    void sleep(Millis duration) override {
        const auto end = std::chrono::steady_clock::now() + duration;
        while (!stop_.requested()) {
            const auto left = end - std::chrono::steady_clock::now();
            if (left <= left.zero()) return;
            std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, Millis(50)));
        }
    }

  private:
    const StopFlag& stop_;
};

struct RealWorld {
    SystemClock clock;
    SystemRandom random;
    StopFlag stop;
    SystemSleeper sleeper{stop};
    World world{clock, random, sleeper, stop};
};

// Set before the handlers are installed: a handler must not run the first initialisation of a static.
StopFlag* signalled = nullptr;

void on_signal(int signal) {
    if (signalled->requested()) ::_exit(128 + signal);
    signalled->request();
}

}  // namespace

World& real_world() {
    static RealWorld real;
    return real.world;
}

void install_signal_handlers() {
    signalled = &real_world().stop;
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

std::string random_uuid(Random& random) {
    const std::uint64_t high = (random.next() & ~0xF000ULL) | 0x4000ULL;
    const std::uint64_t low = (random.next() & ~(0xC0ULL << 56)) | (0x80ULL << 56);
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                       high & 0xFFFF, low >> 48, low & 0xFFFFFFFFFFFFULL);
}

}  // namespace tideway
