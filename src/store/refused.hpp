// Why a store did not carry out a batch.
#pragma once
#include <string>
#include <utility>

#include "base/error.hpp"

namespace tideway {

// What a store need not offer has a body here that throws this; the engine asks first (may_load), or the
// configuration refuses what would need it.
inline Defect not_offered() { return Defect("a store was asked for what it does not offer"); }

// What a store reports when the database refused a batch because of its data. Thrown by apply(); nothing
// happened.
struct Refusal {
    std::string sqlstate, message, detail, constraint;
};

class Refused : public Error {
  public:
    explicit Refused(Refusal refusal)
        : Error(Code::statement_failed, refusal.message), refusal_(std::move(refusal)) {}
    const Refusal& refusal() const { return refusal_; }

  private:
    Refusal refusal_;
};

// A deadlock, lock timeout or serialization failure: nothing happened, the same batch may be tried again.
class TryAgain : public Error {
  public:
    explicit TryAgain(const std::string& what) : Error(Code::statement_failed, what) {}
};

// A whole table stayed locked: perhaps somebody waits for this run's own snapshot to end, so the same batch
// cannot succeed before that.
class TableBusy : public TryAgain {
  public:
    using TryAgain::TryAgain;
};

// The columns of a table are no longer as they were when the tables were linked.
class SchemaChanged : public Error {
  public:
    SchemaChanged(int table_id, const std::string& what)
        : Error(Code::schema_changed, what,
                "nothing was written to it; run the same command again, and see doctor if a column was "
                "dropped or retyped"),
          table_id_(table_id) {}
    int table_id() const { return table_id_; }

  private:
    int table_id_;
};

}  // namespace tideway
