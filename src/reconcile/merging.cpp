#include "reconcile/merging.hpp"

#include <algorithm>

namespace tideway {
namespace {

std::optional<RowVersions> versions_of(const LinkedTable& table, const KeyWork& work) {
    const BaseEntry& base = work.candidate.base;
    const RowImage &desktop = work.candidate.desktop, &cloud = work.cloud;
    if (!table.policy.merges() || base.state != BaseState::live || !desktop.facts.lives() || !cloud.facts.lives())
        return std::nullopt;
    auto base_desktop = parse_values(table, base.row_desktop), base_cloud = parse_values(table, base.row_cloud),
         now_desktop = parse_values(table, desktop.values), now_cloud = parse_values(table, cloud.values);
    if (!base_desktop || !base_cloud || !now_desktop || !now_cloud) return std::nullopt;
    return RowVersions{std::move(*base_desktop), std::move(*base_cloud), std::move(*now_desktop),
                       std::move(*now_cloud)};
}

// Its cell at the source does not say it in the words of that same side.
bool converted(const LinkedColumn& column) {
    return column.canon == Canon::time_of_day || column.canon == Canon::beginning ||
           (column.canon == Canon::instant && column.types_differ);
}

class Planning {
  public:
    Planning(const LinkedTable& table, const KeyWork& work, PlannedRow& row) : table_(table), work_(work), row_(row) {}

    void plan() {
        for (std::size_t i = 0; i < table_.columns.size(); ++i) place(i);
        for (std::size_t i = 0; i < table_.lookups.size(); ++i)
            if (asks_for_the_clouds(table_.lookups[i])) row_.kept.push_back(table_.columns.size() + i);
        row_.ahead = true;
    }

  private:
    void place(std::size_t i) {
        const LinkedColumn& column = table_.columns[i];
        if (column.key) return;
        if (!column.merges()) return stamps_are_later_in_the_cloud() ? keep(i) : void();
        switch (work_.merged->columns[i].from) {
            case MergedColumn::From::desktop:
                return settle(i);
            case MergedColumn::From::both:
                row_.cells[i] = work_.merged->columns[i].value;
                return settle(i);
            case MergedColumn::From::cloud:
                if (!converted(column)) settle(i);
                return keep(i);
            case MergedColumn::From::either:
                return keep(i);
        }
    }

    void settle(std::size_t i) { row_.settled.push_back(i); }

    void keep(std::size_t i) {
        const bool spelled_otherwise = converted(table_.columns[i]);
        row_.cells[i] = spelled_otherwise ? Cell() : work_.cloud.cells[i];
        if (spelled_otherwise) row_.kept.push_back(i);
    }

    bool stamps_are_later_in_the_cloud() const {
        return work_.cloud.facts.stamp.value_or(0) >= work_.candidate.desktop.facts.stamp.value_or(0);
    }

    bool asks_for_the_clouds(const Lookup& lookup) const {
        return std::any_of(lookup.parameters.begin(), lookup.parameters.end(), [&](std::size_t column) {
            return work_.merged->columns[column].from == MergedColumn::From::cloud;
        });
    }

    const LinkedTable& table_;
    const KeyWork& work_;
    PlannedRow& row_;
};

}  // namespace

void add_merge_facts(const LinkedTable& table, KeyWork& work, const Evaluate& evaluate, KeyFacts& facts) {
    work.merged.reset();
    const std::optional<RowVersions> versions = versions_of(table, work);
    if (!versions) return;
    const bool desktop = relate(facts.base, facts.desktop, Side::desktop) == Change::updated,
               cloud = relate(facts.base, facts.cloud, Side::cloud) == Change::updated;
    if (desktop && cloud) {
        const Winners winners{winner_by(ConflictPolicy::latest, facts, table.policy),
                              winner_by(table.policy.fallback, facts, table.policy)};
        work.merged = merge_rows(table, *versions, winners, evaluate);
        facts.merge = work.merged->facts;
        return;
    }
    for (const auto& [side, edited] : {std::pair(Side::desktop, desktop), std::pair(Side::cloud, cloud)}) {
        const auto column = edited ? column_going_back(table, *versions, side) : std::nullopt;
        if (!column) continue;
        facts.goes_back = side;
        work.merged.emplace().why = table.columns[*column].desktop.name;
    }
}

void explain_merge(KeyWork& work) {
    const std::string_view rule = work.decision.rule->id;
    if (work.merged && !work.merged->why.empty() && (rule == "R32" || rule == "R33"))
        work.decision.reason += " (" + work.merged->why + ")";
}

void plan_merged_row(const LinkedTable& table, const KeyWork& work, PlannedRow& row) {
    Planning(table, work, row).plan();
}

}  // namespace tideway
