// Which columns identify a row: what the catalogues promise, proven by the rows where a promise is missing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "engine/init.hpp"

namespace tideway::init {
namespace {

using Names = std::vector<std::string>;

struct Candidate {
    Names columns;    // desktop names
    std::string why;  // empty: both sides promise it
};

class KeySearch {
  public:
    KeySearch(Proposal& proposal, const Relation& desktop, const Relation& cloud,
              const std::map<std::string, std::string>& columns, const Rows& rows)
        : proposal_(proposal), desktop_(desktop), cloud_(cloud), columns_(columns), rows_(rows) {}

    void choose() {
        for (const Candidate& candidate : declared())
            if (accept(candidate)) return;
        if (const auto problems = problems_without_key(); !problems.empty()) {
            proposal_.obstacles.insert(proposal_.obstacles.end(), problems.begin(), problems.end());
            return;
        }
        proposal_.obstacles = refused_;
        search();
    }

  private:
    const Relation& relation(Side side) const { return side == Side::desktop ? desktop_ : cloud_; }

    // The key under its desktop names; none if the other side lacks a column or it cannot be compared.
    std::optional<Names> under_desktop_names(const UniqueKey& key, Side side) const {
        Names names;
        for (const std::string& column : key.columns) {
            const auto pair = std::find_if(columns_.begin(), columns_.end(), [&](const auto& each) {
                return (side == Side::desktop ? each.first : each.second) == column;
            });
            if (pair == columns_.end() || proposal_.setting.skip.contains(pair->first)) return std::nullopt;
            names.push_back(pair->first);
        }
        return names;
    }

