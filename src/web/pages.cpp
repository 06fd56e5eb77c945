#include <fmt/format.h>

#include "web/answers.hpp"
#include "web/assets.hpp"
#include "web/handlers.hpp"

namespace tideway::web {
namespace {

Response sent(const Asset& asset) {
    return {200, {{"Content-Type", std::string(type_of(asset.name))}}, std::string(asset.content)};
}

}  // namespace

const Asset* find_asset(std::string_view name) {
    for (const Asset& each : assets())
        if (each.name == name) return &each;
    return nullptr;
}

std::string_view type_of(std::string_view name) {
    constexpr std::pair<std::string_view, std::string_view> types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    for (const auto& [ending, type] : types)
        if (name.ends_with(ending)) return type;
    return "application/octet-stream";
}

// One page for all addresses: its script reads the address, and asks the API.
Response console_page(const Call&) { return sent(*find_asset("console.html")); }

Response icon(const Call&) { return sent(*find_asset("icon.svg")); }

Response asset(const Call& call) {
    const Asset* found = find_asset(call.names.front());
    if (found == nullptr) throw Error(Code::not_there, fmt::format("there is no {}", call.request.path));
    return sent(*found);
}

}  // namespace tideway::web
