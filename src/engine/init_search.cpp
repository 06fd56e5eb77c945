// Which columns tell rows apart that no primary key or unique index speaks for: names first, then statistics,
// then the rows.
#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "engine/init.hpp"

namespace tideway::init {
namespace {

constexpr std::array<const char*, 6> endings{"id", "_no", "code", "key", "seq", "num"};
// More columns would keep both servers busy for too long.
constexpr std::size_t searchable_columns = 8;
// In fewer rows almost any column is unique by accident.
constexpr std::int64_t telling_rows = 100;
// A shorter beginning of a name occurs in too many others.
constexpr std::size_t telling_stem = 3;

using Names = std::vector<std::string>;

struct Part {
    std::string desktop, cloud;
    bool anchor = false;    // named after the table
    bool required = false;  // never NULL in the cloud, or refers to another table there
    int weight = 0;
    std::int64_t distinct = 0;  // at least as many as there are
};

// Both sides together: what is unique must be so on each.
std::optional<Spread> spread_of(const Relation& desktop, const Relation& cloud, const Rows& rows,
                                const std::vector<Part>& parts) {
    Names here, there;
    for (const Part& part : parts) {
        here.push_back(part.desktop);
        there.push_back(part.cloud);
    }
    const auto d = rows.spread(Side::desktop, desktop.name, here);
    const auto c = d ? rows.spread(Side::cloud, cloud.name, there) : std::nullopt;
    if (!c) return std::nullopt;
    return Spread{d->rows + c->rows, d->distinct + c->distinct, d->with_null + c->with_null};
}

class Search {
  public:
    Search(const Relation& desktop, const Relation& cloud, const std::map<std::string, std::string>& possible,
           const Rows& rows)
        : desktop_(desktop), cloud_(cloud), rows_(rows) {
        for (const RelationColumn& column : desktop.columns)
            if (const auto pair = possible.find(column.name);
                pair != possible.end() && identifying(column.type_class) && named_like_id(column.name))
                parts_.push_back(part(column.name, pair->second));
        std::stable_sort(parts_.begin(), parts_.end(),
                         [](const Part& a, const Part& b) { return a.weight > b.weight; });
        if (parts_.size() > searchable_columns) parts_.resize(searchable_columns);
        anchored_ = std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.anchor; });
    }

    FoundKey find() {
        if (std::none_of(parts_.begin(), parts_.end(), [&](const Part& p) { return may_lead(p); })) return {};
        const auto all = spread_of(desktop_, cloud_, rows_, {parts_.front()});
        if (!all || all->rows < telling_rows || !measure(all->rows)) return by_name();
        for (const Part& each : parts_)
            if (may_lead(each)) consider({each}, 1.0);
        for (std::size_t i = 0; i < parts_.size(); ++i)
            for (std::size_t j = i + 1; j < parts_.size(); ++j)
                if (may_lead(parts_[i]) || may_lead(parts_[j])) consider({parts_[i], parts_[j]}, 0.5);
        add_third();
        return best_.empty() ? by_name() : found();
    }

  private:
    static bool identifying(TypeClass type) {
        return type == TypeClass::integer || type == TypeClass::numeric || type == TypeClass::uuid ||
               type == TypeClass::text;
    }

    Part part(const std::string& desktop, const std::string& cloud) const {
        Part p{desktop, cloud};
        const bool refers =
            std::any_of(cloud_.foreign_keys.begin(), cloud_.foreign_keys.end(), [&](const ForeignKey& key) {
                return std::find(key.columns.begin(), key.columns.end(), cloud) != key.columns.end();
            });
        p.anchor = named_after(desktop, desktop_) || named_after(desktop, cloud_);
        p.required = cloud_.column(cloud)->not_null || refers;
        p.weight = (p.anchor ? 8 : 0) + (refers ? 2 : 0) + (cloud_.column(cloud)->not_null ? 2 : 0) +
                   (desktop.ends_with("_id") || desktop == "id" ? 1 : 0);
        return p;
    }

