// How the service gets at the two sides of a pair; the program brings one that knows the drivers.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "engine/engine.hpp"
#include "store/watch.hpp"

namespace tideway::daemon {

// Safe to use from several threads. The stores that it opens may share connections, one after the other.
class Reach : public Connector {
  public:
    // Null: nothing can be watched there, jobs alone find changes. Throws Error.
    virtual std::unique_ptr<Watch> watch(Side side, WaitHook& hook) = 0;
    // Of which server a side is, as "host:port": what limits on connections are counted by.
    virtual std::string server(Side side) const = 0;
    // Closes what it keeps between runs.
    virtual void rest() = 0;
    // Whether a run has to do with three connections to the cloud's server, since others count on the rest.
    virtual void spare_connections(bool) {}
};

struct Wiring {
    std::function<std::unique_ptr<Reach>(const Config&)> reach;
    std::function<std::string(const RunReport&)> run_json;
    std::function<std::string(const VerifyReport&)> verify_json;
};

}  // namespace tideway::daemon
