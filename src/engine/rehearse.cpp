// A rehearsal: a run on copies of both sides, which are proven to be copies before anything is written.
#include <fmt/format.h>

#include "engine/run.hpp"
#include "engine/session.hpp"

namespace tideway {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(Code::rehearsal_refused, what); }

// What the configured side says it is; none: it cannot be asked.
std::optional<std::string> real_system_id(Connector& real, Side side, WaitHook& hook) {
    try {
        return real.open(side, hook)->server().system_id;
    } catch (const Error& error) {
        if (error.code() == Code::interrupted) throw;
        return std::nullopt;
    }
}

// Recorded at the first sync, and restored with the copy: it names the server that the copy was made of.
bool proven_by_its_state(const std::optional<PairIdentity>& recorded, const ServerFacts& server) {
    return recorded && recorded->system_id != server.system_id;
}

void require_copy(Session& session, Side side, Connector& real) {
    const auto& recorded = side == Side::desktop ? session.desktop_identity : session.cloud_identity;
    const ServerFacts& server = side == Side::desktop ? session.desktop_server : session.cloud_server;
    const std::string given = session.store(side).describe();
    if (recorded && recorded->system_id == server.system_id)
        refuse(
            fmt::format("{} is the {} database of pair \"{}\" itself, or was made so by an earlier rehearsal",
                        given, name(side), session.config.pair));
    for (const Side each : {Side::desktop, Side::cloud}) {
        const std::optional<std::string> configured = real_system_id(real, each, session.pulse);
        if (configured == server.system_id)
            refuse(fmt::format("{} is the {} database that the configuration names", given, name(each)));
        if (!configured && !proven_by_its_state(recorded, server))
            refuse(fmt::format("the configured {} database cannot be asked whether {} is another one",
                               name(each), given));
    }
}

}  // namespace

// Marks speak of another server's transactions: everything is compared.
RunReport Engine::rehearse(const RunOptions& options, Connector& real) {
    Session session(config_, connector_, world_, progress_, Sides::copies);
    require_copy(session, Side::desktop, real);
    require_copy(session, Side::cloud, real);
    session.link_tables(OlderState::complete);
    session.require_usable_tables();
    session.select(options.tables);
    if (session.installed())
        for (const TableUnderSync* table : session.active()) session.archive().forget_marks(table->link.id);
    RunReport report = Run(session, options, random_uuid(world_.random), serialize).sync();
    report.rehearsal = true;
    return report;
}

}  // namespace tideway
