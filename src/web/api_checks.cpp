#include "web/answers.hpp"
#include "web/ask.hpp"
#include "web/handlers.hpp"

#include <algorithm>

namespace tideway::web {
namespace {

constexpr std::int64_t usual_rows = 300, most_rows = 10'000;

}  // namespace

Response show_status(const Call& call) {
    return json_answer(status_json(ask(call, [](Engine& engine) { return engine.status(); })));
}

Response show_plan(const Call& call) {
    RunOptions options;
    options.mode = mode_named(call.request.asked("mode"));
    options.direction = direction_named(call.request.asked("direction"));
    for (const auto& [name, value] : call.request.query)
        if (name == "table") options.tables.push_back(value);
    const std::string limit = call.request.asked("limit");
    const std::int64_t wanted = limit.empty() ? usual_rows : whole_number(limit, "limit");
    const std::int64_t rows = std::clamp(wanted, std::int64_t{1}, most_rows);
    options.rows = true;
    options.most_rows = static_cast<std::size_t>(rows) + 1;
    RunReport plan = ask(call, [&](Engine& engine) { return engine.plan(options); });
    const bool more = plan.rows.size() == options.most_rows;
    if (more) plan.rows.pop_back();
    Json out = plan_json(plan, true);
    out["more_rows"] = more;
    return json_answer(out);
}

Response show_findings(const Call& call) {
    return json_answer(findings_json(ask(call, [](Engine& engine) { return engine.doctor(); })));
}

Response show_settings(const Call& call) {
    Json out;
    with_engine(call, [&](Engine&, const Config& config) {
        out = config_json(config);
        out["toml"] = show_config(config);
    });
    return json_answer(out);
}

}  // namespace tideway::web
