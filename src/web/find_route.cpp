#include <fmt/format.h>

#include "web/routes.hpp"
#include "web/url_text.hpp"

namespace tideway::web {
namespace {

bool is_name(const std::string& pattern) { return pattern.starts_with('{'); }

// The names, where the path fits the pattern.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& path) {
    const auto wanted = path_segments(pattern);
    if (!wanted || wanted->size() != path.size()) return std::nullopt;
    std::vector<std::string> names;
    for (std::size_t at = 0; at < path.size(); ++at) {
        if (is_name((*wanted)[at]))
            names.push_back(path[at]);
        else if ((*wanted)[at] != path[at])
            return std::nullopt;
    }
    return names;
}

std::string_view who(Access access) {
    switch (access) {
        case Access::everyone:
            return "everyone";
        case Access::login:
            return "the login";
        case Access::reader:
            return "logged in";
        case Access::writer:
            return "logged in, with proof";
    }
    return "?";
}

}  // namespace

FoundRoute find_route(const std::vector<Route>& table, const std::string& method, const std::string& path) {
    FoundRoute found;
    const auto segments = path_segments(path);
    if (!segments) return found;
    const std::string_view wanted = method == "HEAD" ? "GET" : std::string_view(method);
    for (const Route& route : table) {
        auto names = match(route.path, *segments);
        if (!names) continue;
        if (route.method == wanted) return {&route, std::move(*names), ""};
        found.methods += (found.methods.empty() ? "" : ", ") + std::string(route.method);
    }
    return found;
}

std::string routes_page() {
    std::string page = "| method | address | for | what it does |\n|---|---|---|---|\n";
    for (const Route& route : routes())
        page += fmt::format("| {} | `{}` | {} | {} |\n", route.method, route.path, who(route.access),
                            route.about);
    return page;
}

}  // namespace tideway::web
