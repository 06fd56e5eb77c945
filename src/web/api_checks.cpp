#include "web/answers.hpp"
#include "web/ask.hpp"
#include "web/handlers.hpp"

namespace tideway::web {

Response show_status(const Call& call) {
    return json_answer(status_json(ask(call, [](Engine& engine) { return engine.status(); })));
}

Response show_plan(const Call& call) {
    RunOptions options;
    options.mode = mode_named(call.request.asked("mode"));
    options.direction = direction_named(call.request.asked("direction"));
    for (const auto& [name, value] : call.request.query)
        if (name == "table") options.tables.push_back(value);
    options.rows = true;
    return json_answer(plan_json(ask(call, [&](Engine& engine) { return engine.plan(options); }), true));
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
