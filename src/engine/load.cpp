#include "engine/load.hpp"

namespace tideway {
namespace {

constexpr std::size_t batch_rows = 50'000;
constexpr std::size_t batch_bytes = 8UL * 1024 * 1024;

class TableLoader {
  public:
    TableLoader(Session& session, const LinkedTable& table, LoadState& state)
        : session_(session), table_(table), state_(state) {
        batch_.run = state.run;
        batch_.table = &table;
        batch_.source_barrier = state.desktop_barrier;
    }

    // A refusal ends loading; rows that were read already are found again.
    void load(Session& session, const std::vector<const LinkedTable*>& parents, std::int64_t expected) {
        session.archive().stream_unknown_rows(table_, parents, [&](LoadRow&& row) {
            if (refused_) return;
            bytes_ += row.line.size();
            batch_.rows.push_back(std::move(row));
            if (batch_.rows.size() < batch_rows && bytes_ < batch_bytes) return;
            flush();
            session_.progress.table(table_.desktop.display(), loaded_, expected);
        });
        if (!refused_) flush();
    }

    std::int64_t loaded() const { return loaded_; }

  private:
    void flush() {
        if (batch_.rows.empty()) return;
        batch_.fence = state_.cloud_fence;
        batch_.receipts_booked = state_.acknowledged;
        try {
            const LoadOutcome outcome = session_.cloud->load(batch_);
            state_.cloud_fence = state_.acknowledged = outcome.sequence;
            session_.archive().book_load(batch_, outcome, state_.desktop_fence);
            loaded_ += static_cast<std::int64_t>(batch_.rows.size());
        } catch (const Refused&) {
            refused_ = true;
        } catch (const TryAgain&) {
            refused_ = true;
        }
        batch_.rows.clear();
        bytes_ = 0;
    }

    Session& session_;
    const LinkedTable& table_;
    LoadState& state_;
    LoadBatch batch_;
    std::size_t bytes_ = 0;
    std::int64_t loaded_ = 0;
    bool refused_ = false;
};

}  // namespace

std::map<int, std::int64_t> load_tables(Session& session, Gathered& gathered, LoadState& state) {
    std::vector<const LinkedTable*> tables;
    for (const TableRun& run : gathered.tables) tables.push_back(&run.link());
    std::map<int, std::int64_t> loaded;
    for (const TableRun& run : gathered.tables) {
        if (!run.to_load) continue;
        TableLoader loader(session, run.link(), state);
        loader.load(session, tables, run.rows_to_load);
        if (loader.loaded() > 0) loaded[run.link().id] = loader.loaded();
    }
    return loaded;
}

}  // namespace tideway
