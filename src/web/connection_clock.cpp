#include "web/connection_clock.hpp"

#include <sys/socket.h>

namespace tideway::web {

void ConnectionClock::waits(int socket, Time now) {
    const std::lock_guard lock(mutex_);
    connections_[socket] = {State::waits, now, false};
    cut_oldest_waiting();
}

void ConnectionClock::works(int socket) {
    const std::lock_guard lock(mutex_);
    connections_[socket].state = State::works;
}

void ConnectionClock::answers(int socket, Time now) {
    const std::lock_guard lock(mutex_);
    connections_[socket].state = State::answers;
    connections_[socket].since = now;
}

void ConnectionClock::closed(int socket) {
    const std::lock_guard lock(mutex_);
    connections_.erase(socket);
}

std::size_t ConnectionClock::open() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
}

void ConnectionClock::cut_late(Time now) {
    const std::lock_guard lock(mutex_);
    for (auto& [socket, connection] : connections_) {
        if (connection.state == State::works) continue;
        const auto limit = connection.state == State::waits ? limits_.request : limits_.answer;
        if (now - connection.since >= limit) cut(socket, connection);
    }
}

void ConnectionClock::cut_oldest_waiting() {
    std::size_t waiting = 0;
    auto oldest = connections_.end();
    for (auto at = connections_.begin(); at != connections_.end(); ++at) {
        if (at->second.state != State::waits || at->second.cut) continue;
        ++waiting;
        if (oldest == connections_.end() || at->second.since < oldest->second.since) oldest = at;
    }
    if (waiting > limits_.waiting) cut(oldest->first, oldest->second);
}

void ConnectionClock::cut(int socket, Connection& connection) {
    if (!connection.cut) ::shutdown(socket, SHUT_RDWR);
    connection.cut = true;
}

}  // namespace tideway::web