    // Primary keys before unique indexes, keys of both sides before those of one.
    std::vector<Candidate> declared() const {
        std::vector<std::pair<int, Candidate>> ranked;
        for (const Side side : {Side::desktop, Side::cloud})
            for (const UniqueKey& key : relation(side).unique_keys) {
                const auto names = key.usable ? under_desktop_names(key, side) : std::nullopt;
                if (!names) continue;
                const bool both =
                    std::any_of(relation(other(side)).unique_keys.begin(),
                                relation(other(side)).unique_keys.end(), [&](const UniqueKey& there) {
                                    const auto same =
                                        there.usable ? under_desktop_names(there, other(side)) : std::nullopt;
                                    return same && std::set(same->begin(), same->end()) ==
                                                       std::set(names->begin(), names->end());
                                });
                const std::string where = side == Side::desktop ? "at the desktop" : "in the cloud";
                ranked.push_back(
                    {(both ? 0 : 2) + (key.primary ? 0 : 1),
                     {*names, both ? ""
                                   : fmt::format("{} {} only", key.primary ? "primary key" : "unique index",
                                                 where)}});
            }
        std::stable_sort(ranked.begin(), ranked.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<Candidate> candidates;
        for (auto& [rank, candidate] : ranked) candidates.push_back(std::move(candidate));
        return candidates;
    }

    // Columns that the cloud numbers for itself must not be overwritten when they are not the key. Of those
    // that the desktop lacks, a primary key is worth naming.
    std::set<std::string> numbered_by_cloud(const Names& key) const {
        std::set<std::string> names;
        for (const RelationColumn& there : cloud_.columns) {
            if (!there.not_null || (there.sequence.empty() && !there.identity_always)) continue;
            const auto pair = std::find_if(columns_.begin(), columns_.end(),
                                           [&](const auto& each) { return each.second == there.name; });
            const bool alone = pair == columns_.end();
            const std::string& name = alone ? there.name : pair->first;
            if (alone ? is_primary_key(name)
                      : !desktop_.column(name)->not_null &&
                            std::find(key.begin(), key.end(), name) == key.end())
                names.insert(name);
        }
        return names;
    }

    bool is_primary_key(const std::string& cloud_column) const {
        return std::any_of(cloud_.unique_keys.begin(), cloud_.unique_keys.end(), [&](const UniqueKey& key) {
            return key.primary && key.columns == Names{cloud_column};
        });
    }

    TableSetting with_key(const Names& key, Identity identity = Identity::key) const {
        TableSetting setting = proposal_.setting;
        setting.key = key;
        setting.identity = identity;
        setting.skip.merge(numbered_by_cloud(key));
        return setting;
    }

    void adopt(const Names& key, Identity identity) {
        proposal_.setting = with_key(key, identity);
        for (const std::string& column : numbered_by_cloud(key)) explain_numbered(column);
    }

    void explain_numbered(const std::string& column) {
        std::string here = "the desktop has no such column";
        if (desktop_.column(column)) {
            const auto spread = rows_.spread(Side::desktop, desktop_.name, {column});
            if (!spread || spread->with_null < spread->rows)
                return note(proposal_.decisions["skip"],
                            fmt::format("{} is numbered by the cloud itself; let the values that the desktop "
                                        "has in it stay there, or take it out of skip",
                                        column));
            here = "it is empty at the desktop";
        }
        note(proposal_.reasons["skip"],
             fmt::format("{} is numbered by the cloud itself, and {}", column, here));
    }

    static void note(std::string& text, const std::string& more) {
        text += (text.empty() ? "" : "; ") + more;
    }

    static bool promised(const LinkedTable& table, Side side) {
        const auto key = table.key_columns();
        return table.key_index(side) && std::all_of(key.begin(), key.end(), [&](const LinkedColumn* c) {
                   return c->on(side).not_null;
               });
    }

    // What contradicts this key in today's rows; empty: nothing.
    std::string contradiction(const LinkedTable& table) const {
        for (const Side side : {Side::desktop, Side::cloud}) {
            if (promised(table, side)) continue;
            const Names duplicates = rows_.duplicates(side, table);
            if (!duplicates.empty())
                return fmt::format("{} does not identify a row {}: {}", key_names(table, side),
                                   side == Side::desktop ? "at the desktop" : "in the cloud",
                                   fmt::join(duplicates, ", "));
        }
        return {};
    }

    bool accept(Candidate candidate) {
        const LinkResult linked = link(with_key(candidate.columns), desktop_, cloud_);
        if (!linked.problems.empty()) return false;
        if (const std::string reason = contradiction(linked.table); !reason.empty()) {
            if (!left_to_cloud(candidate.columns)) refused_.push_back(reason);
            return false;
        }
        if (!candidate.why.empty() && !promised(linked.table, Side::desktop))
            candidate.why += rows_.count(Side::desktop, linked.table) > 0
                                 ? "; unique in today's rows at the desktop"
                                 : "; the desktop table is empty, which proves nothing";
        else if (!candidate.why.empty())
            candidate.why += "; unique in today's rows in the cloud";
        adopt(candidate.columns, Identity::key);
        if (!candidate.why.empty()) proposal_.reasons["key"] = candidate.why;
        return true;
    }

    // A promise that binds nothing but numbers which the cloud gives by itself.
    bool left_to_cloud(const Names& key) const {
        const auto numbered = numbered_by_cloud({});
        return std::all_of(key.begin(), key.end(),
                           [&](const std::string& column) { return numbered.contains(column); });
    }

    // A column that makes no trouble as a key, for questions that are not about the key.
    std::optional<std::string> harmless_column() const {
        for (const auto& [d, c] : columns_) {
            const auto canon = canon_of(*desktop_.column(d), *cloud_.column(c));
            const bool origin = proposal_.setting.origin && proposal_.setting.origin->column == d;
            if (canon && *canon != Canon::instant && *canon != Canon::json &&
                desktop_.column(d)->base_type != "json" && !origin)
                return d;
        }
        return std::nullopt;
    }

    // What stands in the way whatever the key is.
    Names problems_without_key() const {
        const auto column = harmless_column();
        if (!column) return {"the two tables have no column in common"};
        Names texts;
        for (const Problem& problem : link(with_key({*column}), desktop_, cloud_).problems)
            texts.push_back(fmt::format("{} {}; {}", problem.where, problem.text, problem.remedy));
        return texts;
    }

    // What today's rows and the names say; only a person knows whether it is a rule. Where one side forbids
    // what the other one's rows do, nothing of it can be taken as it stands.
    void search() {
        std::map<std::string, std::string> possible;
        const auto numbered = numbered_by_cloud({});
        for (const auto& [d, c] : columns_)
            if (!proposal_.setting.skip.contains(d) && !numbered.contains(d) && !is_origin(d))
                possible[d] = c;
        const FoundKey found = search_key(desktop_, cloud_, possible, rows_);
        if (found.columns.empty()) return take_whole_rows();
        if (found.unique && fits(found.columns, Identity::business_key)) {
            if (!refused_.empty())
                proposal_.obstacles.push_back("what today's rows speak for instead stands below, behind #");
            return take_unique(found.columns);
        }
        if (!refused_.empty() || !fits(found.columns, Identity::business_key_ordinal))
            return take_whole_rows();
        take_repeated(found);
    }

    bool is_origin(const std::string& column) const {
        return proposal_.setting.origin && proposal_.setting.origin->column == column;
    }

    bool fits(const Names& key, Identity identity) const {
        const LinkResult linked = link(with_key(key, identity), desktop_, cloud_);
        return linked.problems.empty() && contradiction(linked.table).empty();
    }

    void take_unique(const Names& key) {
        adopt(key, Identity::business_key);
        proposal_.decisions["key"] = fmt::format(
            "{} unique in today's rows, and nothing else says so; keep it if that is a rule, else "
            "identity = \"business_key+ordinal\"",
            key.size() == 1 ? key.front() + " is" : fmt::format("{} together are", fmt::join(key, ", ")));
    }

    void take_repeated(const FoundKey& found) {
        adopt(found.columns, Identity::business_key_ordinal);
        const std::string names = fmt::format("{}", fmt::join(found.columns, ", "));
        proposal_.decisions["key"] =
            (found.looked ? fmt::format("rows may share {} ({} of today's {} rows repeat it or have none)",
                                        names, found.repeats, found.rows)
                          : fmt::format("{} by its name alone, there are too few rows to tell", names)) +
            "; keep it, or name other columns that stay the same when a row is edited";
    }

    // Any table can be synchronised by its whole rows; which columns would tell an edit from a new row is for
    // a person to say.
    void take_whole_rows() {
        adopt({}, Identity::full_row);
        if (proposal_.obstacles.empty())
            proposal_.obstacles.push_back("no primary key or unique index has its columns on both sides");
        proposal_.decisions["key"] =
            "identity = \"full_row\" works without a key, but an edit travels as a delete and an insert; "
            "take it "
            "by removing the # here, or name the columns that belong to one thing as its key, with "
            "identity = \"business_key+ordinal\"";
    }

    Proposal& proposal_;
    const Relation& desktop_;
    const Relation& cloud_;
    const std::map<std::string, std::string>& columns_;
    const Rows& rows_;
    Names refused_;  // promises that the rows contradict
};

}  // namespace

void choose_key(Proposal& proposal, const Relation& desktop, const Relation& cloud,
                const std::map<std::string, std::string>& columns, const Rows& rows) {
    KeySearch(proposal, desktop, cloud, columns, rows).choose();
}

}  // namespace tideway::init
