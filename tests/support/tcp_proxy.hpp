// A TCP proxy on 127.0.0.1 in front of a server, with faults on order. It looks into what PostgreSQL clients
// send (no TLS), so that it can cut a connection around a chosen statement.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace tideway::test {

enum class Direction { to_server, to_client };

struct Traffic {
    long long bytes_to_server = 0;
    long long bytes_to_client = 0;
    // How often a client began to speak, at its start and after the server had spoken. A farewell waits for nothing.
    long round_trips = 0;
};

struct ProxyCounters : Traffic {  // of all connections together
    long connections = 0;
};

class ProxyLoop;

class TcpProxy {
  public:
    explicit TcpProxy(std::uint16_t server_port);
    ~TcpProxy();

    std::uint16_t port() const;
    std::string url(const std::string& dbname, const std::string& user = "postgres") const;
    ProxyCounters counters() const;
    // Connection by connection, in the order in which they were opened: those that were open at the last
    // reset, counted since then, and all later ones.
    std::vector<Traffic> connections() const;
    void reset_counters();

    void refuse_new(bool on);  // connections are refused; open ones live on
    void blackhole(bool on);   // nothing passes, nothing breaks; held bytes follow when off
    void delay(Direction direction, Millis time);                // each chunk arrives that much later
    void bandwidth(Direction direction, long bytes_per_second);  // of all connections together; 0 = no limit
    void close_after(Direction direction, long long bytes);  // counted from now over all connections; once
    void drop_connections();                                 // all that are open now

    // A statement counts when a Query or Parse message holds one that begins with `text` (holds_statement).
    // The n-th from now cuts its connection, once: before = the server never sees it and the connection ends;
    // after = the server gets it (for Parse: all up to the next Sync), the client's connection ends before
    // the answer.
    void cut_before_forwarding(const std::string& text, int nth = 1);
    void cut_after_forwarding(const std::string& text, int nth = 1);
    // The server has carried the statement out and said so (CommandComplete), but its ReadyForQuery is lost
    // with the connection.
    void cut_before_ready(const std::string& text, int nth = 1);
    // In the middle of the n-th CopyData message from now, over all connections; once.
    void cut_in_copy(Direction direction, int nth = 1);
    void count(const std::string& text);      // no cut, for seen()
    int seen(const std::string& text) const;  // since the first order for `text`
    // Waits until `total` connections (since the start or clear_faults()) were ended by a cut, close_after or
    // drop_connections, and the server has closed its end of each: what it did for them is over, committed or
    // not. Throws when the deadline passes.
    void wait_until_cut(int total = 1, Millis deadline = std::chrono::seconds(30)) const;

    void clear_faults();  // orders not yet used up, delays, limits, refusal, blackhole

  private:
    std::unique_ptr<ProxyLoop> loop_;
};

}  // namespace tideway::test
