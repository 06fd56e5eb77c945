#include "support/free_port.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <stdexcept>

namespace tideway::test {
namespace {

// Below the range that the kernel takes for outgoing connections.
constexpr std::uint16_t kFirst = 20000;
constexpr std::uint16_t kLast = 32000;

bool can_bind(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return free;
}

}  // namespace

bool PortLease::take(std::uint16_t port) {
    const std::string file = fmt::format("/var/tmp/tideway-test-ports/{}", port);
    lock_ = open(file.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ >= 0 && flock(lock_, LOCK_EX | LOCK_NB) == 0 && can_bind(port)) {
        port_ = port;
        return true;
    }
    if (lock_ >= 0) close(lock_);
    return false;
}

PortLease::PortLease() {
    const std::filesystem::path locks = "/var/tmp/tideway-test-ports";
    if (std::filesystem::create_directories(locks))
        std::filesystem::permissions(locks, std::filesystem::perms::all);
    std::mt19937 random(std::random_device{}());
    std::uniform_int_distribution<std::uint16_t> any(kFirst, kLast);
    for (int attempt = 0; attempt < 1000; ++attempt)
        if (take(any(random))) return;
    throw std::runtime_error("no free TCP port found");
}

PortLease::~PortLease() { close(lock_); }

}  // namespace tideway::test
