// Fills a table of the cloud that holds nothing but what was agreed on (DESIGN.md 10.11).
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/hand_over.hpp"
#include "base/turns.hpp"
#include "engine/first_contact.hpp"

namespace tideway {

// Several things go on at once, each on a connection of its own: the desktop's new rows are read, a batch of them is sent to
// the cloud, the batch before it is completed there (the two lanes take turns), and the one before that is booked at the
// desktop. Batches are committed in order. A run that dies leaves at most the receipts of three of them.
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
    struct Taken {
        LoadBatch batch;
        std::int64_t turn = 0;
        std::unique_lock<std::mutex> next_waits;  // until this one's transaction has begun
    };

    void read(const std::vector<const LinkedTable*>& parents);
    void load_in_lanes(std::int64_t expected);
    std::unique_ptr<LoadLane> second_lane();
    void load_batches(LoadLane& lane, std::int64_t expected);
    std::optional<Taken> take();
    LoadTurn await(std::int64_t turn, const std::function<void()>& meanwhile);
    void complete(Loaded&& loaded, std::int64_t expected);
    void book();
    LoadBatch fresh_batch() const;

    Session& session_;
    const LinkedTable& table_;
    StartState& state_;
    HandOver<LoadBatch> read_{1};
    HandOver<Loaded> loaded_{1};
    std::mutex taking_;
    std::int64_t taken_ = 0, loaded_rows_ = 0;
    Turns turns_;  // whoever has the turn may touch state_ and loaded_rows_
    std::atomic<std::int64_t> acknowledged_, booked_rows_{0};
};

}  // namespace tideway
