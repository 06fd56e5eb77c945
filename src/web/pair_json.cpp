#include "web/pair_json.hpp"

#include "base/iso_time.hpp"
#include "daemon/health.hpp"

namespace tideway::web {
namespace {

Json moment(const std::optional<std::int64_t>& micros) {
    return micros ? Json(iso_time(*micros)) : Json(nullptr);
}
Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json job_json(const daemon::JobState& job) {
    Json out = {{"name", job.name}, {"command", job.command}, {"next_at", moment(job.next_at)}};
    if (job.command != "sync") return out;
    out["mode"] = to_string(job.mode);
    out["direction"] = to_string(job.direction);
    return out;
}

Json live_json(const std::optional<daemon::LiveRun>& live) {
    if (!live) return nullptr;
    return {{"job", live->job},     {"why", live->why},     {"started_at", iso_time(live->started_at)},
            {"phase", live->phase}, {"table", live->table}, {"done", live->done},
            {"total", live->total}};
}

// As in the metrics; null where no run since the start has told.
Json lag_json(const daemon::Totals& totals, std::int64_t steady) {
    const auto since = [&](const std::optional<std::int64_t>& at) {
        return at ? Json(static_cast<double>(steady - *at) / 1e6) : Json(nullptr);
    };
    return {{"forward", since(totals.forward_at)}, {"reverse", since(totals.reverse_at)}};
}

std::int64_t total_of(const Json& counts) {
    std::int64_t total = 0;
    for (const char* kind : {"inserted", "updated", "deleted"}) total += counts.value(kind, std::int64_t{0});
    return total;
}

// Protected rows are counted only where a table has an origin: a sum of none stays null.
void add_protected(Json& sums, const Json& counts) {
    for (const char* when : {"before", "after"}) {
        if (!counts.is_object() || !counts.contains(when) || counts[when].is_null()) continue;
        Json& sum = sums["protected"][when];
        sum = (sum.is_null() ? std::int64_t{0} : sum.get<std::int64_t>()) + counts[when].get<std::int64_t>();
    }
}

void add_run_table(Json& sums, const Json& table) {
    const auto add = [&](const char* name, std::int64_t number) {
        sums[name] = sums.value(name, std::int64_t{0}) + number;
    };
    for (const char* way : {"to_cloud", "to_desktop"})
        if (table.contains(way)) add(way, total_of(table[way]));
    for (const char* name : {"conflicts", "open_conflicts", "held", "parked", "pending", "differences"})
        if (table.contains(name)) add(name, table.value(name, std::int64_t{0}));
    if (table.contains("protected")) add_protected(sums, table["protected"]);
}

Json sums_of(const std::string& report) {
    const Json parsed = Json::parse(report, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("tables") || !parsed["tables"].is_array()) return nullptr;
    Json sums = {{"protected", {{"before", nullptr}, {"after", nullptr}}}};
    for (const Json& table : parsed["tables"]) add_run_table(sums, table);
    sums["plan_hash"] = parsed.value("plan_hash", "");
    return sums;
}

}  // namespace

Json past_run_json(const daemon::PastRun& run) {
    Json out = {{"number", run.number},
                {"command", run.command},
                {"job", run.job},
                {"why", run.why},
                {"tables", run.tables},
                {"started_at", iso_time(run.started_at)},
                {"finished_at", iso_time(run.finished_at)},
                {"duration_ms", (run.finished_at - run.started_at) / 1000},
                {"lag_ms", run.lag_ms ? Json(*run.lag_ms) : Json(nullptr)},
                {"exit_code", run.exit_code},
                {"status", run.status},
                {"error", nullptr},
                {"sums", sums_of(run.report)}};
    if (run.command == "sync") {
        out["mode"] = to_string(run.mode);
        out["direction"] = to_string(run.direction);
    }
    if (!run.error_code.empty())
        out["error"] = {{"code", run.error_code}, {"message", run.error_text}, {"hint", run.error_hint}};
    return out;
}

Json pair_json(const daemon::PairState& pair, std::int64_t steady) {
    const auto run_or_null = [](const std::optional<daemon::PastRun>& run) {
        return run ? past_run_json(*run) : Json(nullptr);
    };
    Json out = {{"name", pair.name},
                {"phase", daemon::phase_name(pair.phase)},
                {"reason", text_or_null(pair.reason)},
                {"until", moment(pair.until)},
                {"lag_seconds", lag_json(pair.totals, steady)},
                {"listens", {{"desktop", pair.listens_desktop}, {"cloud", pair.listens_cloud}}},
                {"jobs", Json::array()},
                {"live", live_json(pair.live)},
                {"last", run_or_null(pair.last)},
                {"last_good", run_or_null(pair.last_good)}};
    for (const daemon::JobState& job : pair.jobs) out["jobs"].push_back(job_json(job));
    return out;
}

}  // namespace tideway::web
