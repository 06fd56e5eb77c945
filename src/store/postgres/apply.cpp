// Batches, one after the other or sent ahead of their turn.
#include <algorithm>

#include "store/postgres/apply_transaction.hpp"

namespace tideway::pg {
namespace {

// What changes a table's columns is waited for in the batch's turn.
constexpr Millis patience_ahead{300};

// A value that has the column's type already is not compared with the type's checks again when it is written: no check may come
// to such a type between sending and writing, and only the lock of the batch's turn keeps it away.
bool has_constrained_types(const LinkedTable& table) {
    const auto constrained = [](const ColumnSide& column) { return column.constrained_type; };
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const LinkedColumn& column) { return constrained(column.cloud); }) ||
           std::any_of(table.lookups.begin(), table.lookups.end(),
                       [&](const Lookup& lookup) { return constrained(lookup.cloud); });
}

bool may_be_sent_ahead(const Batch& batch) {
    return std::none_of(batch.sections.begin(), batch.sections.end(),
                        [](const BatchSection& section) { return has_constrained_types(*section.table); });
}

}  // namespace

BatchOutcome PgStore::apply(const Batch& batch) {
    ApplyTransaction transaction(*this, writer(), batch, Millis(batch.patience_ms));
    transaction.start(batch.fence, batch.receipts_booked);
    transaction.send();
    transaction.write();
    return transaction.commit();
}

std::unique_ptr<SentBatch> PgStore::send_ahead(const Batch& batch, Line line) {
    const bool refused = line == Line::beside && (one_line_ || (kept_ && kept_->spare_connections));
    if (side() != Side::cloud || refused || !may_be_sent_ahead(batch)) return nullptr;
    auto ahead = std::make_unique<ApplyTransaction>(*this, line == Line::usual ? writer() : line_beside(), batch, patience_ahead);
    ahead->send_ahead();
    failpoint("M5a.sent_ahead");
    return ahead;
}

}  // namespace tideway::pg
