#include "support/proxy_loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace tideway::test {
namespace {

constexpr std::string_view farewell("X\0\0\0\4", 5);  // Terminate

sockaddr_in local_address(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int listen_on(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = local_address(port);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 64) != 0)
        throw std::system_error(errno, std::generic_category(), "listen");
    return fd;
}

int connect_to(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = local_address(port);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

void no_delay(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void cut(ProxyConnection& connection, bool flush_client_first) {
    if (!connection.is_cut()) connection.cut(flush_client_first);
}

}  // namespace

ProxyLoop::ProxyLoop(std::uint16_t server_port)
    : server_port_(server_port),
      listener_(listen_on(lease.port())),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    thread_ = std::thread([this] { run(); });
}

ProxyLoop::~ProxyLoop() {
    change([this] { stop_ = true; });
    thread_.join();
    if (listener_ >= 0) close(listener_);
    close(wake_);
}

void ProxyLoop::change(const std::function<void()>& action) {
    const std::lock_guard lock(mutex);
    action();
    eventfd_write(wake_, 1);
}

void ProxyLoop::refuse(bool on) {
    if (on == (listener_ < 0)) return;
    if (on) close(listener_);
    listener_ = on ? -1 : listen_on(lease.port());
}

void ProxyLoop::add_order(const std::string& text, Cut order, int nth) {
    if (order != Cut::none) orders.push_back({text, order, nth});
    if (std::none_of(seen.begin(), seen.end(), [&](const Seen& known) { return known.text == text; }))
        seen.push_back({text, 0});
}

void ProxyLoop::drop_all() {
    for (ProxyConnection& connection : connections_) cut(connection, false);
}

void ProxyLoop::forget_traffic() {
    counters = {};
    traffic.clear();
    for (ProxyConnection& connection : connections_) connection.traffic = &traffic.emplace_back();
}

void ProxyLoop::run() {
    std::unique_lock lock(mutex);
    while (!stop_) {
        wait(lock);
        if (blackhole) continue;
        accept_clients();
        for (ProxyConnection& connection : connections_) serve(connection);
        connections_.remove_if([this](const ProxyConnection& connection) {
            if (connection.finished() && connection.is_cut()) ++cuts_over;
            return connection.finished();
        });
    }
}

void ProxyLoop::wait(std::unique_lock<std::mutex>& lock) {
    std::vector<pollfd> polls{{wake_, POLLIN, 0}};
    const Clock::time_point now = Clock::now();
    Clock::time_point due = Clock::time_point::max();
    if (!blackhole) {
        if (listener_ >= 0) polls.push_back({listener_, POLLIN, 0});
        for (const ProxyConnection& connection : connections_) {
            connection.add_polls(polls, now);
            if (connection.next_due() > now) due = std::min(due, connection.next_due());
        }
    }
    int timeout = -1;
    if (due != Clock::time_point::max())
        timeout = static_cast<int>(std::chrono::ceil<Millis>(due - now).count());
    lock.unlock();
    poll(polls.data(), polls.size(), timeout);
    lock.lock();
    eventfd_t ignored = 0;
    eventfd_read(wake_, &ignored);
}

