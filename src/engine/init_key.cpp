// Which columns identify a row: what the catalogues promise, proven by the rows where a promise is missing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "engine/init.hpp"

namespace tideway::init {
namespace {

// Beyond this, looking for a key among all columns would keep both servers busy for too long.
constexpr std::int64_t searchable_rows = 200'000;
constexpr std::size_t searchable_columns = 8;
// In fewer rows almost any column is unique by accident.
constexpr std::int64_t telling_rows = 100;

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
        if (refused_.empty())
            refused_.push_back("no primary key or unique index has its columns on both sides");
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

    // Columns that the cloud numbers for itself must not be overwritten when they are not the key.
    std::set<std::string> numbered_by_cloud(const Names& key) const {
        std::set<std::string> names;
        for (const auto& [d, c] : columns_) {
            const RelationColumn& there = *cloud_.column(c);
            const bool numbered = there.not_null && (!there.sequence.empty() || there.identity_always);
            if (numbered && !desktop_.column(d)->not_null &&
                std::find(key.begin(), key.end(), d) == key.end())
                names.insert(d);
        }
        return names;
    }

    TableSetting with_key(const Names& key) const {
        TableSetting setting = proposal_.setting;
        setting.key = key;
        setting.skip.merge(numbered_by_cloud(key));
        return setting;
    }

    void adopt(const Candidate& candidate) {
        const auto numbered = numbered_by_cloud(candidate.columns);
        proposal_.setting = with_key(candidate.columns);
        if (!candidate.why.empty()) proposal_.guesses["key"] = candidate.why;
        std::string& why = proposal_.guesses["skip"];
        for (const std::string& column : numbered)
            why += fmt::format("{}{} is numbered by the cloud itself", why.empty() ? "" : "; ", column);
        if (why.empty()) proposal_.guesses.erase("skip");
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
            refused_.push_back(reason);
            return false;
        }
        if (!candidate.why.empty() && !promised(linked.table, Side::desktop))
            candidate.why += rows_.count(Side::desktop, linked.table) > 0
                                 ? "; unique in today's rows at the desktop"
                                 : "; the desktop table is empty, which proves nothing";
        else if (!candidate.why.empty())
            candidate.why += "; unique in today's rows in the cloud";
        adopt(candidate);
        return true;
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

    Names columns_like_ids() const {
        Names names;
        for (const RelationColumn& column : desktop_.columns) {
            const bool number = column.type_class == TypeClass::integer ||
                                column.type_class == TypeClass::numeric ||
                                column.type_class == TypeClass::uuid || column.type_class == TypeClass::text;
            const bool named = std::any_of(std::begin(endings), std::end(endings),
                                           [&](const char* ending) { return column.name.ends_with(ending); });
            if (number && named && columns_.contains(column.name) &&
                !proposal_.setting.skip.contains(column.name) && !numbered_by_cloud({}).contains(column.name))
                names.push_back(column.name);
        }
        if (names.size() > searchable_columns) names.resize(searchable_columns);
        return names;
    }

    // A key found in the rows alone is only offered: nobody has promised it.
    void search() {
        const Names ids = columns_like_ids();
        if (ids.empty() || std::max(desktop_.estimated_rows, cloud_.estimated_rows) > searchable_rows)
            return give_up();
        const LinkedTable any = link(with_key({ids.front()}), desktop_, cloud_).table;
        if (rows_.count(Side::desktop, any) < telling_rows) return give_up();
        Names parts;
        for (const std::string& id : ids) {
            if (!unique_today({id}))
                parts.push_back(id);
            else if (named_after_table(id))
                return offer({id});
        }
        for (std::size_t i = 0; i < parts.size(); ++i)
            for (std::size_t j = i + 1; j < parts.size(); ++j)
                if (unique_today({parts[i], parts[j]})) return offer({parts[i], parts[j]});
        give_up();
    }

    bool unique_today(const Names& key) const {
        const LinkResult linked = link(with_key(key), desktop_, cloud_);
        return linked.problems.empty() && contradiction(linked.table).empty();
    }

    // A single column that is unique by accident is likely to name another table's rows: job_id in
    // taskchecklist.
    bool named_after_table(const std::string& column) const {
        const std::string stem = column.substr(0, column.find_first_of("_"));
        return column == "id" || desktop_.name.table.find(stem) != std::string::npos ||
               cloud_.name.table.find(stem) != std::string::npos;
    }

    void offer(const Names& key) {
        adopt({key, "nothing but today's rows says so"});
        proposal_.obstacles.push_back(fmt::format("today {} {}; if that is a rule, remove the # below",
                                                  fmt::join(key, " and "),
                                                  key.size() == 1 ? "is unique" : "together are unique"));
    }

    // Any table can be synchronised by its whole rows; which columns would tell an edit from a new row is for
    // a person to say.
    void give_up() {
        proposal_.setting.identity = Identity::full_row;
        proposal_.obstacles.push_back(
            "identity = \"full_row\" works without a key (remove the # below), but an edit then travels as a "
            "delete and an "
            "insert; where rows are edited, name the columns that belong to one thing as its key, with "
            "identity = "
            "\"business_key+ordinal\"");
    }

    static constexpr const char* endings[] = {"id", "_no", "code", "key", "seq", "num"};
    Proposal& proposal_;
    const Relation& desktop_;
    const Relation& cloud_;
    const std::map<std::string, std::string>& columns_;
    const Rows& rows_;
    Names refused_;
};

}  // namespace

void choose_key(Proposal& proposal, const Relation& desktop, const Relation& cloud,
                const std::map<std::string, std::string>& columns, const Rows& rows) {
    KeySearch(proposal, desktop, cloud, columns, rows).choose();
}

}  // namespace tideway::init
