#include "engine/table_loader.hpp"

#include <future>

namespace tideway {
namespace {

// Up to five batches exist at a time, and a row takes about twice its text: 40 MB at most.
constexpr std::size_t batch_rows = 20'000;
constexpr std::size_t batch_bytes = 4UL * 1024 * 1024;

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
        load_batches(expected);
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

void TableLoader::load_batches(std::int64_t expected) {
    std::int64_t rows = 0;
    while (std::optional<LoadBatch> batch = read_.take()) {
        batch->fence = state_.cloud_fence;
        batch->receipts_booked = acknowledged_;
        try {
            LoadOutcome outcome = session_.cloud->load(*batch);
            state_.cloud_fence = outcome.sequence;
            rows += static_cast<std::int64_t>(batch->rows.size());
            if (!loaded_.give({std::move(*batch), std::move(outcome)})) return;
        } catch (const Refused&) {
            return;
        } catch (const TryAgain&) {
            return;
        }
        session_.progress.table(table_.desktop.display(), rows, expected);
    }
}

void TableLoader::book() {
    while (const std::optional<Loaded> loaded = loaded_.take()) {
        session_.archive().book_load(loaded->batch, loaded->outcome, state_.desktop_fence);
        acknowledged_ = loaded->outcome.sequence;
        booked_rows_ += static_cast<std::int64_t>(loaded->batch.rows.size());
    }
}

}  // namespace tideway