void ProxyLoop::accept_clients() {
    for (int client = 0;
         listener_ >= 0 && (client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
        ++counters.connections;
        const int server = connect_to(server_port_);
        if (server < 0) {
            close(client);
            continue;
        }
        no_delay(client);
        no_delay(server);
        connections_.emplace_back(client, server, &traffic.emplace_back());
    }
}

void ProxyLoop::serve(ProxyConnection& connection) {
    if (!connection.is_cut()) {
        const std::string bytes = connection.receive(Direction::to_server);
        if (!bytes.empty()) from_client(connection, bytes);
    }
    const std::string bytes = connection.receive(Direction::to_client);
    if (!bytes.empty() && !connection.is_cut()) from_server(connection, bytes);
    connection.flush(Clock::now());
}

void ProxyLoop::from_client(ProxyConnection& connection, const std::string& bytes) {
    if (connection.last_spoke == Direction::to_client && bytes != farewell)
        for (Traffic* counted : {static_cast<Traffic*>(&counters), connection.traffic})
            ++counted->round_trips;
    connection.last_spoke = Direction::to_server;
    for (FrontendPiece& piece : connection.parser.feed(bytes)) {
        const Cut order = due_cut(piece);
        if (order == Cut::before) return cut(connection, false);
        if (order == Cut::after) connection.cut_at_sync = true;
        if (order == Cut::before_ready) connection.cut_at_ready = connection.asked + 1;
        const char type = piece.type;
        if (type == 'Q' || type == 'S' || type == 'I') ++connection.asked;
        if (is_cut_in_copy(connection, Direction::to_server, type, piece.bytes)) return;
        forward(connection, Direction::to_server, std::move(piece.bytes));
        if (connection.cut_at_sync && (type == 'Q' || type == 'S')) return cut(connection, false);
        if (connection.is_cut()) return;
    }
}

void ProxyLoop::from_server(ProxyConnection& connection, const std::string& bytes) {
    connection.last_spoke = Direction::to_client;
    const bool look_into_copy = copy_pieces[index(Direction::to_client)] > 0;
    for (BackendPiece& piece : connection.answers.feed(bytes, look_into_copy)) {
        if (piece.type == 'Z' && ++connection.ready == connection.cut_at_ready) return cut(connection, true);
        if (is_cut_in_copy(connection, Direction::to_client, piece.type, piece.bytes)) return;
        forward(connection, Direction::to_client, std::move(piece.bytes));
        if (connection.is_cut()) return;
    }
}

// Half of the message goes on.
bool ProxyLoop::is_cut_in_copy(ProxyConnection& connection, Direction direction, char type,
                               std::string& bytes) {
    int& left = copy_pieces[index(direction)];
    if (type != 'd' || left == 0 || --left > 0) return false;
    bytes.resize(bytes.size() / 2);
    forward(connection, direction, std::move(bytes));
    cut(connection, direction == Direction::to_client);
    return true;
}

Cut ProxyLoop::due_cut(const FrontendPiece& piece) {
    if (piece.sql.empty()) return Cut::none;
    for (Seen& known : seen)
        if (holds_statement(piece.sql, known.text)) ++known.count;
    Cut result = Cut::none;
    for (Order& order : orders)
        if (order.left > 0 && holds_statement(piece.sql, order.text) && --order.left == 0) result = order.cut;
    return result;
}

Clock::time_point ProxyLoop::arrival(Direction direction, std::size_t bytes) {
    Clock::time_point sent = Clock::now();
    if (const long rate = bandwidth[index(direction)]; rate > 0) {
        Clock::time_point& free = line_free_[index(direction)];
        const std::chrono::duration<double> time(static_cast<double>(bytes) / static_cast<double>(rate));
        free = std::max(free, sent) + std::chrono::duration_cast<Clock::duration>(time);
        sent = free;
    }
    return sent + delay[index(direction)];
}

void ProxyLoop::forward(ProxyConnection& connection, Direction direction, std::string bytes) {
    std::optional<long long>& left = budget[index(direction)];
    bool last = false;
    if (left) {
        last = static_cast<long long>(bytes.size()) >= *left;
        if (last) bytes.resize(static_cast<std::size_t>(*left));
        *left -= static_cast<long long>(bytes.size());
        if (last) left.reset();
    }
    for (Traffic* counted : {static_cast<Traffic*>(&counters), connection.traffic})
        (direction == Direction::to_server ? counted->bytes_to_server : counted->bytes_to_client) +=
            static_cast<long long>(bytes.size());
    const Clock::time_point due = arrival(direction, bytes.size());
    connection.push(direction, std::move(bytes), due);
    if (last) cut(connection, direction == Direction::to_client);
}

}  // namespace tideway::test
