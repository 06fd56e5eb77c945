#include "report/journal_json.hpp"
#include "web/answers.hpp"
#include "web/ask.hpp"
#include "web/handlers.hpp"

namespace tideway::web {

Response list_kept_runs(const Call& call) {
    return json_answer(kept_runs_json(ask(call, [](Engine& engine) { return engine.kept_runs(); })));
}

Response undo(const Call& call) {
    const Json body = body_of(call.request, {"run", "table", "key", "dry_run"});
    UndoOptions options;
    if (const std::string run = text_in(body, "run"); !run.empty()) options.run = run;
    if (const std::string table = text_in(body, "table"); !table.empty()) options.table = table;
    options.key = texts_in(body, "key");
    options.dry_run = flag_in(body, "dry_run");
    if (!options.run && !(options.table && !options.key.empty()))
        throw Error(Code::request_unfit, "nothing says what is to be undone", "give run, or table and key");
    return json_answer(undo_json(ask(call, [&](Engine& engine) { return engine.undo(options); })));
}

Response explain(const Call& call) {
    std::vector<std::string> key;
    for (const auto& [name, value] : call.request.query)
        if (name == "key") key.push_back(value);
    const std::string table = call.request.asked("table");
    if (table.empty() || key.empty())
        throw Error(Code::request_unfit, "nothing says which row is meant", "give table and key");
    return json_answer(story_json(ask(call, [&](Engine& engine) { return engine.explain(table, key); })));
}

}  // namespace tideway::web
