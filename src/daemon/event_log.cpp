#include "daemon/event_log.hpp"

namespace tideway::daemon {
namespace {

constexpr std::size_t kept = 1'000;

}  // namespace

void EventLog::add(const std::string& pair, const std::string& kind, std::string data) {
    const std::lock_guard lock(guard_);
    events_.push_back({++last_, pair, kind, std::move(data)});
    if (events_.size() > kept) events_.pop_front();
    changed_.notify_all();
}

// A number that none has yet is one of an earlier process: its successor's events are all new.
std::vector<Event> EventLog::after(std::uint64_t number, Millis wait) const {
    std::unique_lock lock(guard_);
    if (number > last_) number = 0;
    changed_.wait_for(lock, wait, [&] { return closed_ || last_ > number; });
    std::vector<Event> found;
    for (const Event& event : events_)
        if (event.number > number) found.push_back(event);
    return found;
}

void EventLog::close() {
    const std::lock_guard lock(guard_);
    closed_ = true;
    changed_.notify_all();
}

}  // namespace tideway::daemon
