#include "support/proxy_connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tideway::test {
namespace {

constexpr std::size_t kMaxQueued = 4 << 20;

}  // namespace

ProxyConnection::ProxyConnection(int client, int server, Traffic* counted)
    : traffic(counted), client_(client), server_(server) {}

ProxyConnection::~ProxyConnection() {
    close_client();
    close(server_);
}

void ProxyConnection::close_client() {
    if (client_ >= 0) close(client_);
    client_ = -1;
    up_.ended = true;
    down_.queue.clear();
    down_.queued = 0;
}

void ProxyConnection::add_polls(std::vector<pollfd>& polls, Clock::time_point now) const {
    const auto events = [now](const Stream& in, const Stream& out) {
        const bool receive = !in.ended && in.queued < kMaxQueued;
        const bool send = !out.queue.empty() && out.queue.front().due <= now;
        return static_cast<short>((receive ? POLLIN : 0) | (send ? POLLOUT : 0));
    };
    if (client_ >= 0 && events(up_, down_) != 0) polls.push_back({client_, events(up_, down_), 0});
    if (events(down_, up_) != 0) polls.push_back({server_, events(down_, up_), 0});
}

Clock::time_point ProxyConnection::next_due() const {
    Clock::time_point due = Clock::time_point::max();
    for (const Stream* stream : {&up_, &down_})
        if (!stream->queue.empty()) due = std::min(due, stream->queue.front().due);
    return due;
}

std::string ProxyConnection::receive(Direction direction) {
    Stream& from = stream(direction);
    if (from.ended || from.queued >= kMaxQueued) return {};
    std::string buffer(65536, '\0');
    const int fd = direction == Direction::to_server ? client_ : server_;
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) from.ended = true;
    buffer.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return buffer;
}

void ProxyConnection::push(Direction direction, std::string bytes, Clock::time_point due) {
    Stream& into = stream(direction);
    if (bytes.empty() || (direction == Direction::to_client && client_ < 0)) return;
    into.queued += bytes.size();
    into.queue.push_back({std::move(bytes), due});
}

bool ProxyConnection::send_due(Stream& stream, int to, Clock::time_point now) {
    while (!stream.queue.empty() && stream.queue.front().due <= now) {
        std::string& bytes = stream.queue.front().bytes;
        const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        stream.queued -= static_cast<std::size_t>(sent);
        bytes.erase(0, static_cast<std::size_t>(sent));
        if (!bytes.empty()) return true;
        stream.queue.pop_front();
    }
    return true;
}

void ProxyConnection::flush(Clock::time_point now) {
    if (client_ >= 0 && !send_due(down_, client_, now)) close_client();
    if (!send_due(up_, server_, now)) {
        up_.queue.clear();
        up_.queued = 0;
    }
    if (cut_ && down_.queue.empty()) close_client();
    if (up_.ended && up_.queue.empty() && !up_.passed) {
        shutdown(server_, SHUT_WR);
        up_.passed = true;
    }
    finished_ = down_.ended && down_.queue.empty();
}

void ProxyConnection::cut(bool flush_client_first) {
    cut_ = true;
    up_.ended = true;
    if (!flush_client_first) close_client();
}

}  // namespace tideway::test
