// The apply transaction (correctness.md 2.9): fence, stage, lock, compare, write, journal, conflicts, receipts or base, and
// the checks that stop it before COMMIT. Everything of a batch happens in this one transaction.
#pragma once
#include <chrono>
#include <optional>
#include <vector>

#include "store/postgres/apply.hpp"
#include "store/postgres/batch_start.hpp"

namespace tideway::pg {

// In steps, each once: start, send, write, commit; or sent ahead first, and finished. All throw what Store::apply() throws.
// Store, connection and batch must outlive it.
class ApplyTransaction : public SentBatch {
  public:
    ApplyTransaction(PgStore& store, Connection& connection, const Batch& batch, Millis patience);
    void start(std::int64_t sequence, std::int64_t receipts_booked);  // posted
    void send();             // the rows, as temporary tables: posted, but for many rows
    void write();            // with the records
    BatchOutcome commit();   // once what was done has been compared with the plan

    void send_ahead();  // holds nothing that the run's snapshot does not hold, and writes temporary tables alone
    std::optional<BatchOutcome> finish(std::int64_t sequence, std::int64_t receipts_booked) override;

  private:
    template <class Step>
    auto explained(Step step);
    void explain(const DbError& error) const;
    void lock(LockMode mode);
    void check_start() const;
    void set_patience();

    PgStore& store_;
    Connection& connection_;
    const Batch& batch_;
    Transaction transaction_;
    std::vector<SectionApply> sections_;
    std::int64_t receipts_booked_ = 0;
    std::chrono::steady_clock::time_point started_;
    std::optional<Fence> fence_;
    std::vector<Locks> locks_;
    std::optional<Answer> writes_;
};

}  // namespace tideway::pg
