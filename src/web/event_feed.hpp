// The service's events as server-sent events, for one browser.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/world.hpp"
#include "daemon/service.hpp"
#include "web/http.hpp"

namespace tideway::web {

// "id: 7\nevent: progress\ndata: {"pair":"main",...}\n\n"
std::string event_text(const daemon::Event& event);

class EventFeed : public Feed {
  public:
    // `after`: the number of the last event that the browser has; 0: it wants those to come. `welcome` says
    // whether it may go on listening.
    EventFeed(daemon::Service& service, Clock& clock, std::uint64_t after, std::function<bool()> welcome);
    std::optional<std::string> take() override;

  private:
    daemon::Service& service_;
    Clock& clock_;
    std::uint64_t after_;
    std::function<bool()> welcome_;
    std::int64_t said_at_;
    bool begun_ = false;
};

}  // namespace tideway::web
