#include "alert/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "alert/texts.hpp"
#include "base/iso_time.hpp"

namespace tideway::alert {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t bad_news(const Message& message) {
    return std::count_if(message.items.begin(), message.items.end(),
                         [](const Item& item) { return item.state != State::over; });
}

std::string line_of(const Item& item) {
    const bool over = item.state == State::over;
    std::string line = (over ? "over: " : "") + sentence(item.condition, over);
    if (item.state == State::again) line += fmt::format(" So since {}.", iso_time(item.since));
    if (item.state == State::begun && item.late)
        line += fmt::format(" That was at {}, and could not be told then.", iso_time(item.since));
    if (!over) line += fmt::format("\n  {}", text_of(item.condition.place.first).way_out);
    return line + "\n";
}

Json item_json(const Item& item) {
    const auto or_none = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    const bool over = item.state == State::over;
    return {{"event", to_string(item.condition.place.first)},
            {"state", to_string(item.state)},
            {"table", or_none(item.condition.place.second)},
            {"count", item.condition.count > 0 ? Json(item.condition.count) : Json(nullptr)},
            {"code", or_none(item.condition.code)},
            {"since", iso_time(item.since)},
            {"late", item.late},
            {"text", sentence(item.condition, over)},
            {"what_to_do", over ? Json(nullptr) : Json(text_of(item.condition.place.first).way_out)}};
}

}  // namespace

std::string subject(const Message& message) {
    const std::int64_t bad = bad_news(message);
    const std::string what = message.test ? "a test"
                             : bad == 0   ? "all is well again"
                             : bad == 1   ? "something needs you"
                                          : fmt::format("{} things need you", bad);
    return fmt::format("Tideway, pair {}: {}", message.pair, what);
}

std::string text(const Message& message) {
    std::string out = fmt::format("{} ({}, {})\n", subject(message), message.host, message.at);
    if (message.test) out += "This is a test. Alerts of this pair arrive here.\n";
    for (const Item& item : message.items) out += line_of(item);
    if (message.dropped > 0)
        out += fmt::format("{} older events are not in this message: this way of alerting has failed too often. "
                           "tideway status shows what is the case now.\n",
                           message.dropped);
    return out;
}

std::string json(const Message& message) {
    Json out = {{"version", 1},         {"text", text(message)}, {"pair", message.pair},
                {"host", message.host}, {"at", message.at},      {"test", message.test},
                {"run", nullptr},       {"status", nullptr},     {"events", Json::array()},
                {"dropped", message.dropped}};
    if (!message.run.empty()) out["run"] = message.run;
    if (!message.status.empty()) out["status"] = message.status;
    for (const Item& item : message.items) out["events"].push_back(item_json(item));
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tideway::alert
