// A TCP port on 127.0.0.1 that no other test of this machine is given for as long as the lease lives, so that
// a server may stop and start again on it.
#pragma once
#include <cstdint>

namespace tideway::test {

class PortLease {
  public:
    PortLease();
    ~PortLease();
    PortLease(const PortLease&) = delete;
    PortLease& operator=(const PortLease&) = delete;
    std::uint16_t port() const { return port_; }

  private:
    bool take(std::uint16_t port);

    std::uint16_t port_ = 0;
    int lock_ = -1;
};

}  // namespace tideway::test
