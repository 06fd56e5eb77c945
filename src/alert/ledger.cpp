#include "alert/ledger.hpp"

#include <algorithm>

#include "alert/texts.hpp"

namespace tideway::alert {
namespace {

const Condition* found_at(const Observation& seen, const Place& place) {
    for (const Condition& condition : seen.present)
        if (condition.place == place) return &condition;
    return nullptr;
}

bool among(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// An event that goes on in ever new forms is not remembered in all of them.
constexpr std::size_t signs_at_most = 100;

Told& entry_of(Ledger& ledger, const Place& place, std::int64_t now) {
    for (Told& entry : ledger.told)
        if (entry.place == place) return entry;
    ledger.told.push_back({place, now, {}});
    return ledger.told.back();
}

// True: one of them is new.
bool add_signs(Told& entry, const std::vector<std::string>& signs) {
    bool added = false;
    for (const std::string& sign : signs) {
        if (among(entry.signs, sign)) continue;
        entry.signs.push_back(sign);
        added = true;
    }
    if (entry.signs.size() > signs_at_most)
        entry.signs.erase(entry.signs.begin(),
                          entry.signs.end() - static_cast<std::ptrdiff_t>(signs_at_most));
    return added;
}

Owed* owed_to(Ledger& ledger, const std::string& channel) {
    for (Owed& owed : ledger.owed)
        if (owed.channel == channel) return &owed;
    return nullptr;
}

void forget_owed(Ledger& ledger, const std::string& channel) {
    std::erase_if(ledger.owed, [&](const Owed& owed) { return owed.channel == channel; });
}

std::vector<Item> late_items(const Ledger& ledger, const std::string& channel, const std::set<AlertKind>& wanted) {
    std::vector<Item> items;
    for (const Owed& owed : ledger.owed)
        if (owed.channel == channel) items = owed.items;
    std::erase_if(items, [&](const Item& item) { return !wanted.contains(item.condition.place.first); });
    for (Item& item : items) item.late = true;
    return items;
}

// The item by which the channel would learn of what is the case there now, if it is still owed.
Item* open_item(std::vector<Item>& items, const Place& place) {
    for (auto item = items.rbegin(); item != items.rend(); ++item)
        if (item->condition.place == place) return item->state == State::over ? nullptr : &*item;
    return nullptr;
}

void mark_as_known(Ledger& ledger, const std::string& channel, const std::vector<Item>& items, std::int64_t now) {
    for (const Item& item : items)
        for (Told& entry : ledger.told) {
            if (entry.place != item.condition.place) continue;
            if (item.state == State::over)
                entry.last.erase(channel);
            else
                entry.last[channel] = now;
        }
}

}  // namespace

std::string_view to_string(State state) {
    switch (state) {
        case State::begun:
            return "begun";
        case State::again:
            return "again";
        case State::over:
            return "over";
    }
    throw Defect("a state has no word");
}

void note(Ledger& ledger, const Observation& seen, const std::vector<std::string>& tables, std::int64_t now) {
    for (const Condition& condition : seen.present) {
        Told& entry = entry_of(ledger, condition.place, now);
        if (entry.over) entry.signs.clear();
        const bool another = add_signs(entry, condition.signs);
        if (entry.over || another) {
            entry.since = now;
            entry.last.clear();
        }
        entry.over = false;
    }
    for (Told& entry : ledger.told) {
        const bool judged =
            std::find(seen.judged.begin(), seen.judged.end(), entry.place) != seen.judged.end();
        if (judged && !found_at(seen, entry.place)) entry.over = text_of(entry.place.first).lasting;
    }
    std::erase_if(ledger.told, [&](const Told& entry) {
        return !entry.place.second.empty() && !among(tables, entry.place.second);
    });
}

std::vector<Item> due(const Ledger& ledger, const std::string& channel, const Observation& seen,
                      const std::set<AlertKind>& wanted, std::int64_t now, std::int64_t repeat) {
    std::vector<Item> items = late_items(ledger, channel, wanted);
    for (const Told& entry : ledger.told) {
        if (!wanted.contains(entry.place.first)) continue;
        const auto last = entry.last.find(channel);
        const bool knows = last != entry.last.end();
        if (entry.over && knows) items.push_back({State::over, {entry.place, 0, {}}, entry.since});
        const Condition* present = found_at(seen, entry.place);
        if (present == nullptr) continue;
        Item* open = open_item(items, entry.place);
        if (knows && open != nullptr && text_of(entry.place.first).lasting)
            open->condition = *present;
        else if (!knows || now - last->second >= repeat)
            items.push_back({knows ? State::again : State::begun, *present, entry.since});
    }
    std::stable_sort(items.begin(), items.end(),
                     [](const Item& a, const Item& b) { return a.condition.place < b.condition.place; });
    return items;
}

void note_sent(Ledger& ledger, const std::string& channel, const std::vector<Item>& items, std::int64_t now) {
    mark_as_known(ledger, channel, items, now);
    forget_owed(ledger, channel);
}

void note_owed(Ledger& ledger, const std::string& channel, std::vector<Item> items, std::int64_t now) {
    mark_as_known(ledger, channel, items, now);
    if (owed_to(ledger, channel) == nullptr) ledger.owed.push_back({channel, {}});
    Owed& owed = *owed_to(ledger, channel);
    if (items.size() > owed_at_most) {
        std::stable_sort(items.begin(), items.end(),
                         [](const Item& a, const Item& b) { return a.since < b.since; });
        const std::size_t beyond = items.size() - owed_at_most;
        items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(beyond));
        owed.dropped += static_cast<std::int64_t>(beyond);
    }
    owed.items = std::move(items);
}

std::int64_t dropped(const Ledger& ledger, const std::string& channel) {
    for (const Owed& owed : ledger.owed)
        if (owed.channel == channel) return owed.dropped;
    return 0;
}

void note_success(Ledger& ledger, const std::string& channel) {
    std::erase_if(ledger.failing, [&](const Failure& failure) { return failure.channel == channel; });
}

void note_failure(Ledger& ledger, const std::string& channel, const Error& error, std::int64_t now) {
    std::int64_t since = now;
    for (const Failure& failure : ledger.failing)
        if (failure.channel == channel) since = failure.since;
    note_success(ledger, channel);
    const std::string hint = error.hint().empty() ? std::string(info(error.code()).way_out) : error.hint();
    ledger.failing.push_back({channel, std::string(error.id()), error.what(), hint, since});
}

void prune(Ledger& ledger, const std::vector<std::string>& channels, std::int64_t now, std::int64_t repeat) {
    for (Told& entry : ledger.told)
        std::erase_if(entry.last, [&](const auto& last) {
            const bool passing = !text_of(entry.place.first).lasting;
            return !among(channels, last.first) || (passing && now - last.second >= repeat);
        });
    std::erase_if(ledger.told, [](const Told& entry) {
        return entry.last.empty() && (entry.over || !text_of(entry.place.first).lasting);
    });
    std::erase_if(ledger.failing, [&](const Failure& failure) { return !among(channels, failure.channel); });
    std::erase_if(ledger.owed, [&](const Owed& owed) { return !among(channels, owed.channel); });
}

}  // namespace tideway::alert
