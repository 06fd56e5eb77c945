#include <fmt/format.h>

#include "web/ask.hpp"
#include "web/event_feed.hpp"
#include "web/handlers.hpp"

namespace tideway::web {

Response watch_events(const Call& call) {
    std::string from = call.request.header("last-event-id").value_or(call.request.asked("after"));
    const auto after =
        static_cast<std::uint64_t>(from.empty() ? 0 : whole_number(from, "the event's number"));
    const bool by_session = call.gate.session_of(call.request).has_value();
    // The request is gone while the feed goes on.
    const auto welcome = [&gate = call.gate, cookie = Request{call.request}, by_session] {
        return !by_session || gate.session_of(cookie).has_value();
    };
    Response answer{200, {{"Content-Type", "text/event-stream"}}, ""};
    answer.feed = std::make_unique<EventFeed>(call.service, call.world.clock, after, welcome);
    return answer;
}

}  // namespace tideway::web
