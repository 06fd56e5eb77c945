#include "daemon/metrics.hpp"

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

namespace tideway::daemon {
namespace {

constexpr double micros_per_second = 1e6;
using Labels = std::vector<std::pair<std::string_view, std::string>>;

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? "\\n" : std::string(1, c);
    }
    return out;
}

// One metric with its samples; nothing is printed of one without samples.
class Family {
  public:
    Family(std::string_view name, std::string_view type, std::string_view help)
        : name_(name), head_(fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help)) {}
    void sample(const Labels& labels, double value) {
        std::string text;
        for (const auto& [key, each] : labels)
            text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", key, escaped(each));
        samples_ += fmt::format("{}{{{}}} {}\n", name_, text, value);
    }
    void sample(const Labels& labels, std::int64_t value) { sample(labels, static_cast<double>(value)); }
    std::string text() const { return samples_.empty() ? "" : head_ + samples_; }

  private:
    std::string_view name_;
    std::string head_, samples_;
};

using Pairs = std::vector<PairState>;

void each_table(const Pairs& pairs,
                const std::function<void(const Labels& labels, const TableTotals& totals)>& work) {
    for (const PairState& pair : pairs)
        for (const auto& [table, totals] : pair.totals.tables)
            work({{"pair", pair.name}, {"table", table}}, totals);
}

Labels with(Labels labels, std::string_view key, const char* value) {
    labels.emplace_back(key, value);
    return labels;
}

std::string applied(const Pairs& pairs) {
    Family family("tideway_rows_applied_total", "counter", "Rows written by runs of this process.");
    each_table(pairs, [&](const Labels& labels, const TableTotals& totals) {
        for (const auto& [direction, counts] : {std::pair("forward", &totals.to_cloud),
                                                std::pair("reverse", &totals.to_desktop)})
            for (const auto& [op, count] : {std::pair("insert", counts->inserted),
                                            std::pair("update", counts->updated),
                                            std::pair("delete", counts->deleted)})
                family.sample(with(with(labels, "direction", direction), "op", op), count);
    });
    return family.text();
}

std::string by_table(const Pairs& pairs, Family family, std::int64_t TableTotals::*count) {
    each_table(pairs, [&](const Labels& labels, const TableTotals& totals) { family.sample(labels, totals.*count); });
    return family.text();
}

std::string conflicts(const Pairs& pairs) {
    Family family("tideway_conflicts_total", "counter", "Conflicts that runs of this process have settled.");
    each_table(pairs, [&](const Labels& labels, const TableTotals& totals) {
        for (const auto& [by, count] : totals.conflicts)
            family.sample(with(with(labels, "policy", by.first.c_str()), "winner", by.second.c_str()), count);
    });
    return family.text();
}

std::string protected_rows(const Pairs& pairs) {
    Family family("tideway_protected_rows", "gauge", "Rows of mobile origin in the cloud.");
    each_table(pairs, [&](const Labels& labels, const TableTotals& totals) {
        if (totals.protected_rows) family.sample(labels, *totals.protected_rows);
    });
    return family.text();
}

std::string proven(const Pairs& pairs) {
    Family family("tideway_last_verified_timestamp_seconds", "gauge",
                  "When a verify of this process last found the table equal on both sides.");
    each_table(pairs, [&](const Labels& labels, const TableTotals& totals) {
        if (totals.proven_at)
            family.sample(labels, static_cast<double>(*totals.proven_at) / micros_per_second);
    });
    return family.text();
}

std::string lag(const Pairs& pairs, std::int64_t now) {
    Family family("tideway_lag_seconds", "gauge",
                  "Time since the last run began after which this direction was up to date.");
    for (const PairState& pair : pairs)
        for (const auto& [direction, at] : {std::pair("forward", pair.totals.forward_at),
                                            std::pair("reverse", pair.totals.reverse_at)})
            if (at)
                family.sample({{"pair", pair.name}, {"direction", direction}},
                              static_cast<double>(now - *at) / micros_per_second);
    return family.text();
}

std::string runs(const Pairs& pairs) {
    Family count("tideway_runs_total", "counter", "Runs of this process by how they ended."),
        busy("tideway_busy_seconds_total", "counter", "Time spent in runs."),
        guard("tideway_guard_trips_total", "counter", "Runs in which a guard stopped something."),
        good("tideway_last_good_run_timestamp_seconds", "gauge", "When the last run that ended well was over.");
    for (const PairState& pair : pairs) {
        const Labels labels = {{"pair", pair.name}};
        for (const auto& [status, number] : pair.totals.runs)
            count.sample(with(labels, "status", status.c_str()), number);
        busy.sample(labels, static_cast<double>(pair.totals.busy_ms) / 1e3);
        guard.sample(labels, pair.totals.guard_stops);
        if (pair.last_good)
            good.sample(labels, static_cast<double>(pair.last_good->finished_at) / micros_per_second);
    }
    return count.text() + busy.text() + guard.text() + good.text();
}

std::string phases(const Pairs& pairs) {
    constexpr std::pair<PairPhase, const char*> all[] = {{PairPhase::idle, "idle"},
                                                         {PairPhase::running, "running"},
                                                         {PairPhase::backing_off, "backing_off"},
                                                         {PairPhase::standby, "standby"},
                                                         {PairPhase::failed, "failed"}};
    Family phase("tideway_phase", "gauge", "1 for what the pair is doing now."),
        listens("tideway_listens", "gauge", "1 where the server tells of changes, 0 where it is asked.");
    for (const PairState& pair : pairs) {
        for (const auto& [which, name] : all)
            phase.sample({{"pair", pair.name}, {"phase", name}}, std::int64_t{pair.phase == which});
        listens.sample({{"pair", pair.name}, {"side", "desktop"}}, std::int64_t{pair.listens_desktop});
        listens.sample({{"pair", pair.name}, {"side", "cloud"}}, std::int64_t{pair.listens_cloud});
    }
    return phase.text() + listens.text();
}

}  // namespace

std::string metrics_text(const std::vector<PairState>& pairs, const std::string& version, std::int64_t now) {
    Family build("tideway_build_info", "gauge", "The version of the program.");
    build.sample({{"version", version}}, std::int64_t{1});
    using T = TableTotals;
    return build.text() + applied(pairs) +
           conflicts(pairs) +
           by_table(pairs, {"tideway_open_conflicts", "gauge", "Conflicts that wait for a person."},
                    &T::open_conflicts) +
           by_table(pairs, {"tideway_held_rows", "gauge", "Rows that ownership, deletes or where hold back."},
                    &T::held) +
           by_table(pairs, {"tideway_parked_rows", "gauge", "Rows that the other side refuses for now."},
                    &T::parked) +
           by_table(pairs, {"tideway_pending_rows", "gauge", "Rows that wait for the other direction."},
                    &T::pending) +
           protected_rows(pairs) + proven(pairs) + lag(pairs, now) + runs(pairs) + phases(pairs);
}

}  // namespace tideway::daemon
