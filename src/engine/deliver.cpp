#include "engine/deliver.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "reconcile/groups.hpp"

namespace tideway {
namespace {

constexpr std::int64_t short_patience_ms = 300;
// Refused rows are tried once more one by one after the others; with more of them that costs more than it
// brings, and the next run tries them anyway.
constexpr std::size_t most_tried_again = 200;
constexpr std::size_t most_waiting_together = 200;
// When so many rows of a table were refused for one reason and none was written, the others are not tried in
// this run.
constexpr int hopeless_after = 50;

void count_as_raced(Batch& batch, Delivery& delivery) {
    for (BatchSection& section : batch.sections)
        for (PlannedRow& row : section.rows) delivery.raced.push_back({section.table, std::move(row), {}});
}

class Deliverer {
  public:
    Deliverer(Store& store, World& world, std::int64_t fence, Ahead ahead)
        : store_(store), world_(world), ahead_(std::move(ahead)) {
        delivery_.fence = fence;
    }

    // Rows that cannot be written are known from the start.
    void start(Batch& batch) {
        for (BatchSection& section : batch.sections)
            std::erase_if(section.rows, [&](PlannedRow& row) {
                if (!row.refused) return false;
                Refusal refusal = *row.refused;
                delivery_.parked.push_back({section.table, std::move(row), std::move(refusal), true});
                return true;
            });
        std::erase_if(batch.sections, [](const BatchSection& section) { return section.rows.empty(); });
        deliver(batch);
    }

    void deliver(Batch& batch) {
        park_hopeless_rows(batch);
        if (row_count(batch) == 0) return;
        batch.fence = delivery_.fence;
        try {
            const auto outcome = apply_patiently(batch);
            if (outcome) return sort_out(batch, *outcome);
            // Rows that belong together wait together, unless that would keep many waiting for one.
            if (row_count(batch) == 1 || delivery_.table_busy ||
                (row_count(batch) <= most_waiting_together && is_one_group(batch)))
                return give_up(batch);
        } catch (const Refused& refused) {
            if (row_count(batch) == 1) return park(batch, refused.refusal());
        }
        auto [first, second] = split(std::move(batch));
        deliver(first);
        deliver(second);
    }

    // What one row refused may be welcome after the others: a parent that had children, a unique value that
    // became free.
    void try_parked_again(const Batch& frame) {
        std::vector<ParkedRow> final;
        const auto set_final_aside = [&] {
            std::erase_if(delivery_.parked, [&](ParkedRow& row) {
                if (row.final) final.push_back(std::move(row));
                return row.final;
            });
        };
        set_final_aside();
        for (bool progress = true; progress && !delivery_.parked.empty() &&
                                   delivery_.parked.size() <= most_tried_again &&
                                   !delivery_.applied.empty();) {
            std::vector<ParkedRow> parked = std::move(delivery_.parked);
            delivery_.parked.clear();
            const std::size_t before = delivery_.applied.size();
            for (ParkedRow& each : parked) {
                Batch single = frame;
                single.sections = {{each.table, {std::move(each.row)}}};
                deliver(single);
            }
            set_final_aside();
            progress = delivery_.applied.size() > before;
        }
        delivery_.parked.insert(delivery_.parked.end(), std::make_move_iterator(final.begin()),
                                std::make_move_iterator(final.end()));
    }

    Delivery result() { return std::move(delivery_); }

  private:
    // None: locks were in the way. What is skipped can still be waited for: a key that an open transaction
    // has inserted is no row yet. So a batch that failed twice is taken apart, and each part gets one short
    // try.
    std::optional<BatchOutcome> apply_patiently(Batch& batch) {
        for (;;) {
            try {
                return attempt(batch);
            } catch (const TableBusy&) {
                delivery_.table_busy = true;
                return std::nullopt;
            } catch (const TryAgain&) {
                if (batch.skip_locked) return std::nullopt;
                batch.skip_locked = true;  // one row that a user holds must not hold up the others
                batch.patience_ms = short_patience_ms;
                world_.sleeper.sleep(Millis(50 + static_cast<int>(world_.random.next() % 100)));
            }
        }
    }

    BatchOutcome attempt(Batch& batch) {
        if (const auto sent = std::move(ahead_.sent)) {
            tried_ = true;
            if (const auto outcome = sent->finish(batch.fence, batch.receipts_booked)) return *outcome;
        }
        if (std::exchange(tried_, true) && ahead_.make_way) ahead_.make_way();
        return store_.apply(batch);
    }

    // A trigger or a constraint that refuses every row of a table would cost a transaction a row.
    struct Refusals {
        Refusal latest;
        int alike = 0;
        bool written = false;
        bool hopeless() const { return alike >= hopeless_after && !written; }
    };

    void park_hopeless_rows(Batch& batch) {
        for (BatchSection& section : batch.sections) {
            const auto found = refusals_.find(section.table);
            if (found == refusals_.end() || !found->second.hopeless()) continue;
            Refusal refusal = found->second.latest;
            refusal.message += " (of other rows; this one was not tried after them)";
            for (PlannedRow& row : section.rows) park_row(section.table, row, refusal, true);
            section.rows.clear();
        }
        std::erase_if(batch.sections, [](const BatchSection& section) { return section.rows.empty(); });
    }

