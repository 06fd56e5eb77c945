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

Told& entry_of(Ledger& ledger, const Place& place, std::int64_t now) {
    for (Told& entry : ledger.told)
        if (entry.place == place) return entry;
    ledger.told.push_back({place, now, {}});
    return ledger.told.back();
}

}  // namespace

void note(Ledger& ledger, const Observation& seen, const std::vector<std::string>& tables, std::int64_t now) {
    for (const Condition& condition : seen.present) {
        Told& entry = entry_of(ledger, condition.place, now);
        if (entry.over) entry.since = now;
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
    std::vector<Item> items;
    for (const Told& entry : ledger.told) {
        if (!wanted.contains(entry.place.first)) continue;
        const auto last = entry.last.find(channel);
        const bool knows = last != entry.last.end();
        if (entry.over && knows) items.push_back({State::over, {entry.place, 0, {}}, entry.since});
        const Condition* present = found_at(seen, entry.place);
        if (present == nullptr || (knows && now - last->second < repeat)) continue;
        items.push_back({knows ? State::again : State::begun, *present, entry.since});
    }
    std::stable_sort(items.begin(), items.end(),
                     [](const Item& a, const Item& b) { return a.condition.place < b.condition.place; });
    return items;
}

void note_sent(Ledger& ledger, const std::string& channel, const std::vector<Item>& items, std::int64_t now) {
    for (const Item& item : items) {
        Told& entry = entry_of(ledger, item.condition.place, now);
        if (item.state == State::over)
            entry.last.erase(channel);
        else
            entry.last[channel] = now;
    }
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
}

}  // namespace tideway::alert
