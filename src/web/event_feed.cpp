#include "web/event_feed.hpp"

#include <fmt/format.h>

#include "report/report_json.hpp"

namespace tideway::web {
namespace {

// A connection that is gone shows only when something is sent on it; proxies close silent ones.
constexpr std::int64_t longest_silence = 15'000'000;

}  // namespace

std::string event_text(const daemon::Event& event) {
    Json data = Json::parse(event.data, nullptr, false);
    if (!data.is_object()) data = Json::object();
    data["pair"] = event.pair;
    // dump() ends with the newline that ends the line of data.
    return fmt::format("id: {}\nevent: {}\ndata: {}\n", event.number, event.kind, dump(data));
}

EventFeed::EventFeed(daemon::Service& service, Clock& clock, std::uint64_t after,
                     std::function<bool()> welcome)
    : service_(service),
      clock_(clock),
      after_(after),
      welcome_(std::move(welcome)),
      said_at_(clock.monotonic_micros()) {
    if (after_ != 0) return;
    for (const daemon::Event& event : service_.events_after(0, Millis(0))) after_ = event.number;
}

std::optional<std::string> EventFeed::take() {
    if (!welcome_()) return std::nullopt;
    std::string out;
    if (!begun_) out = "retry: 2000\n\n";
    begun_ = true;
    for (const daemon::Event& event : service_.events_after(after_, Millis(0))) {
        out += event_text(event);
        after_ = event.number;
    }
    const std::int64_t now = clock_.monotonic_micros();
    if (out.empty() && now - said_at_ >= longest_silence) out = ": still here\n\n";
    if (!out.empty()) said_at_ = now;
    return out;
}

}  // namespace tideway::web
