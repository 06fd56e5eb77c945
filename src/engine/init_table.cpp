#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "engine/init.hpp"

namespace tideway::init {
namespace {

constexpr std::array<const char*, 2> origin_names{"source", "origin"};
constexpr std::array<const char*, 7> updated_names{"updated_at",  "modified_at",   "changed_at", "updated_on",
                                                   "modified_on", "last_modified", "updated"};
constexpr std::array<const char*, 5> created_names{"created_at", "created_on", "inserted_at", "created",
                                                   "added_at"};

bool instant(const RelationColumn& c) {
    return c.type_class == TypeClass::instant || c.type_class == TypeClass::zoned_instant;
}
bool time_of_day(const RelationColumn& c) { return c.base_type == "time without time zone"; }
bool textual(const RelationColumn& c) {
    return c.type_class == TypeClass::text || c.type_class == TypeClass::padded;
}
bool letter(const RelationColumn& c) {
    return (c.type_class == TypeClass::text || c.type_class == TypeClass::padded) && c.length == 1;
}

class Proposer {
  public:
    Proposer(const TableMatch& match, const Relation& desktop, const Relation& cloud)
        : desktop_(desktop), cloud_(cloud), columns_(match_columns(desktop, cloud)) {
        setting().desktop = match.desktop.display();
        setting().cloud = match.cloud.display();
        if (match.guessed) explain_names();
    }

    Proposal propose(const std::string& zone, const Rows& rows) {
        rename_columns();
        date_times();
        skip_unlike_columns();
        find_origin();
        find_stamps();
        find_zone(zone);
        choose_key(proposal_, desktop_, cloud_, columns_, rows);
        shorten_texts();
        return std::move(proposal_);
    }

  private:
    TableSetting& setting() { return proposal_.setting; }
    void reason(const std::string& about, std::string text) { proposal_.reasons[about] = std::move(text); }
    void decision(const std::string& about, std::string text) {
        proposal_.decisions[about] = std::move(text);
    }

    void explain_names() {
        const std::size_t larger = std::max(desktop_.columns.size(), cloud_.columns.size());
        const std::string text =
            fmt::format("the names differ, but {} of {} columns match", columns_.size(), larger);
        if (columns_.size() == larger)
            reason("names", text);
        else
            decision("names", text + ": keep the pair, or remove this [[table]]");
    }

    // A time of day belongs to a date of the same row; which one is sure where there is only one.
    void date_times() {
        std::vector<std::string> times, dates;
        for (const RelationColumn& d : desktop_.columns) {
            const auto pair = columns_.find(d.name);
            if (pair == columns_.end()) continue;
            const RelationColumn& c = *cloud_.column(pair->second);
            if (d.type_class == TypeClass::date && c.type_class == TypeClass::date) dates.push_back(d.name);
            if ((time_of_day(d) && c.type_class == TypeClass::instant) ||
                (time_of_day(c) && d.type_class == TypeClass::instant))
                times.push_back(d.name);
        }
        if (times.empty() || dates.empty()) return;
        for (const std::string& column : times) setting().columns[column].date = dates.front();
        decision(
            "column.date",
            fmt::format("{} hold a time of day on one side and a time stamp on the other; keep {} as "
                        "their day{}, or leave them out: skip",
                        fmt::join(times, ", "), dates.front(),
                        dates.size() == 1 ? ""
                                          : fmt::format(" (other dates: {})",
                                                        fmt::join(dates.begin() + 1, dates.end(), ", "))));
    }

    // Where one side has room for the beginning only, the longer text stays whole.
    void shorten_texts() {
        std::vector<std::string> shorter;
        for (const RelationColumn& d : desktop_.columns) {
            const auto pair = columns_.find(d.name);
            if (pair == columns_.end() || setting().skip.contains(d.name)) continue;
            const RelationColumn& c = *cloud_.column(pair->second);
            if (textual(d) && textual(c) && d.length != c.length && !identifies(d.name, c.name)) {
                setting().columns[d.name].lossy = true;
                shorter.push_back(fmt::format("{} ({} | {})", d.name, d.type, c.type));
            }
        }
        if (!shorter.empty())
            decision("column.lossy",
                     fmt::format("(desktop | cloud) {}: let the shorter side hold the beginning, or remove "
                                 "lossy and a row whose text is too long waits",
                                 fmt::join(shorter, ", ")));
    }