    // Some column of a key must have to do with the table itself.
    bool may_lead(const Part& part) const { return anchored_ ? part.anchor : part.required; }

    // Columns that are the same everywhere tell nothing, and one that is unique without being named after the
    // table is so by accident, like job_id in taskchecklist. False: counting took too long.
    bool measure(std::int64_t total) {
        total_ = total;
        const auto here = rows_.estimates(Side::desktop, desktop_.name),
                   there = rows_.estimates(Side::cloud, cloud_.name);
        std::vector<Part> telling;
        for (Part& each : parts_) {
            const auto d = here.find(each.desktop), c = there.find(each.cloud);
            const std::int64_t estimate =
                (d == here.end() ? 0 : d->second) + (c == there.end() ? 0 : c->second);
            if (estimate > 1 && estimate < total / 4) {
                each.distinct = 2 * estimate;
            } else {
                const auto counted = spread_of(desktop_, cloud_, rows_, {each});
                if (!counted) return false;
                each.distinct = counted->distinct;
                if (each.distinct <= 2 && each.distinct * telling_rows < total) continue;
            }
            if (!may_lead(each) && each.distinct > total - total / 100) continue;
            telling.push_back(each);
        }
        parts_ = std::move(telling);
        return true;
    }

    // Taken if it leaves less than that share of what the best one so far leaves, or as much with better
    // names.
    void consider(const std::vector<Part>& key, double share) {
        std::int64_t most = 1;
        int weight = 0;
        for (const Part& each : key) {
            most = std::min(most * std::max<std::int64_t>(each.distinct, 1), total_);
            weight += each.weight;
        }
        const bool wider = key.size() > best_.size();
        const auto limit = best_.empty() ? total_ + 1
                           : wider       ? static_cast<std::int64_t>(static_cast<double>(repeats_) * share)
                                         : repeats_;
        if (total_ - most > limit || (wider && !best_.empty() && repeats_ == 0)) return;
        const auto spread = spread_of(desktop_, cloud_, rows_, key);
        if (!spread) return;
        const std::int64_t repeats = spread->rows - spread->distinct;
        if (repeats > limit || (!wider && repeats == limit && weight <= weight_)) return;
        best_ = key;
        repeats_ = repeats;
        weight_ = weight;
        nulls_ = spread->with_null;
    }

    void add_third() {
        if (best_.size() != 2 || repeats_ * 20 < total_) return;
        const std::vector<Part> pair = best_;
        for (const Part& each : parts_)
            if (each.desktop != pair[0].desktop && each.desktop != pair[1].desktop)
                consider({pair[0], pair[1], each}, 0.5);
    }

    FoundKey found() const { return {in_order(best_), repeats_ == 0 && nulls_ == 0, repeats_, total_, true}; }

    FoundKey by_name() const {
        std::vector<Part> leading;
        for (const Part& each : parts_)
            if (may_lead(each) && leading.size() < 2) leading.push_back(each);
        return {in_order(leading)};
    }

    Names in_order(const std::vector<Part>& key) const {
        Names names;
        for (const RelationColumn& column : desktop_.columns)
            if (std::any_of(key.begin(), key.end(), [&](const Part& p) { return p.desktop == column.name; }))
                names.push_back(column.name);
        return names;
    }

    const Relation& desktop_;
    const Relation& cloud_;
    const Rows& rows_;
    std::vector<Part> parts_, best_;
    bool anchored_ = false;
    std::int64_t total_ = 0, repeats_ = 0, nulls_ = 0;
    int weight_ = 0;
};

}  // namespace

bool named_like_id(const std::string& column) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](const char* ending) { return column.ends_with(ending); });
}

bool named_after(const std::string& column, const Relation& table) {
    const std::string stem = column.substr(0, column.find('_'));
    return column == "id" ||
           (stem.size() >= telling_stem && table.name.table.find(stem) != std::string::npos);
}

FoundKey search_key(const Relation& desktop, const Relation& cloud,
                    const std::map<std::string, std::string>& possible, const Rows& rows) {
    return Search(desktop, cloud, possible, rows).find();
}

}  // namespace tideway::init
