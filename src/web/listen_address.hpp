// Where the console listens: the text of `listen` as a socket.
#pragma once
#include <cstdint>
#include <string>

namespace tideway::web {

// "127.0.0.1:8484", "[::1]:8484", "localhost:8484"; port 0 is any free one.
struct ListenAddress {
    std::string host, port;
};

// Throws Error(console_address) where the text is none.
ListenAddress parse_listen(const std::string& text);
// A socket that listens there. Throws Error(console_address).
int listen_on(const ListenAddress& address);
std::uint16_t port_of(int socket);

}  // namespace tideway::web
