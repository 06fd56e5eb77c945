#include "engine/table_loader.hpp"

#include <future>

namespace tideway {
namespace {

// Up to six batches exist at a time, and a row takes about twice its text: 48 MB at most.
constexpr std::size_t batch_rows = 20'000;
constexpr std::size_t batch_bytes = 4UL * 1024 * 1024;
// Well below the time after which a server ends a transaction that is silent.
constexpr Millis sign_of_life{10'000};
// Below this there will hardly be a second batch.
constexpr std::int64_t rows_for_two_lanes = 10'000;

}  // namespace

TableLoader::TableLoader(Session& session, const LinkedTable& table, StartState& state)
    : session_(session), table_(table), state_(state), acknowledged_(state.acknowledged) {}

std::int64_t TableLoader::load(const std::vector<const LinkedTable*>& parents, std::int64_t expected) {
    std::future<void> reading = std::async(std::launch::async, [&] {
        const ClosesAtEnd<LoadBatch> end{read_};
        read(parents);
    });
    std::future<void> booking = std::async(std::launch::async, [&] {
        const AbandonsAtEnd<Loaded> end{loaded_};
        book();
    });
    {
        // Both threads come to an end, and what was loaded is booked, also where loading throws.
        const ClosesAtEnd<Loaded> no_more{loaded_};
        const AbandonsAtEnd<LoadBatch> enough{read_};
        load_in_lanes(expected);
    }
    booking.get();
    reading.get();
    state_.acknowledged = acknowledged_;
    return booked_rows_;
}

LoadBatch TableLoader::fresh_batch() const {
    LoadBatch batch;
    batch.run = state_.run;
    batch.table = &table_;
    batch.source_barrier = state_.desktop_barrier;
    return batch;
}

void TableLoader::read(const std::vector<const LinkedTable*>& parents) {
    LoadBatch batch = fresh_batch();
    std::size_t bytes = 0;
    bool wanted = true;
    session_.archive().stream_unknown_rows(table_, parents, [&](LoadRow&& row) {
        if (!wanted) return;
        bytes += row.line.size();
        batch.rows.push_back(std::move(row));
        if (batch.rows.size() < batch_rows && bytes < batch_bytes) return;
        wanted = read_.give(std::exchange(batch, fresh_batch()));
        bytes = 0;
    });
    if (wanted && !batch.rows.empty()) read_.give(std::move(batch));
}

void TableLoader::load_in_lanes(std::int64_t expected) {
    std::future<void> beside;
    if (expected > rows_for_two_lanes)
        beside = std::async(std::launch::async, [&] {
            if (const std::unique_ptr<LoadLane> lane = second_lane()) load_batches(*lane, expected);
        });
    load_batches(*session_.cloud->first_lane(table_), expected);
    if (beside.valid()) beside.get();
}

// Whatever keeps a second connection from the cloud, one is enough.
std::unique_ptr<LoadLane> TableLoader::second_lane() try {
    return session_.cloud->second_lane(table_);
} catch (const Error&) {
    return nullptr;
}

void TableLoader::load_batches(LoadLane& lane, std::int64_t expected) try {
    while (std::optional<Taken> next = take()) {
        LoadOutcome outcome = lane.load(next->batch, {[&] { next->next_waits.unlock(); },
                                                      [&](const auto& meanwhile) { return await(next->turn, meanwhile); }});
        complete({std::move(next->batch), std::move(outcome)}, expected);
    }
} catch (const Refused&) {
    turns_.give_up();
} catch (const TryAgain&) {
    turns_.give_up();
} catch (const SchemaChanged&) {
    turns_.give_up();  // the next look leaves the table out
} catch (...) {
    turns_.give_up();
    throw;
}

// Transactions begin in order as well: a pooler with one connection left must not give it to the batch that has to wait.
std::optional<TableLoader::Taken> TableLoader::take() {
    std::unique_lock lock(taking_);
    std::optional<LoadBatch> batch = read_.take();
    if (!batch || turns_.given_up()) return std::nullopt;
    return Taken{std::move(*batch), taken_++, std::move(lock)};
}

LoadTurn TableLoader::await(std::int64_t turn, const std::function<void()>& meanwhile) {
    if (!turns_.await(turn, sign_of_life, meanwhile)) throw TryAgain("a batch before this one was not written");
    return {state_.cloud_fence, acknowledged_};
}

void TableLoader::complete(Loaded&& loaded, std::int64_t expected) {
    state_.cloud_fence = loaded.outcome.sequence;
    loaded_rows_ += static_cast<std::int64_t>(loaded.batch.rows.size());
    session_.progress.table(table_.desktop.display(), loaded_rows_, expected);
    if (loaded_.give(std::move(loaded)))
        turns_.pass();
    else
        turns_.give_up();  // booking has failed, and says why
}

void TableLoader::book() {
    while (const std::optional<Loaded> loaded = loaded_.take()) {
        session_.archive().book_load(loaded->batch, loaded->outcome, state_.desktop_fence);
        acknowledged_ = loaded->outcome.sequence;
        booked_rows_ += static_cast<std::int64_t>(loaded->batch.rows.size());
    }
}

}  // namespace tideway
