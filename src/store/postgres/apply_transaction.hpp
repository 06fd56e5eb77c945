// The apply transaction (correctness.md 2.9): fence, stage, lock, compare, write, journal, conflicts, receipts or base, and
// the checks that stop it before COMMIT. Everything of a batch happens in this one transaction.
#pragma once
#include <optional>
#include <vector>

#include "store/postgres/apply.hpp"
#include "store/postgres/batch_start.hpp"

namespace tideway::pg {

// In steps, each once and in this order; but for the fence, which comes first or after any of them. All throw what
// Store::apply() throws. Store, connection and batch must outlive it.
class ApplyTransaction : public BegunBatch {
  public:
    ApplyTransaction(PgStore& store, Connection& connection, const Batch& batch, Millis patience);
    void fence(std::int64_t sequence, std::int64_t receipts_booked);  // posted
    void send();    // locks on the tables, and the rows as temporary tables: posted, but for many rows
    void write();   // posted, but for what has to be asked
    void settle();  // sends what was posted. May come in between
    BatchOutcome commit();  // writes the records, and compares what was done with the plan

    BatchOutcome finish(std::int64_t fence, std::int64_t receipts_booked) override;

  private:
    template <class Step>
    auto explained(Step step);
    void explain(const DbError& error) const;
    Answer record();
    void check_start() const;

    PgStore& store_;
    Connection& connection_;
    const Batch& batch_;
    Transaction transaction_;
    std::vector<SectionApply> sections_;
    std::int64_t receipts_booked_ = 0;
    std::optional<Fence> fence_;
    std::optional<Locks> locks_;
    bool written_ = false;
};

}  // namespace tideway::pg
