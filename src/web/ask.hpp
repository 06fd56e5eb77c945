// Small steps that handlers share.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "report/report_json.hpp"
#include "web/routes.hpp"

namespace tideway::web {

// The state of the call's pair. Throws Error(not_there).
daemon::PairState pair_of(const Call& call);

// Work on an engine of the call's pair. Throws Error(not_there), and Error(console_busy) where too much is
// asked at the same time.
void with_engine(const Call& call, const std::function<void(Engine&, const Config&)>& work);

// One question to it.
template <typename Question>
auto ask(const Call& call, const Question& question) {
    std::optional<std::decay_t<decltype(question(std::declval<Engine&>()))>> answer;
    with_engine(call, [&](Engine& engine, const Config&) { answer = question(engine); });
    return std::move(*answer);
}

// A whole number of a path or a query. Throws Error(request_unfit).
std::int64_t whole_number(const std::string& text, const std::string& name);
std::optional<Side> side_named(const std::string& text);
Mode mode_named(const std::string& text);            // empty: incremental
Direction direction_named(const std::string& text);  // empty: both

// Which part of a list: `limit`, and `after` which is `next` of the part before. Throws Error(request_unfit).
PageRequest page_in(const Request& request);

// The JSON object of a request's body, whose fields are all among `known`. Throws Error(request_unfit).
Json body_of(const Request& request, const std::vector<std::string_view>& known);
// Fields of it: what is not there is empty. Throw Error(request_unfit) for another type.
std::string text_in(const Json& body, const char* name);
std::vector<std::string> texts_in(const Json& body, const char* name);
bool flag_in(const Json& body, const char* name);

}  // namespace tideway::web
