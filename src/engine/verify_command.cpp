// Engine::verify: the proof, and with --repair a run and the proof of its result.
#include <fmt/format.h>

#include "engine/run.hpp"
#include "engine/verify.hpp"

namespace tideway {
namespace {

// Of everything that differs; a table that one of its rows refers to may have to go first, so all of those take part.
RunReport repair(Session& session, Booking again, const std::function<std::string(const RunReport&)>& serialize) {
    const RunOptions options{Mode::incremental, Direction::both, {}, {}, false};
    Run run(session, options, random_uuid(session.world.random), serialize);
    run.decide_again(std::move(again));
    return run.sync();
}

}  // namespace

VerifyReport Engine::verify(const VerifyOptions& options) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    session.require_usable_tables();
    session.select(options.tables);
    Verification first(session, options);
    VerifyReport report = first.run();
    if (!options.repair || first.unequal_tables().empty()) return report;
    Booking again = first.take_again();
    const auto sent = static_cast<std::int64_t>(again.waiting.size());
    for (TableUnderSync& table : session.tables) table.selected = true;
    RunReport repaired = repair(session, std::move(again), serialize);
    // What is proven is the result.
    session.select(options.tables);
    VerifyOptions anew = options;
    anew.anew = true;
    VerifyReport after = Verification(session, anew).run();
    after.repair = std::move(repaired);
    after.sent_to_repair = sent;
    after.duration_ms += report.duration_ms + after.repair->duration_ms;
    if (after.repair->status == "guard") after.status = "guard";
    return after;
}

}  // namespace tideway
