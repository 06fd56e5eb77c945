// Batches, one after the other or sent ahead of their turn.
#include "store/postgres/apply_transaction.hpp"

namespace tideway::pg {
namespace {

// What changes a table's columns is waited for in the batch's turn.
constexpr Millis patience_ahead{300};

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
    if (side() != Side::cloud || refused) return nullptr;
    auto ahead = std::make_unique<ApplyTransaction>(*this, line == Line::usual ? writer() : line_beside(), batch, patience_ahead);
    ahead->send_ahead();
    failpoint("M5a.sent_ahead");
    return ahead;
}

}  // namespace tideway::pg
