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

// A table that a guard stopped has not come as far as its rows; one of which single rows were stopped has.
void judge_table(Observation& seen, const TableReport& table) {
    if (!table.stopped.empty()) return;
    judge(seen, AlertKind::not_synced, table.desktop, table.not_synced.empty() ? 0 : 1);
    if (table.not_synced.empty()) judge_waiting_rows(seen, table);
}

struct StopText {
    std::string_view reason, text;
};
// Of stops that name a key or a server's words, which no alert passes on.
constexpr StopText stop_texts[] = {
    {"side_effects", "a row was not written, because that would have changed other rows"},
    {"protected_row", "a row was not written, because that would have changed a row of mobile origin"},
    {"schema_changed", "it was altered while a run was at work, and nothing of it was written"},
    {"restored", "a side has gone back to an older state, as a restored backup does"},
};

std::string told_of(const GuardStop& stop) {
    const std::string stopped = "a guard stopped it, and nothing of it was written";
    if (stop.of > 0) return stopped + ": " + stop.what;
    for (const StopText& each : stop_texts)
        if (each.reason == stop.reason) return std::string(each.text) + (stop.stopped ? "" : "; the run went on");
    return stopped;
}

// Somebody gave a hash that covers nothing any more: he was told, and nothing was looked at.
bool is_refused_confirmation(const RunReport& report) {
    return std::any_of(report.guard.begin(), report.guard.end(),
                       [](const GuardStop& stop) { return stop.reason == "confirmation"; });
}

// One condition a table, whatever the number of its stops.
void add_stop(Observation& seen, const GuardStop& stop) {
    const Place place{AlertKind::guard_stop, stop.table};
    const auto known = std::find_if(seen.present.begin(), seen.present.end(),
                                    [&](const Condition& each) { return each.place == place; });
    if (known == seen.present.end()) {
        seen.present.push_back({place, stop.count, {}, told_of(stop), {stop.reason}});
        return;
    }
    if (std::find(known->signs.begin(), known->signs.end(), stop.reason) != known->signs.end()) return;
    known->detail += "; " + (stop.of > 0 ? stop.what : told_of(stop));
    known->signs.push_back(stop.reason);
}

// A loss is counted once, by the run that met it: each is an event of its own.
void judge_guard(Observation& seen, const RunReport& report) {
    seen.judged.push_back({AlertKind::guard_stop, ""});
    for (const TableReport& table : report.tables) {
        seen.judged.push_back({AlertKind::guard_stop, table.desktop});
        judge(seen, AlertKind::loss, table.desktop, table.lost);
        if (table.lost > 0) seen.present.back().signs = {report.run};
    }
    for (const GuardStop& stop : report.guard)
        if (stop.reason != "lost") add_stop(seen, stop);
}

// Messages of a server may quote rows; those about connections cannot.
bool may_be_quoted(const Error& error) { return error.id().starts_with("TW2"); }

}  // namespace

Observation observe(const RunReport& report) {
    Observation seen{report.run, report.status, {}, {{AlertKind::run_failed, ""}}};
    if (is_refused_confirmation(report)) return seen;
    judge_guard(seen, report);
    for (const TableReport& table : report.tables) judge_table(seen, table);
    return seen;
}

Observation observe(const VerifyReport& report) {
    Observation seen = report.repair ? observe(*report.repair) : Observation{};
    for (const TableProof& proof : report.tables) {
        // Rows that are on their way say neither that the table differs nor that it is equal again.
        const bool known = proof.differences > 0 || proof.changing == 0;
        if (proof.state != "not compared" && known)
            judge(seen, AlertKind::differs, proof.desktop, proof.differences);
    }
    return seen;
}

Observation observe(const Error& error) {
    if (error.exit() == Exit::locked || error.code() == Code::interrupted) return {};
    const Place place{AlertKind::run_failed, ""};
    return {{},
            "failed",
            {{place, 0, std::string(error.id()), may_be_quoted(error) ? error.what() : "", {std::string(error.id())}}},
            {place}};
}

}  // namespace tideway::alert