    // Of such a text no end can be missing.
    bool identifies(const std::string& desktop, const std::string& cloud) const {
        const auto in = [](const Relation& relation, const std::string& column) {
            return std::any_of(
                relation.unique_keys.begin(), relation.unique_keys.end(), [&](const UniqueKey& key) {
                    return std::find(key.columns.begin(), key.columns.end(), column) != key.columns.end();
                });
        };
        const auto& key = proposal_.setting.key;
        return std::find(key.begin(), key.end(), desktop) != key.end() || in(desktop_, desktop) ||
               in(cloud_, cloud) || (proposal_.setting.origin && proposal_.setting.origin->column == desktop);
    }

    void rename_columns() {
        for (const auto& [d, c] : columns_)
            if (d != c) setting().rename[d] = c;
        if (!setting().rename.empty()) reason("rename", "the spelling differs");
    }

    void skip_unlike_columns() {
        std::vector<std::string> reasons;
        for (const RelationColumn& d : desktop_.columns) {
            const auto pair = columns_.find(d.name);
            if (pair == columns_.end()) continue;
            const RelationColumn& c = *cloud_.column(pair->second);
            if (canon_of(d, c) || setting().columns.contains(d.name)) continue;
            setting().skip.insert(d.name);
            setting().rename.erase(d.name);
            reasons.push_back(fmt::format("{}: {} | {}", d.name, d.type, c.type));
        }
        if (!reasons.empty())
            decision("skip",
                     fmt::format("types differ (desktop | cloud), {}: leave them out, or make the types "
                                 "alike",
                                 fmt::join(reasons, ", ")));
    }

    void find_origin() {
        for (const char* name : origin_names) {
            const RelationColumn* c = cloud_.column(name);
            const RelationColumn* d = desktop_.column(name);
            if (!c || !letter(*c) || (d && !letter(*d))) continue;
            setting().origin = OriginSetting{name};
            setting().policy.ownership = Ownership::strict;
            setting().ownership_given = true;
            return;
        }
    }

    template <std::size_t count>
    std::optional<std::string> stamp(const std::array<const char*, count>& names) const {
        for (const char* name : names) {
            const RelationColumn* d = desktop_.column(name);
            const auto pair = columns_.find(name);
            if (d && pair != columns_.end() && instant(*d) && instant(*cloud_.column(pair->second)))
                return name;
        }
        return std::nullopt;
    }

    void find_stamps() {
        setting().timestamps.updated = stamp(updated_names);
        setting().timestamps.created = stamp(created_names);
        if (setting().timestamps.updated) return;
        setting().policy.conflict = ConflictPolicy::manual;
        reason("conflict",
               "no time stamp of the last change was found on both sides, so a row that both changed waits "
               "for a person");
    }

    void find_zone(const std::string& zone) {
        bool needed = false;
        for (const auto& [d, c] : columns_) {
            const RelationColumn& here = *desktop_.column(d);
            const bool stamp = setting().timestamps.updated == d || setting().timestamps.created == d;
            const bool differs = instant(here) && here.type_class != cloud_.column(c)->type_class &&
                                 !setting().skip.contains(d) && !setting().columns.contains(d);
            needed |= differs || (stamp && here.type_class == TypeClass::instant);
        }
        if (!needed) return;
        setting().timestamps.desktop_zone = zone.empty() ? "UTC" : zone;
    }

    const Relation& desktop_;
    const Relation& cloud_;
    const std::map<std::string, std::string> columns_;
    Proposal proposal_;
};

}  // namespace

Proposal propose_table(const TableMatch& match, const Relation& desktop, const Relation& cloud,
                       const std::string& zone, const Rows& rows) {
    return Proposer(match, desktop, cloud).propose(zone, rows);
}

}  // namespace tideway::init
