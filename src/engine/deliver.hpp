// Delivering a batch: tries again where trying again can help, and takes a refused batch apart until the
// refused rows are alone. Every part is a batch of its own, all or nothing with its records.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "base/world.hpp"
#include "store/store.hpp"

namespace tideway {

struct DeliveredRow {
    const LinkedTable* table = nullptr;
    PlannedRow row;
    RowOutcome outcome;
};
struct ParkedRow {
    const LinkedTable* table = nullptr;
    PlannedRow row;
    Refusal refusal;
    bool final = false;  // the other rows of this batch cannot change it
};

struct Delivery {
    std::vector<DeliveredRow> applied;
    std::vector<DeliveredRow> raced;  // the target row is no longer what the decision was based on
    std::vector<ParkedRow> parked;    // the target refused them
    std::int64_t fence = 0;           // the side's sequence now
    std::int64_t last_batch = 0;      // sequence of the last committed batch; 0 = none
    int batches = 0;
    bool table_busy = false;  // somebody held a whole table: what was given up for that cannot succeed in this round
};

// What was sent of a large run's waves before their turn.
struct Ahead {
    std::unique_ptr<SentBatch> sent = {};  // this batch; may be null
    std::function<void()> make_way = {};   // takes back the next one, which would be in the way of a second try
};

// batch.fence is the side's sequence; rows are moved out of it. Throws what is not the rows' fault (fenced,
// lost connections).
Delivery deliver(Store& store, Batch& batch, World& world, Ahead ahead = {});

// All of its rows count as raced.
Delivery give_up(Batch& batch);

}  // namespace tideway
