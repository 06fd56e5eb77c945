#include "reconcile/pairing.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace tideway {
namespace {

// Likeness is judged pair by pair; beyond this many pairs of one key the order of the rows decides.
constexpr std::size_t most_compared = 250'000;

struct Slot {
    int ordinal = 1;
    BaseEntry base;
    RowImage* row[2] = {nullptr, nullptr};  // by side
    RowImage*& on(Side side) { return row[side == Side::desktop ? 0 : 1]; }
    RowImage* on(Side side) const { return row[side == Side::desktop ? 0 : 1]; }
};

const Hash& agreed(const BaseEntry& base, Side side) {
    return side == Side::desktop ? base.desktop : base.cloud;
}

class Pairing {
  public:
    Pairing(CandidateGroup& group, std::vector<RowImage>& cloud, const LinkedTable& table)
        : group_(group), table_(table) {
        for (const BaseRow& entry : group.base) {
            slots_.push_back({entry.ordinal, entry.entry});
            used_.insert(entry.ordinal);
        }
        for (RowImage& row : group.desktop) free_[0].push_back(&row);
        for (RowImage& row : cloud) free_[1].push_back(&row);
        first_contact_ = std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
            return slot.base.state == BaseState::live || slot.base.state == BaseState::tombstone;
        });
    }

    std::vector<KeyWork> pair() {
        if (!table_.repeats()) return the_only_row();
        match_unchanged();
        for (const Side side : {Side::desktop, Side::cloud}) match_rows_that_left(side);
        meet_equal_rows();
        for (const Side side : {Side::desktop, Side::cloud}) match_edited(side);
        if (table_.identity == Identity::business_key_ordinal && first_contact_) meet_like_rows();
        for (const Side side : {Side::desktop, Side::cloud}) place_the_rest(side);
        return works();
    }

  private:
    // Equal cells of the columns that make a change.
    std::size_t likeness(const RowImage& one, const RowImage& other) const {
        const std::size_t count = std::min({one.cells.size(), other.cells.size(), table_.columns.size()});
        std::size_t equal = 0;
        for (std::size_t i = 0; i < count; ++i)
            equal += table_.columns[i].hashed && one.cells[i] == other.cells[i] ? 1 : 0;
        return equal;
    }
    std::size_t telling_cells() const {
        return static_cast<std::size_t>(
            std::count_if(table_.columns.begin(), table_.columns.end(),
                          [](const LinkedColumn& column) { return column.hashed; }));
    }

    std::vector<RowImage*>& free(Side side) { return free_[side == Side::desktop ? 0 : 1]; }
    void take(Slot& slot, Side side, RowImage* row) {
        slot.on(side) = row;
        std::erase(free(side), row);
    }

    std::vector<KeyWork> the_only_row() {
        if (slots_.empty()) slots_.push_back({});
        for (const Side side : {Side::desktop, Side::cloud})
            if (!free(side).empty()) slots_.front().on(side) = free(side).front();
        std::vector<KeyWork> works;
        works.push_back(work_of(slots_.front()));
        return works;
    }

    using ByHash = std::map<Hash, std::vector<RowImage*>>;
    // In reverse, so that the first is taken from the back.
    ByHash by_hash(Side side) {
        ByHash index;
        for (auto row = free(side).rbegin(); row != free(side).rend(); ++row)
            index[(*row)->facts.hash].push_back(*row);
        return index;
    }

    // Entries that both sides still show as agreed come first: a row must not stand in for its deleted
    // double.
    void match_unchanged() {
        ByHash desktop = by_hash(Side::desktop), cloud = by_hash(Side::cloud);
        const auto has = [](ByHash& index, const Hash& hash) {
            const auto found = index.find(hash);
            return found != index.end() && !found->second.empty();
        };
        const auto claim = [](ByHash& index, const Hash& hash) {
            RowImage* row = index[hash].back();
            index[hash].pop_back();
            return row;
        };
        const auto lives = [](const Slot& slot) {
            return slot.base.state == BaseState::live || slot.base.state == BaseState::unknown;
        };
        for (Slot& slot : slots_)
            if (lives(slot) && has(desktop, slot.base.desktop) && has(cloud, slot.base.cloud)) {
                slot.on(Side::desktop) = claim(desktop, slot.base.desktop);
                slot.on(Side::cloud) = claim(cloud, slot.base.cloud);
            }
        for (const bool living :
             {true, false})  // a row that equals a tombstone is its return (R21, R22, R26)
            for (Slot& slot : slots_)
                for (const Side side : {Side::desktop, Side::cloud}) {
                    ByHash& index = side == Side::desktop ? desktop : cloud;
                    if (lives(slot) != living || slot.on(side) || !has(index, agreed(slot.base, side)))
                        continue;
                    slot.on(side) = claim(index, agreed(slot.base, side));
                }
        // A refill brought back what our write had replaced.
        for (Slot& slot : slots_)
            if (!slot.on(Side::desktop) && slot.base.previous != Hash{} && has(desktop, slot.base.previous))
                slot.on(Side::desktop) = claim(desktop, slot.base.previous);
        std::set<RowImage*> taken;
        for (const Slot& slot : slots_) taken.insert({slot.row[0], slot.row[1]});
        for (auto& rows : free_) std::erase_if(rows, [&](RowImage* row) { return taken.contains(row); });
    }

    // A row outside the filter is one that left it if it is otherwise the row that the other side still has;
    // any other is somebody else's.
    void match_rows_that_left(Side side) {
        for (Slot& slot : slots_) {
            const RowImage* partner = slot.on(other(side));
            if (slot.on(side) || !partner || slot.base.state != BaseState::live) continue;
            const auto left = std::find_if(free(side).begin(), free(side).end(), [&](const RowImage* row) {
                return row->facts.outside && likeness(*row, *partner) + 1 >= telling_cells();
            });
            if (left != free(side).end()) take(slot, side, *left);
        }
        std::erase_if(free(side), [](const RowImage* row) { return row->facts.outside; });
    }

    // A new row that both sides have already.
    void meet_equal_rows() {
        std::map<std::string, std::vector<RowImage*>> waiting;
        for (auto row = free_[1].rbegin(); row != free_[1].rend(); ++row)
            waiting[(*row)->facts.canonical].push_back(*row);
        std::vector<RowImage*> left;
        std::set<RowImage*> met;
        for (RowImage* row : free_[0]) {
            const auto found = waiting.find(row->facts.canonical);
            if (found == waiting.end() || found->second.empty()) {
                left.push_back(row);
                continue;
            }
            Slot& slot = slot_for_new_rows();
            slot.on(Side::desktop) = row;
            slot.on(Side::cloud) = found->second.back();
            met.insert(found->second.back());
            found->second.pop_back();
        }
        free_[0] = std::move(left);
        std::erase_if(free_[1], [&](RowImage* row) { return met.contains(row); });
    }

    // An entry whose row is gone on this side, and a row that is new there: taken for an edit, the likest
    // first.
    void match_edited(Side side) {
        std::vector<Slot*> open;
        for (Slot& slot : slots_)
            if (!slot.on(side) && (slot.base.state == BaseState::live ||
                                   (slot.base.state == BaseState::unknown && slot.on(other(side)))))
                open.push_back(&slot);
        // Those that the other side still shows come first: there is something to compare with.
        std::stable_sort(open.begin(), open.end(), [&](const Slot* one, const Slot* two) {
            return (one->on(other(side)) != nullptr) > (two->on(other(side)) != nullptr);
        });
        while (!open.empty() && !free(side).empty()) {
            const auto best = likest(open, side);
            if (!best) return;
            take(**best->first, side, *best->second);
            open.erase(best->first);
        }
    }

    using SlotAt = std::vector<Slot*>::iterator;
    using RowAt = std::vector<RowImage*>::iterator;
    // A mark says who made a row: what the phone made is no edit of an office's row.
    static bool may_be(const Slot& slot, const RowImage& row, Side side) {
        return side == Side::desktop || !row.facts.marked_mobile || slot.base.origin == Origin::mobile;
    }
    // None: no free row can belong to an open entry.
    std::optional<std::pair<SlotAt, RowAt>> likest(std::vector<Slot*>& open, Side side) {
        std::optional<std::pair<SlotAt, RowAt>> best;
        const bool compare = open.size() * free(side).size() <= most_compared;
        std::size_t score = 0;
        for (SlotAt slot = open.begin(); slot != open.end(); ++slot) {
            const RowImage* partner = (*slot)->on(other(side));
            for (RowAt row = free(side).begin(); row != free(side).end(); ++row) {
                if (!may_be(**slot, **row, side)) continue;
                const std::size_t alike = compare && partner ? likeness(*partner, **row) : 0;
                if (best && alike <= score) continue;
                score = alike;
                best = {slot, row};
                if (!compare) return best;
            }
        }
        return best;
    }

    // First contact of rows that differ: the same entity, unless the phone made its row by itself.
    void meet_like_rows() {
        while (!free_[0].empty() && !free_[1].empty()) {
            RowImage *desktop = nullptr, *cloud = nullptr;
            std::size_t score = 0;
            for (RowImage* d : free_[0])
                for (RowImage* c : free_[1]) {
                    if (c->facts.marked_mobile && !d->facts.marked_mobile) continue;
                    const std::size_t alike = likeness(*d, *c);
                    if (desktop && alike <= score) continue;
                    score = alike;
                    desktop = d;
                    cloud = c;
                    if (free_[0].size() * free_[1].size() > most_compared) break;
                }
            if (!desktop) return;
            Slot& slot = slot_for_new_rows();
            take(slot, Side::desktop, desktop);
            take(slot, Side::cloud, cloud);
        }
    }

    void place_the_rest(Side side) {
        for (RowImage* row : free(side)) slot_for_new_rows().on(side) = row;
        free(side).clear();
    }

    // An entry whose agreement was lost and that no row has claimed, else the lowest free ordinal.
    Slot& slot_for_new_rows() {
        for (; next_lost_ < slots_.size(); ++next_lost_)
            if (const Slot& slot = slots_[next_lost_];
                slot.base.state == BaseState::unknown && !slot.row[0] && !slot.row[1])
                return slots_[next_lost_];
        while (!used_.insert(next_ordinal_).second) ++next_ordinal_;
        slots_.push_back({next_ordinal_, {}});
        return slots_.back();
    }

    Key key_of(int ordinal) const {
        Key key = group_.key;
        if (table_.repeats()) key.push_back(std::to_string(ordinal));
        return key;
    }

    std::vector<KeyWork> works() {
        std::vector<KeyWork> works;
        std::set<int> seen;
        for (Slot& slot : slots_) {
            const bool rows = slot.row[0] || slot.row[1];
            if (!rows && slot.base.state != BaseState::live && slot.base.state != BaseState::unknown)
                continue;
            works.push_back(work_of(slot));
            seen.insert(slot.ordinal);
        }
        // What waited and is gone by itself is settled by a work without rows.
        for (const WaitingRow& waiting : group_.waiting)
            if (seen.insert(waiting.ordinal).second) {
                Slot gone{waiting.ordinal, {}};
                works.push_back(work_of(gone));
            }
        return works;
    }

    // Whoever chose did not see rows that were edited since: they wait for a choice of their own.
    static void take_choice(KeyWork& work, const std::optional<Choice>& choice) {
        if (!choice) return;
        const bool holds = choice->holds_for(Versions::of(work.candidate.desktop.facts, work.cloud.facts));
        work.candidate.void_choice = !holds;
        if (holds) work.candidate.chosen = choice->side;
    }

    KeyWork work_of(Slot& slot) {
        KeyWork work;
        work.candidate.key = key_of(slot.ordinal);
        work.candidate.base = slot.base;
        work.candidate.cloud_captured = group_.cloud_captured;
        work.candidate.desktop_written = group_.desktop_written;
        work.candidate.cloud_written = group_.cloud_written;
        if (slot.row[0]) work.candidate.desktop = std::move(*slot.row[0]);
        if (slot.row[1]) work.cloud = std::move(*slot.row[1]);
        for (const WaitingRow& waiting : group_.waiting)
            if (waiting.ordinal == slot.ordinal) {
                work.candidate.was_waiting = true;
                work.candidate.emptied = waiting.emptied;
                take_choice(work, waiting.chosen);
            }
        return work;
    }

    CandidateGroup& group_;
    const LinkedTable& table_;
    std::vector<Slot> slots_;
    std::vector<RowImage*> free_[2];  // by side: rows without a slot
    bool first_contact_ = false;
    std::set<int> used_;         // ordinals
    std::size_t next_lost_ = 0;  // no slot before this one can be given to a new row
    int next_ordinal_ = 1;
};

}  // namespace

std::vector<KeyWork> pair_rows(CandidateGroup group, std::vector<RowImage> cloud, const LinkedTable& table) {
    if (!table.repeats()) {
        ensure(group.base.size() <= 1 && group.desktop.size() <= 1, "a unique key has one row");
        if (cloud.size() > 1)
            throw Error(Code::key_not_unique,
                        "key " + display(group.key) + " occurs more than once in the cloud",
                        "remove the duplicates, or configure a longer key");
    }
    return Pairing(group, cloud, table).pair();
}

}  // namespace tideway
