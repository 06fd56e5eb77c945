// Batches, one after the other or one ahead of its turn.
#include <algorithm>

#include "store/postgres/apply_transaction.hpp"
#include "store/postgres/triggers.hpp"

namespace tideway::pg {
namespace {

// A row that somebody holds is waited for in the batch's turn.
constexpr Millis patience_ahead{300};

bool only_updates(const Batch& batch) {
    return std::all_of(batch.sections.begin(), batch.sections.end(), [](const BatchSection& section) {
        return std::all_of(section.rows.begin(), section.rows.end(),
                           [](const PlannedRow& row) { return row.write == Write::update; });
    });
}

// Where the order of two batches shows although they have no key in common: rows that refer to one another, values that
// only one row may have.
bool rows_depend_on_each_other(const LinkedTable& table) {
    const std::vector<Reference>& references = table.references(Side::cloud);
    return !table.other_keys(Side::cloud).empty() || parents_by_key(table) > 0 ||
           std::any_of(references.begin(), references.end(), [&](const Reference& reference) {
               return reference.ring || reference.parent == table.cloud;
           });
}

}  // namespace

BatchOutcome PgStore::apply(const Batch& batch) {
    ApplyTransaction transaction(*this, writer(), batch, Millis(batch.patience_ms));
    transaction.fence(batch.fence, batch.receipts_booked);
    transaction.send();
    transaction.write();
    return transaction.commit();
}

// A lock on a whole table would stop the batch before, which this one waits for.
bool PgStore::may_begin(const Batch& batch, Line line) const {
    if (side() != Side::cloud || batch.undoes || batch.rehearsal) return false;
    if (line == Line::beside && (one_line_ || (kept_ && kept_->spare_connections))) return false;
    return std::none_of(batch.sections.begin(), batch.sections.end(), [](const BatchSection& section) {
        return section.table->repeats() || !section.table->key_index(Side::cloud);
    });
}

std::unique_ptr<BegunBatch> PgStore::begin(const Batch& batch, Line which) {
    if (!may_begin(batch, which)) return nullptr;
    Connection& connection = which == Line::usual ? writer() : line_beside();
    const bool ordered = order_matters(connection, batch);
    auto ahead = std::make_unique<ApplyTransaction>(*this, connection, batch, patience_ahead);
    ahead->send();
    if (!ordered) ahead->write();
    ahead->settle();
    failpoint("M5a.begun");
    return ahead;
}

// A trigger may write the same row of another table for both batches, and so make the earlier one wait for the later.
bool PgStore::order_matters(Connection& connection, const Batch& batch) {
    if (!only_updates(batch)) return true;
    return std::any_of(batch.sections.begin(), batch.sections.end(), [&](const BatchSection& section) {
        const LinkedTable& table = *section.table;
        if (rows_depend_on_each_other(table)) return true;
        const auto known = does_more_.find(table.id);
        if (known != does_more_.end()) return known->second;
        return does_more_[table.id] = does_more(connection, table.cloud, Event::update);
    });
}

}  // namespace tideway::pg
