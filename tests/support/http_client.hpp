// A small HTTP client on a raw socket: sends exactly what it is told, forged headers included.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tideway::test {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
    int status = 0;  // 0: the peer closed without an answer
    std::string head, body;
    // The value of a header, named as the server spells it; empty where there is none.
    std::string header(const std::string& name) const;
};

// A connection to 127.0.0.1 that waits ten seconds for anything.
class HttpConnection {
  public:
    explicit HttpConnection(std::uint16_t port);
    ~HttpConnection();
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    bool say(const std::string& text);  // false when the peer is gone
    // Up to and with `end`, or until the peer closes.
    std::string hear(const std::string& end);
    std::string hear_all();

  private:
    int socket_;
};

struct HttpQuestion {
    std::string method = "GET", path = "/";
    HttpHeaders headers = {};  // Host is 127.0.0.1 with the port unless it is given here
    std::string body = {};
};

HttpAnswer ask_http(std::uint16_t port, const HttpQuestion& question);

}  // namespace tideway::test
