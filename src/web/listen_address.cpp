#include "web/listen_address.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.hpp"

namespace tideway::web {
namespace {

[[noreturn]] void refuse(const ListenAddress& at, const std::string& why) {
    throw Error(Code::console_address,
                fmt::format("the console cannot listen on {} port {}: {}", at.host, at.port, why));
}

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Found resolved(const ListenAddress& address) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &wanted, &found);
    if (code != 0) refuse(address, ::gai_strerror(code));
    return {found, &::freeaddrinfo};
}

int open_socket(const addrinfo& at) {
    const int socket = ::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return -1;
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket, at.ai_addr, at.ai_addrlen) == 0 && ::listen(socket, 128) == 0) return socket;
    const int reason = errno;
    ::close(socket);
    errno = reason;
    return -1;
}

}  // namespace

ListenAddress parse_listen(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    ListenAddress address;
    if (colon != std::string::npos && colon > 0) {
        address.host = text.substr(0, colon);
        address.port = text.substr(colon + 1);
        if (address.host.starts_with('[') && address.host.ends_with(']'))
            address.host = address.host.substr(1, address.host.size() - 2);
    }
    if (address.host.empty() || address.port.empty())
        throw Error(Code::console_address, fmt::format("\"{}\" is no address to listen on", text),
                    "write \"127.0.0.1:8484\" or \"[::1]:8484\"");
    return address;
}

int listen_on(const ListenAddress& address) {
    const Found found = resolved(address);
    for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next)
        if (const int socket = open_socket(*at); socket >= 0) return socket;
    refuse(address, std::strerror(errno));
}

std::uint16_t port_of(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                               : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace tideway::web