    void note_refusal(const LinkedTable* table, const Refusal& refusal) {
        Refusals& refusals = refusals_[table];
        const bool alike =
            refusals.latest.sqlstate == refusal.sqlstate && refusals.latest.constraint == refusal.constraint;
        refusals.alike = alike ? refusals.alike + 1 : 1;
        refusals.latest = refusal;
    }

    void sort_out(Batch& batch, const BatchOutcome& outcome) {
        if (outcome.sequence != batch.fence) delivery_.fence = delivery_.last_batch = outcome.sequence;
        ++delivery_.batches;
        for (std::size_t s = 0; s < batch.sections.size(); ++s)
            for (std::size_t r = 0; r < batch.sections[s].rows.size(); ++r) {
                const RowOutcome& fate = outcome.outcomes[s][r];
                const LinkedTable* table = batch.sections[s].table;
                PlannedRow& row = batch.sections[s].rows[r];
                if (fate.fate == Fate::applied) refusals_[table].written = true;
                if (fate.fate == Fate::applied) delivery_.applied.push_back({table, std::move(row), fate});
                if (fate.fate == Fate::raced) delivery_.raced.push_back({table, std::move(row), fate});
                if (fate.fate == Fate::orphan)
                    park_row(table, row, orphan(*table, row, fate.constraint), true);
                if (fate.fate == Fate::parent)
                    park_row(table, row,
                             {"23503",
                              fmt::format("rows still refer to it by the foreign key {}", fate.constraint),
                              "", fate.constraint},
                             false);
                if (fate.fate == Fate::clash)
                    park_row(table, row, clash(*table, row, fate.constraint), false);
                if (fate.fate == Fate::suppressed)
                    delivery_.parked.push_back({table,
                                                std::move(row),
                                                {"TW-suppressed",
                                                 fmt::format("a trigger on {} suppressed the write",
                                                             table->on(store_.side()).display()),
                                                 "", ""}});
            }
    }

    void park_row(const LinkedTable* table, PlannedRow& row, Refusal refusal, bool final) {
        delivery_.parked.push_back({table, std::move(row), std::move(refusal), final});
    }

    // "(a, b)=(1, 2)", as the server says it.
    std::string key_text(const LinkedTable& table, const PlannedRow& row,
                         const std::vector<std::size_t>& columns) const {
        std::string names, values;
        for (const std::size_t at : columns) {
            names += (names.empty() ? "" : ", ") + table.columns[at].on(store_.side()).name;
            values += (values.empty() ? "" : ", ") + row.cells[at].value_or("NULL");
        }
        return fmt::format("({})=({})", names, values);
    }

    Refusal orphan(const LinkedTable& table, const PlannedRow& row, const std::string& name) const {
        for (const Reference& reference : table.references(store_.side()))
            if (reference.name == name)
                return {"23503",
                        fmt::format("refers to a row of {} that is not there", reference.parent.display()),
                        fmt::format("Key {} is not present in table {}.",
                                    key_text(table, row, reference.columns), reference.parent.display()),
                        name};
        return {"23503", "refers to a row that is not there", "", name};
    }

    Refusal clash(const LinkedTable& table, const PlannedRow& row, const std::string& name) const {
        for (const OtherKey& key : table.other_keys(store_.side()))
            if (key.name == name)
                return {
                    "23505",
                    fmt::format("another row of {} has the same value", table.on(store_.side()).display()),
                    fmt::format("Key {} belongs to another row.", key_text(table, row, key.columns)), name};
        return {"23505", "another row has the same value", "", name};
    }

    void give_up(Batch& batch) { count_as_raced(batch, delivery_); }

    void park(Batch& batch, const Refusal& refusal) {
        for (BatchSection& section : batch.sections) note_refusal(section.table, refusal);
        for (BatchSection& section : batch.sections)
            for (PlannedRow& row : section.rows)
                delivery_.parked.push_back({section.table, std::move(row), refusal});
    }

    Store& store_;
    World& world_;
    Ahead ahead_;
    bool tried_ = false;
    Delivery delivery_;
    std::map<const LinkedTable*, Refusals> refusals_;
};

// What the batches that it may be taken apart into have in common. Its rows stay where they are.
Batch frame_of(Batch& batch) {
    std::vector<BatchSection> sections = std::move(batch.sections);
    batch.sections.clear();
    Batch frame = batch;
    batch.sections = std::move(sections);
    return frame;
}

}  // namespace

Delivery deliver(Store& store, Batch& batch, World& world, Ahead ahead) {
    const Batch frame = frame_of(batch);
    Deliverer deliverer(store, world, batch.fence, std::move(ahead));
    deliverer.start(batch);
    deliverer.try_parked_again(frame);
    return deliverer.result();
}

Delivery give_up(Batch& batch) {
    Delivery delivery;
    delivery.fence = batch.fence;
    count_as_raced(batch, delivery);
    return delivery;
}

}  // namespace tideway
