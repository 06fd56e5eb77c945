// The thread behind a TcpProxy: accepts, forwards, and carries out the orders.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/free_port.hpp"
#include "support/proxy_connection.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {

enum class Cut { none, before, after, before_ready };

struct Order {
    std::string text;
    Cut cut;
    int left;  // matches until it acts; 0 = used up
};

struct Seen {
    std::string text;
    int count;
};

inline std::size_t index(Direction direction) { return direction == Direction::to_server ? 0 : 1; }

// One thread serves all connections; everything below is guarded by `mutex`, which the thread gives up while
// it waits. `wake` ends that wait.
class ProxyLoop {
  public:
    explicit ProxyLoop(std::uint16_t server_port);
    ~ProxyLoop();
    ProxyLoop(const ProxyLoop&) = delete;
    ProxyLoop& operator=(const ProxyLoop&) = delete;

    // Runs `action` under the mutex and lets the thread look again.
    void change(const std::function<void()>& action);

    // Within change():
    void refuse(bool on);
    void add_order(const std::string& text, Cut cut, int nth);
    void drop_all();
    void forget_traffic();

    PortLease lease;
    mutable std::mutex mutex;
    ProxyCounters counters;
    std::deque<Traffic> traffic;  // a connection each; a deque, so that they stay where they are
    bool blackhole = false;
    std::array<Millis, 2> delay{};
    std::array<long, 2> bandwidth{};
    std::array<std::optional<long long>, 2> budget;
    std::array<int, 2> copy_pieces{};  // CopyData messages until one is cut; 0 = none will be
    std::vector<Order> orders;
    std::vector<Seen> seen;
    int cuts_over = 0;

  private:
    void run();
    void wait(std::unique_lock<std::mutex>& lock);
    void accept_clients();
    void serve(ProxyConnection& connection);
    void from_client(ProxyConnection& connection, const std::string& bytes);
    void from_server(ProxyConnection& connection, const std::string& bytes);
    Cut due_cut(const FrontendPiece& piece);
    bool is_cut_in_copy(ProxyConnection& connection, Direction direction, char type, std::string& bytes);
    Clock::time_point arrival(Direction direction, std::size_t bytes);
    void forward(ProxyConnection& connection, Direction direction, std::string bytes);

    std::uint16_t server_port_;
    int listener_;
    int wake_;
    std::array<Clock::time_point, 2> line_free_{};  // when the line has sent what it was given
    bool stop_ = false;
    std::list<ProxyConnection> connections_;
    std::thread thread_;
};

}  // namespace tideway::test
