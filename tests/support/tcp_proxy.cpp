#include "support/tcp_proxy.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <thread>

#include "support/proxy_loop.hpp"

namespace tideway::test {

TcpProxy::TcpProxy(std::uint16_t server_port) : loop_(std::make_unique<ProxyLoop>(server_port)) {}
TcpProxy::~TcpProxy() = default;

std::uint16_t TcpProxy::port() const { return loop_->lease.port(); }

std::string TcpProxy::url(const std::string& dbname, const std::string& user) const {
    return fmt::format("postgresql://{}@127.0.0.1:{}/{}", user, port(), dbname);
}

ProxyCounters TcpProxy::counters() const {
    const std::lock_guard lock(loop_->mutex);
    return loop_->counters;
}

std::vector<Traffic> TcpProxy::connections() const {
    const std::lock_guard lock(loop_->mutex);
    return {loop_->traffic.begin(), loop_->traffic.end()};
}

void TcpProxy::reset_counters() {
    loop_->change([this] { loop_->forget_traffic(); });
}
void TcpProxy::refuse_new(bool on) {
    loop_->change([=, this] { loop_->refuse(on); });
}
void TcpProxy::blackhole(bool on) {
    loop_->change([=, this] { loop_->blackhole = on; });
}
void TcpProxy::delay(Direction direction, Millis time) {
    loop_->change([=, this] { loop_->delay[index(direction)] = time; });
}
void TcpProxy::bandwidth(Direction direction, long bytes_per_second) {
    loop_->change([=, this] { loop_->bandwidth[index(direction)] = bytes_per_second; });
}
void TcpProxy::close_after(Direction direction, long long bytes) {
    loop_->change([=, this] { loop_->budget[index(direction)] = bytes; });
}
void TcpProxy::drop_connections() {
    loop_->change([this] { loop_->drop_all(); });
}
void TcpProxy::cut_before_forwarding(const std::string& text, int nth) {
    loop_->change([&] { loop_->add_order(text, Cut::before, nth); });
}
void TcpProxy::cut_after_forwarding(const std::string& text, int nth) {
    loop_->change([&] { loop_->add_order(text, Cut::after, nth); });
}
void TcpProxy::cut_before_ready(const std::string& text, int nth) {
    loop_->change([&] { loop_->add_order(text, Cut::before_ready, nth); });
}
void TcpProxy::cut_in_copy(Direction direction, int nth) {
    loop_->change([&] { loop_->copy_pieces[index(direction)] = nth; });
}
void TcpProxy::count(const std::string& text) {
    loop_->change([&] { loop_->add_order(text, Cut::none, 0); });
}

int TcpProxy::seen(const std::string& text) const {
    const std::lock_guard lock(loop_->mutex);
    for (const Seen& known : loop_->seen)
        if (known.text == text) return known.count;
    throw std::logic_error("nobody asked the proxy to count " + text);
}

void TcpProxy::wait_until_cut(int total, Millis deadline) const {
    const auto over = [this] {
        const std::lock_guard lock(loop_->mutex);
        return loop_->cuts_over;
    };
    for (const auto end = Clock::now() + deadline; over() < total; std::this_thread::sleep_for(Millis(2)))
        if (Clock::now() > end) throw std::runtime_error("the proxy has not cut the connection");
}

void TcpProxy::clear_faults() {
    loop_->change([this] {
        loop_->refuse(false);
        loop_->blackhole = false;
        loop_->delay = {};
        loop_->bandwidth = {};
        loop_->budget = {};
        loop_->copy_pieces = {};
        loop_->orders.clear();
        loop_->cuts_over = 0;
    });
}

}  // namespace tideway::test
