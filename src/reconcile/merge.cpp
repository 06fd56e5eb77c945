#include "reconcile/merge.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tideway {
namespace {

using From = MergedColumn::From;

class Merging {
  public:
    Merging(const LinkedTable& table, const RowVersions& versions, const Winners& winners, const Evaluate& evaluate)
        : table_(table), versions_(versions), winners_(winners), evaluate_(evaluate) {}

    MergedRow merge() {
        for (std::size_t i = 0; i < table_.columns.size(); ++i)
            merged_.columns.push_back(table_.columns[i].merges() ? column(table_.columns[i], versions_.of(i))
                                                                 : MergedColumn{});
        merged_.facts.result = result();
        return std::move(merged_);
    }

  private:
    MergedColumn column(const LinkedColumn& column, const ColumnVersions& v) {
        const bool desktop = v.changed(Side::desktop), cloud = v.changed(Side::cloud);
        if (desktop && cloud) return both(column, v);
        if (!desktop && !cloud) return {};
        const Side side = desktop ? Side::desktop : Side::cloud;
        if (goes_back(column, v, side)) return give_up(column, "a side took it back, or to a value not in its order");
        return {desktop ? From::desktop : From::cloud, {}};
    }

    MergedColumn both(const LinkedColumn& column, const ColumnVersions& v) {
        if (v.desktop == v.cloud && goes_back(column, v, Side::desktop))
            return give_up(column, "both sides took it back, or to a value not in its order");
        if (v.desktop == v.cloud && !adds_up(column.policy.rule)) return {};
        Settled settled = settle(column, v, winners_, evaluate_);
        if (!settled.value) return give_up(column, settled.why);
        merged_.facts.loses = merged_.facts.loses || !settled.whole;
        if (v.desktop == v.cloud && settled.taken) return {};
        if (settled.taken) return {*settled.taken == Side::desktop ? From::desktop : From::cloud, {}};
        return {From::both, std::move(*settled.value)};
    }

    MergedColumn give_up(const LinkedColumn& column, const std::string& why) {
        if (merged_.why.empty()) merged_.why = column.desktop.name + ": " + why;
        return {};
    }

    MergeFacts::Result result() const {
        if (!merged_.why.empty()) return MergeFacts::Result::unsettled;
        const auto any = [&](From from) {
            return std::any_of(merged_.columns.begin(), merged_.columns.end(),
                               [&](const MergedColumn& each) { return each.from == from; });
        };
        if (any(From::both) || (any(From::desktop) && any(From::cloud))) return MergeFacts::Result::third;
        return any(From::desktop) ? MergeFacts::Result::desktop
               : any(From::cloud) ? MergeFacts::Result::cloud
                                  : MergeFacts::Result::same;
    }

    const LinkedTable& table_;
    const RowVersions& versions_;
    const Winners& winners_;
    const Evaluate& evaluate_;
    MergedRow merged_;
};

}  // namespace

std::optional<Values> parse_values(const LinkedTable& table, const std::string& text) {
    const nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
    if (!object.is_object()) return std::nullopt;
    Values values;
    std::size_t known = 0;
    for (const LinkedColumn& column : table.columns) {
        values.emplace_back();
        if (!column.merges()) continue;
        const auto found = object.find(column.desktop.name);
        if (found == object.end()) return std::nullopt;
        if (found->is_string()) values.back() = found->get<std::string>();
        ++known;
    }
    return known == object.size() ? std::optional(std::move(values)) : std::nullopt;
}

MergedRow merge_rows(const LinkedTable& table, const RowVersions& versions, const Winners& winners,
                     const Evaluate& evaluate) {
    return Merging(table, versions, winners, evaluate).merge();
}

std::optional<std::size_t> column_going_back(const LinkedTable& table, const RowVersions& versions, Side side) {
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].merges() && goes_back(table.columns[i], versions.of(i), side)) return i;
    return std::nullopt;
}

}  // namespace tideway
