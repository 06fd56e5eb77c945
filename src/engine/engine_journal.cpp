// The commands that read the journal.
#include "engine/engine.hpp"
#include "engine/explain.hpp"
#include "engine/undo.hpp"

namespace tideway {

UndoReport Engine::undo(const UndoOptions& options) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    return Undo(session, options, random_uuid(world_.random)).carry_out();
}

std::vector<KeptRun> Engine::kept_runs() {
    Session session(config_, connector_, world_, progress_);
    return session.installed() ? tideway::kept_runs(session) : std::vector<KeptRun>{};
}

Story Engine::explain(const std::string& table, const std::vector<std::string>& key) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    const LinkedTable& link = table_named(session, table).link;
    session.select({table});
    return explain_row(session, link, key_given(session, link, key));
}

}  // namespace tideway
