// The HTTP server: one thread that never waits for anybody, a few that answer, and limits on everything that
// a peer can make it keep. Wraps libmicrohttpd; nothing else includes that library.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "web/connection_clock.hpp"
#include "web/http.hpp"

namespace tideway::web {

struct ServerLimits {
    unsigned connections = 512, per_address = 256;
    std::size_t header_bytes = 16 * 1024;  // of a request with its line; also what is kept of an answer
    std::size_t body_bytes = 64 * 1024;
    unsigned workers = 8;    // requests that are answered at the same time
    std::size_t queue = 32;  // requests that wait for that; more get 503
    std::size_t feeds = 64;  // answers that go on; more get 503
    ConnectionClock::Limits clock = {};
};

class HttpServer {
  public:
    // Called on several threads. Must not throw.
    using Answer = std::function<Response(const Request&)>;

    // Listens at once, on a socket that it takes over.
    HttpServer(int listening_socket, const ServerLimits& limits, Answer answer);
    ~HttpServer();  // ends every feed, and waits for answers that are being made
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // Every feed is asked for more.
    void wake_feeds();

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace tideway::web
