// Fills a table of the cloud that holds nothing but what was agreed on (DESIGN.md 10.11).
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "base/hand_over.hpp"
#include "engine/first_contact.hpp"

namespace tideway {

// Three things go on at once, each on a connection of its own: the desktop's new rows are read, a batch of
// them is loaded into the cloud, and the batch before it is booked at the desktop. A run that dies leaves at
// most the receipts of three batches.
class TableLoader {
  public:
    TableLoader(Session& session, const LinkedTable& table, StartState& state);

    // Returns how many rows were loaded and booked. A refusal ends loading, and the rows that were read
    // already are found again by the next look. Throws what reading, loading or booking throws.
    std::int64_t load(const std::vector<const LinkedTable*>& parents, std::int64_t expected);

  private:
    struct Loaded {
        LoadBatch batch;
        LoadOutcome outcome;
    };

    void read(const std::vector<const LinkedTable*>& parents);
    void load_batches(std::int64_t expected);
    void book();
    LoadBatch fresh_batch() const;

    Session& session_;
    const LinkedTable& table_;
    StartState& state_;
    HandOver<LoadBatch> read_{1};
    HandOver<Loaded> loaded_{1};
    std::atomic<std::int64_t> acknowledged_, booked_rows_{0};
};

}  // namespace tideway
