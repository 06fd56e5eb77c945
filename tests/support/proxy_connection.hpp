// One proxied connection: two sockets and the bytes on their way between them (tcp_proxy.hpp).
#pragma once
#include <poll.h>

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "support/pg_backend.hpp"
#include "support/pg_frontend.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {

using Clock = std::chrono::steady_clock;

class ProxyConnection {
  public:
    ProxyConnection(int client, int server, Traffic* counted);  // owns both sockets
    ~ProxyConnection();
    ProxyConnection(const ProxyConnection&) = delete;
    ProxyConnection& operator=(const ProxyConnection&) = delete;

    void add_polls(std::vector<pollfd>& polls, Clock::time_point now) const;
    Clock::time_point next_due() const;        // when the first delayed chunk may go on
    std::string receive(Direction direction);  // what has arrived, empty when nothing; never blocks
    void push(Direction direction, std::string bytes, Clock::time_point due);
    void flush(Clock::time_point now);  // sends what is due, passes on ends of streams

    // The client's socket ends, at once or when it has got what was pushed; the server still gets what was
    // pushed, then an end of stream. What it answers is thrown away.
    void cut(bool flush_client_first);
    bool is_cut() const { return cut_; }
    bool finished() const { return finished_; }  // the server has closed its end, and all has been passed on

    FrontendParser parser;
    BackendParser answers;
    bool cut_at_sync = false;
    // What the server owes a ReadyForQuery for, and how often it said it; the one that will not arrive, 0 =
    // none.
    long asked = 0, ready = 0, cut_at_ready = 0;
    Traffic* traffic;  // of this connection alone
    Direction last_spoke = Direction::to_client;

  private:
    struct Chunk {
        std::string bytes;
        Clock::time_point due;
    };
    struct Stream {
        std::deque<Chunk> queue;
        std::size_t queued = 0;
        bool ended = false;   // no more to receive
        bool passed = false;  // the end has been passed on
    };
    Stream& stream(Direction direction) { return direction == Direction::to_server ? up_ : down_; }
    static bool send_due(Stream& stream, int to, Clock::time_point now);  // false: the receiver is gone
    void close_client();

    int client_;
    int server_;
    Stream up_;
    Stream down_;
    bool cut_ = false;
    bool finished_ = false;
};

}  // namespace tideway::test
