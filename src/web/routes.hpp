// Every address of the console, as one table: the code and docs/api.md are made from it.
#pragma once
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/service.hpp"
#include "web/access.hpp"
#include "web/gate.hpp"
#include "web/http.hpp"

namespace tideway::web {

// Questions that go to the databases; fewer at the same time than there are threads that answer.
using LongWork = std::counting_semaphore<64>;

// What a handler works with.
struct Call {
    const Request& request;
    std::vector<std::string> names;  // what stands in the {braces} of the route, in order
    daemon::Service& service;
    Gate& gate;
    World& world;
    const std::string& version;  // of the program
    LongWork& long_work;

    const std::string& pair() const { return names.front(); }
};

struct Route {
    std::string_view method, path;  // "/api/v1/pairs/{pair}"
    Access access;
    Response (*handler)(const Call&);  // may throw Error
    std::string_view about;
};

const std::vector<Route>& routes();

struct FoundRoute {
    const Route* route = nullptr;  // null: none of that path, or of that method
    std::vector<std::string> names;
    std::string methods;  // that the path does take, when it does not take the asked one
};
FoundRoute find_route(const std::vector<Route>& table, const std::string& method, const std::string& path);

// The table as Markdown.
std::string routes_page();

}  // namespace tideway::web
