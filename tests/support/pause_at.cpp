#include "support/pause_at.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <thread>

namespace tideway::test {

PauseAt::PauseAt(const std::string& failpoint, int hit) : failpoint_(failpoint), hit_(hit) {}

std::string PauseAt::spec() const {
    return fmt::format("{}=pause:{}@{}", failpoint_, (dir_ / "pause").string(), hit_);
}

bool PauseAt::reached() const { return std::filesystem::exists(dir_ / "pause.reached"); }

void PauseAt::wait_until_reached(Millis deadline) const {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!reached()) {
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error(fmt::format("failpoint {} was not reached", failpoint_));
        std::this_thread::sleep_for(Millis(2));
    }
}

void PauseAt::release() const { write_file(dir_ / "pause.go", ""); }

}  // namespace tideway::test
