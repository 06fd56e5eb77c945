#include "engine/first_contact.hpp"

namespace tideway {
namespace {

constexpr std::size_t batch_rows = 50'000;
constexpr std::size_t batch_bytes = 8UL * 1024 * 1024;

class TableLoader {
  public:
    TableLoader(Session& session, const LinkedTable& table, StartState& state)
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
    StartState& state_;
    LoadBatch batch_;
    std::size_t bytes_ = 0;
    std::int64_t loaded_ = 0;
    bool refused_ = false;
};

std::int64_t link_equal_rows(Session& session, Gathered& gathered, TableRun& run, const StartState& state) {
    gathered.list_cloud(run);
    std::vector<Agreement> agreements;
    std::int64_t linked = 0;
    const auto flush = [&] {
        session.archive().book_found(agreements, state.cloud_barrier, state.desktop_fence);
        linked += static_cast<std::int64_t>(agreements.size());
        agreements.clear();
        session.progress.table(run.link().desktop.display(), linked, run.rows_to_load);
    };
    run.worklist->stream_equal([&](Agreement&& agreement) {
        agreements.push_back(std::move(agreement));
        if (agreements.size() >= batch_rows) flush();
    });
    flush();
    return linked;
}

}  // namespace

std::map<int, Started> start_at_once(Session& session, Gathered& gathered, StartState& state) {
    std::vector<const LinkedTable*> tables;
    for (const TableRun& run : gathered.tables) tables.push_back(&run.link());
    std::map<int, Started> started;
    for (TableRun& run : gathered.tables) {
        if (run.start == TableRun::Start::no) continue;
        Started& result = started[run.link().id];
        if (run.start == TableRun::Start::adopt) {
            result.linked = link_equal_rows(session, gathered, run, state);
        } else {
            TableLoader loader(session, run.link(), state);
            loader.load(session, tables, run.rows_to_load);
            result.loaded = loader.loaded();
            result.complete = result.loaded == run.rows_to_load;
        }
        run.worklist.reset();
    }
    return started;
}

}  // namespace tideway
