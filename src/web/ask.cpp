#include "web/ask.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace tideway::web {
namespace {

[[noreturn]] void unfit(const std::string& what, const std::string& hint = {}) {
    throw Error(Code::request_unfit, what, hint);
}

const Json& field(const Json& body, const char* name) {
    static const Json nothing;
    const auto found = body.find(name);
    return found == body.end() ? nothing : *found;
}

}  // namespace

// While the service starts it is not known which pairs there are.
daemon::PairState pair_of(const Call& call) {
    if (!call.service.serving())
        throw Error(Code::console_busy, "the service is starting", "ask again in a moment");
    for (daemon::PairState& each : call.service.pairs())
        if (each.name == call.pair()) return std::move(each);
    throw Error(Code::not_there, fmt::format("no pair \"{}\" is served here", call.pair()));
}

void with_engine(const Call& call, const std::function<void(Engine&, const Config&)>& work) {
    pair_of(call);
    if (!call.long_work.try_acquire())
        throw Error(Code::console_busy, "too many questions to the databases at the same time");
    const std::unique_ptr<LongWork, void (*)(LongWork*)> place(&call.long_work,
                                                               [](LongWork* all) { all->release(); });
    call.service.with_engine(call.pair(), work);
}

std::int64_t whole_number(const std::string& text, const std::string& name) {
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        unfit(fmt::format("{} is no whole number", name));
    return number;
}

std::optional<Side> side_named(const std::string& text) {
    if (text == "desktop") return Side::desktop;
    return text == "cloud" ? std::optional(Side::cloud) : std::nullopt;
}

Mode mode_named(const std::string& text) {
    if (text.empty()) return Mode::incremental;
    const auto mode = parse_mode(text);
    if (!mode) unfit("mode cannot be that", "incremental or full");
    return *mode;
}

Direction direction_named(const std::string& text) {
    if (text.empty()) return Direction::both;
    const auto direction = parse_direction(text);
    if (!direction) unfit("direction cannot be that", "both, forward or reverse");
    return *direction;
}

PageRequest page_in(const Request& request) {
    constexpr std::int64_t usual = 100, most = 500;
    const std::string limit = request.asked("limit");
    const std::int64_t wanted = limit.empty() ? usual : whole_number(limit, "limit");
    return {static_cast<std::size_t>(std::clamp(wanted, std::int64_t{1}, most)), request.asked("after")};
}

Json body_of(const Request& request, const std::vector<std::string_view>& known) {
    if (!request.header("content-type").value_or("").starts_with("application/json"))
        unfit("the body is not announced as JSON", "send Content-Type: application/json");
    Json body = Json::parse(request.body, nullptr, false);
    if (!body.is_object()) unfit("the body is no JSON object");
    for (const auto& [name, value] : body.items())
        if (std::find(known.begin(), known.end(), name) == known.end())
            unfit("the body has a field that means nothing here",
                  fmt::format("known are {}", fmt::join(known, ", ")));
    return body;
}

std::string text_in(const Json& body, const char* name) {
    const Json& value = field(body, name);
    if (value.is_null()) return "";
    if (!value.is_string()) unfit(fmt::format("{} is no text", name));
    return value.get<std::string>();
}

std::vector<std::string> texts_in(const Json& body, const char* name) {
    const Json& value = field(body, name);
    if (value.is_null()) return {};
    const bool texts = value.is_array() && std::all_of(value.begin(), value.end(),
                                                       [](const Json& each) { return each.is_string(); });
    if (!texts) unfit(fmt::format("{} is no list of texts", name));
    return value.get<std::vector<std::string>>();
}

bool flag_in(const Json& body, const char* name) {
    const Json& value = field(body, name);
    if (value.is_null()) return false;
    if (!value.is_boolean()) unfit(fmt::format("{} is neither true nor false", name));
    return value.get<bool>();
}

}  // namespace tideway::web
