// One part of a list of conflicts or waiting keys, merged from what several lists of the sides' states give.
#pragma once
#include <algorithm>
#include <climits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/case_number.hpp"
#include "store/state.hpp"

namespace tideway {

template <typename Entry>
class CaseList {
  public:
    // Throws Error(usage) for a place that is none.
    explicit CaseList(const PageRequest& asked) : most_(std::min<std::size_t>(asked.most, INT_MAX - 1)) {
        bounded_ = asked.most < most_or_all;
        if (!asked.after.empty()) after_ = place_in(asked.after);
    }

    // The query of one side that finds all that this part may hold of it.
    CaseQuery part_of(CaseQuery query, Side side) const {
        query.most = static_cast<int>(most_);
        if (bounded_) query.most_bytes = bytes_of_a_part;
        // The side's own numbers below the place's number in the common list.
        if (after_)
            query.before =
                CasePlace{after_->at_micros, (after_->number + (side == Side::desktop ? 1 : 0)) / 2};
        return query;
    }

    // make: a case as an entry of the list.
    template <typename Case, typename Make>
    void add(const CasePage<Case>& page, Side side, const Make& make) {
        for (const Case& each : page.cases)
            cases_.emplace_back(ListPlace{each.at_micros, public_id(each.id, side)}, make(each));
        if (!page.more) return;
        more_ = true;
        // Beyond its last case that list may have some that come before those of others.
        certain_ = std::max(certain_, cases_.back().first);
    }

    // The newest first; returns where the next part begins, empty: there is none.
    std::string take(std::vector<Entry>& entries) {
        std::sort(cases_.begin(), cases_.end(),
                  [](const Placed& a, const Placed& b) { return a.first > b.first; });
        std::erase_if(cases_, [&](const Placed& each) { return each.first < certain_; });
        if (cases_.size() > most_) {
            cases_.erase(cases_.begin() + static_cast<std::ptrdiff_t>(most_), cases_.end());
            more_ = true;
        }
        for (Placed& each : cases_) entries.push_back(std::move(each.second));
        return more_ && !cases_.empty() ? text_of(cases_.back().first) : "";
    }

  private:
    using Placed = std::pair<ListPlace, Entry>;
    static constexpr std::size_t most_or_all = SIZE_MAX;
    static constexpr std::int64_t bytes_of_a_part = 300'000;

    std::size_t most_;
    bool bounded_ = false;
    std::optional<ListPlace> after_;
    std::vector<Placed> cases_;
    ListPlace certain_{INT64_MIN, 0};
    bool more_ = false;
};

}  // namespace tideway
