// The same question to both sides at the same time.
#pragma once
#include <future>
#include <utility>

namespace tideway {

// Runs `desktop` in a thread of its own while `cloud` runs in this one; one after the other where they may not run
// together (files are read by one thread alone). Both have ended when it returns or throws; where both fail, the cloud's
// error is thrown.
template <class Desktop, class Cloud>
auto at_once(bool together, Desktop desktop, Cloud cloud) {
    auto here = std::async(together ? std::launch::async : std::launch::deferred, std::move(desktop));
    if (!together) here.wait();
    auto there = cloud();
    return std::pair(here.get(), std::move(there));
}

}  // namespace tideway
