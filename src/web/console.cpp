#include "web/console.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "web/answers.hpp"
#include "web/listen_address.hpp"
#include "web/token_file.hpp"

namespace tideway::web {
namespace {

std::vector<std::string> names_of(const ConsoleSetting& setting) {
    std::vector<std::string> names = {"localhost", "127.0.0.1", "::1", parse_listen(setting.listen).host};
    for (const std::string& each : setting.hosts)
        if (const auto name = host_name(each)) names.push_back(*name);
    return names;
}

}  // namespace

// The token comes first: whoever finds the port open can log in.
Console::Console(daemon::Service& service, const ConsoleSetting& setting, World& world)
    : service_(service),
      world_(world),
      version_(setting.version),
      socket_((token_in(setting.token_file, world.random), listen_on(parse_listen(setting.listen)))),
      port_(port_of(socket_)),
      gate_(token_in(setting.token_file, world.random), names_of(setting), fmt::format("tideway_{}", port_),
            world),
      long_work_(std::max(1U, setting.limits.workers / 2)),
      server_(socket_, setting.limits, [this](const Request& request) { return answer(request); }),
      events_([this] { pass_events_on(); }) {}

Console::~Console() {
    stopping_ = true;
    events_.join();
}

Response Console::answer(const Request& request) {
    Response response;
    try {
        response = routed(request);
    } catch (const Error& error) {
        response = error_answer(error);
    } catch (const std::exception& error) {
        response = error_answer(Defect(error.what()));
    }
    add_security_headers(response);
    return response;
}

Response Console::routed(const Request& request) {
    FoundRoute found = find_route(routes(), request.method, request.path);
    // Where nothing is, strangers learn no more than where something is.
    gate_.check(request, found.route != nullptr ? found.route->access : Access::reader);
    if (found.route != nullptr)
        return found.route->handler(
            {request, std::move(found.names), service_, gate_, world_, version_, long_work_});
    if (found.methods.empty()) throw Error(Code::not_there, "there is nothing under this address");
    Response response = error_answer(Error(Code::not_there, "this address does not take this method"));
    response.status = 405;
    response.headers.emplace_back("Allow", found.methods);
    return response;
}

// Feeds are woken once a second also when nothing happens: they say then that they are still there, or end.
void Console::pass_events_on() {
    std::uint64_t last = 0;
    while (!stopping_) {
        for (const daemon::Event& event : service_.events_after(last, Millis(1000))) last = event.number;
        server_.wake_feeds();
    }
}

}  // namespace tideway::web
