#include "daemon/connection_limits.hpp"

#include <algorithm>

namespace tideway::daemon {
namespace {

constexpr int for_a_run = 3;  // of one side: reading, writing, keeping the lease

}  // namespace

void ConnectionLimits::limit(const std::string& server, int most) {
    const std::lock_guard lock(guard_);
    int& known = servers_[server].most;
    if (most > 0) known = known == 0 ? most : std::min(known, most);
}

bool ConnectionLimits::limited(const std::string& server) const {
    const std::lock_guard lock(guard_);
    const auto found = servers_.find(server);
    return found != servers_.end() && found->second.most > 0;
}

// Where both sides are on one server that has room for less than two threes, its whole room is enough.
ConnectionLimits::Taken ConnectionLimits::wanted(const std::string& desktop, const std::string& cloud) {
    Taken wanted;
    for (const std::string& server : {desktop, cloud}) wanted[server] += for_a_run;
    for (auto& [name, count] : wanted) {
        const Server& server = servers_[name];
        if (server.most > 0) count = std::max(0, std::min(count, server.most - server.watches));
    }
    return wanted;
}

bool ConnectionLimits::room_for(const Taken& wanted) {
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const auto& each) { return servers_[each.first].room_for(each.second); });
}

// What is wanted is asked anew each time: watches and limits come and go meanwhile.
ConnectionLimits::Permit ConnectionLimits::take(const std::string& desktop, const std::string& cloud,
                                                const StopFlag& stop, const std::function<void()>& waits) {
    std::unique_lock lock(guard_);
    while (!room_for(wanted(desktop, cloud)) && !stop.requested()) {
        changed_.wait_for(lock, Millis(200));
        lock.unlock();
        waits();
        lock.lock();
    }
    Taken taken = wanted(desktop, cloud);
    for (const auto& [name, count] : taken) servers_[name].used += count;
    return {*this, std::move(taken)};
}

bool ConnectionLimits::take_one(const std::string& name) {
    const std::lock_guard lock(guard_);
    Server& server = servers_[name];
    if (server.most > 0 && (server.watches + 1 + for_a_run > server.most || !server.room_for(1))) return false;
    ++server.watches;
    return true;
}

void ConnectionLimits::give_one_back(const std::string& server) {
    const std::lock_guard lock(guard_);
    --servers_[server].watches;
    changed_.notify_all();
}

ConnectionLimits::Permit::~Permit() {
    const std::lock_guard lock(limits_.guard_);
    for (const auto& [name, count] : taken_) limits_.servers_[name].used -= count;
    limits_.changed_.notify_all();
}

}  // namespace tideway::daemon
