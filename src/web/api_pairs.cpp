#include <fmt/format.h>

#include <algorithm>

#include "web/answers.hpp"
#include "web/ask.hpp"
#include "web/handlers.hpp"
#include "web/pair_json.hpp"

namespace tideway::web {
namespace {

constexpr std::int64_t usual_runs = 50, most_runs = 500;

daemon::RunRequest run_in(const Json& body) {
    daemon::RunRequest wanted;
    if (const std::string command = text_in(body, "command"); !command.empty()) wanted.command = command;
    if (wanted.command != "sync" && wanted.command != "verify")
        throw Error(Code::request_unfit, "command cannot be that", "sync or verify");
    wanted.sync.mode = mode_named(text_in(body, "mode"));
    wanted.sync.direction = direction_named(text_in(body, "direction"));
    wanted.sync.tables = wanted.verify.tables = texts_in(body, "tables");
    if (const std::string hash = text_in(body, "confirm"); !hash.empty()) wanted.sync.confirm = hash;
    wanted.verify.repair = flag_in(body, "repair");
    return wanted;
}

}  // namespace

Response list_pairs(const Call& call) {
    Json out = {{"version", 1}, {"pairs", Json::array()}};
    for (const daemon::PairState& pair : call.service.pairs()) out["pairs"].push_back(pair_json(pair, call.world.clock.monotonic_micros()));
    return json_answer(out);
}

Response show_pair(const Call& call) {
    return json_answer({{"version", 1}, {"pair", pair_json(pair_of(call), call.world.clock.monotonic_micros())}});
}

Response list_runs(const Call& call) {
    pair_of(call);
    const std::string limit = call.request.asked("limit");
    const std::int64_t most = limit.empty() ? usual_runs : whole_number(limit, "limit");
    Json out = {{"version", 1}, {"runs", Json::array()}};
    const auto runs = call.service.history(
        call.pair(), static_cast<std::size_t>(std::clamp(most, std::int64_t{1}, most_runs)));
    for (const daemon::PastRun& run : runs) out["runs"].push_back(past_run_json(run));
    return json_answer(out);
}

Response show_run(const Call& call) {
    pair_of(call);
    const std::int64_t number = whole_number(call.names[1], "the run's number");
    for (const daemon::PastRun& run : call.service.history(call.pair(), most_runs)) {
        if (run.number != static_cast<std::uint64_t>(number)) continue;
        Json json = past_run_json(run);
        json["report"] = run.report.empty() ? Json(nullptr) : Json::parse(run.report, nullptr, false);
        return json_answer({{"version", 1}, {"run", json}});
    }
    throw Error(Code::not_there, fmt::format("run {} is not known any more", number));
}

Response list_runs_of_table(const Call& call) {
    const std::string limit = call.request.asked("limit");
    const std::int64_t wanted = limit.empty() ? usual_runs : whole_number(limit, "limit");
    const int most = static_cast<int>(std::clamp(wanted, std::int64_t{1}, most_runs));
    return json_answer(
        runs_of_json(ask(call, [&](Engine& engine) { return engine.runs_of(call.names[1], most); })));
}

Response request_run(const Call& call) {
    pair_of(call);
    const Json body = body_of(call.request, {"command", "mode", "direction", "tables", "confirm", "repair"});
    call.service.request_run(call.pair(), run_in(body));
    return json_answer({{"version", 1}, {"status", "requested"}}, 202);
}

}  // namespace tideway::web
