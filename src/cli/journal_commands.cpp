#include "cli/journal_commands.hpp"

#include "cli/with_engine.hpp"
#include "report/journal_json.hpp"
#include "cli/story_text.hpp"
#include "cli/undo_text.hpp"

namespace tideway::cli {

Exit undo(const Request& request, std::ostream& out, std::ostream& err) {
    UndoOptions options{request.undo_run, {}, request.key, request.since, request.dry_run};
    if (!request.tables.empty()) options.table = request.tables.front();
    const UndoReport report = with_engine(request, err, [&](Engine& engine) { return engine.undo(options); });
    out << (request.json ? dump(undo_json(report)) : undo_text(report));
    return report.left.empty() ? Exit::ok : Exit::attention;
}

Exit list_kept_runs(const Request& request, std::ostream& out, std::ostream& err) {
    const std::vector<KeptRun> runs =
        with_engine(request, err, [](Engine& engine) { return engine.kept_runs(); });
    out << (request.json ? dump(kept_runs_json(runs)) : kept_runs_text(runs));
    return Exit::ok;
}

Exit explain(const Request& request, std::ostream& out, std::ostream& err) {
    const Story story = with_engine(
        request, err, [&](Engine& engine) { return engine.explain(request.tables.front(), request.key); });
    out << (request.json ? dump(story_json(story)) : story_text(story));
    return Exit::ok;
}

}  // namespace tideway::cli
