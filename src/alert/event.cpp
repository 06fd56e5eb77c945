#include "alert/event.hpp"

#include <algorithm>

namespace tideway::alert {
namespace {

void judge(Observation& seen, AlertKind kind, const std::string& table, std::int64_t count) {
    seen.judged.push_back({kind, table});
    if (count > 0) seen.present.push_back({{kind, table}, count, {}});
}

void judge_waiting_rows(Observation& seen, const TableReport& table) {
    judge(seen, AlertKind::conflict, table.desktop, table.open_conflicts);
    judge(seen, AlertKind::held, table.desktop, table.held);
    judge(seen, AlertKind::parked, table.desktop, table.parked);
    judge(seen, AlertKind::settled, table.desktop, table.conflicts);
}

void judge_guard(Observation& seen, const RunReport& report) {
    for (const TableReport& table : report.tables) {
        seen.judged.push_back({AlertKind::guard_stop, table.desktop});
        judge(seen, AlertKind::loss, table.desktop, table.lost);
    }
    for (const GuardStop& stop : report.guard) {
        if (stop.reason == "lost") continue;  // counted above
        const Place place{AlertKind::guard_stop, stop.table};
        const bool known = std::any_of(seen.present.begin(), seen.present.end(),
                                       [&](const Condition& each) { return each.place == place; });
        // What stops a single row names its key.
        if (!known)
            seen.present.push_back(
                {place, stop.count, {}, stop.of > 0 ? stop.what : "it would change more than its own rows"});
    }
}

// Messages of a server may quote rows; those about connections cannot.
bool may_be_quoted(const Error& error) { return error.id().starts_with("TW2"); }

}  // namespace

Observation observe(const RunReport& report) {
    Observation seen{report.run, report.status, {}, {{AlertKind::run_failed, ""}}};
    judge_guard(seen, report);
    // A run that a guard stopped has not come as far as the rows; an idle one found nothing that waits.
    if (report.status == "guard") return seen;
    for (const TableReport& table : report.tables) {
        judge(seen, AlertKind::not_synced, table.desktop, table.not_synced.empty() ? 0 : 1);
        if (table.not_synced.empty()) judge_waiting_rows(seen, table);
    }
    return seen;
}

Observation observe(const VerifyReport& report) {
    Observation seen = report.repair ? observe(*report.repair) : Observation{};
    for (const TableProof& proof : report.tables)
        if (proof.state != "not compared")
            judge(seen, AlertKind::differs, proof.desktop, proof.differences);
    return seen;
}

Observation observe(const Error& error) {
    if (error.exit() == Exit::locked || error.code() == Code::interrupted) return {};
    const Place place{AlertKind::run_failed, ""};
    return {{},
            "failed",
            {{place, 0, std::string(error.id()), may_be_quoted(error) ? error.what() : ""}},
            {place}};
}

}  // namespace tideway::alert
