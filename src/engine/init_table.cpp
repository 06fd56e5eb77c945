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
bool letter(const RelationColumn& c) {
    return (c.type_class == TypeClass::text || c.type_class == TypeClass::padded) && c.length == 1;
}

class Proposer {
  public:
    Proposer(const TableMatch& match, const Relation& desktop, const Relation& cloud)
        : desktop_(desktop), cloud_(cloud), columns_(match_columns(desktop, cloud)) {
        setting().desktop = match.desktop.display();
        setting().cloud = match.cloud.display();
        if (match.guessed)
            guess("names", fmt::format("the names differ, but {} of {} columns match", columns_.size(),
                                       std::max(desktop.columns.size(), cloud.columns.size())));
    }

    Proposal propose(const std::string& zone, const Rows& rows) {
        rename_columns();
        skip_unlike_columns();
        find_origin();
        find_stamps();
        find_zone(zone);
        choose_key(proposal_, desktop_, cloud_, columns_, rows);
        return std::move(proposal_);
    }

  private:
    TableSetting& setting() { return proposal_.setting; }
    void guess(const std::string& about, std::string text) { proposal_.guesses[about] = std::move(text); }

    void rename_columns() {
        for (const auto& [d, c] : columns_)
            if (d != c) setting().rename[d] = c;
        if (!setting().rename.empty()) guess("rename", "the spelling differs");
    }

    void skip_unlike_columns() {
        std::vector<std::string> reasons;
        for (const RelationColumn& d : desktop_.columns) {
            const auto pair = columns_.find(d.name);
            if (pair == columns_.end()) continue;
            const RelationColumn& c = *cloud_.column(pair->second);
            if (canon_of(d, c)) continue;
            setting().skip.insert(d.name);
            setting().rename.erase(d.name);
            reasons.push_back(fmt::format("{}: {} | {}", d.name, d.type, c.type));
        }
        if (!reasons.empty())
            guess("skip", fmt::format("types differ (desktop | cloud), {}", fmt::join(reasons, ", ")));
    }

    void find_origin() {
        for (const char* name : origin_names) {
            const RelationColumn* c = cloud_.column(name);
            const RelationColumn* d = desktop_.column(name);
            if (!c || !letter(*c) || (d && !letter(*d))) continue;
            setting().origin = OriginSetting{name};
            setting().policy.ownership = Ownership::strict;
            setting().ownership_given = true;
            guess("origin", "D = office, M = phone");
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
        guess("conflict",
              "no time stamp of the last change was found on both sides, so a row that both changed waits "
              "for a person");
    }

    void find_zone(const std::string& zone) {
        bool needed = false;
        for (const auto& [d, c] : columns_) {
            const RelationColumn& here = *desktop_.column(d);
            const bool stamp = setting().timestamps.updated == d || setting().timestamps.created == d;
            const bool differs = instant(here) && here.type_class != cloud_.column(c)->type_class &&
                                 !setting().skip.contains(d);
            needed |= differs || (stamp && here.type_class == TypeClass::instant);
        }
        if (!needed) return;
        setting().timestamps.desktop_zone = zone.empty() ? "UTC" : zone;
        guess("timestamps", "the desktop server's zone");
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
