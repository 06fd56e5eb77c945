#include "engine/first_contact.hpp"

#include <future>

#include "engine/table_loader.hpp"

namespace tideway {
namespace {

constexpr std::size_t booked_rows = 50'000;

// Of these buckets, row by row: what is alike is booked, the rest is for the ordinary batches.
std::int64_t link_buckets(Session& session, Gathered& gathered, TableRun& run, const StartState& state,
                          const std::vector<int>& buckets, std::int64_t linked) {
    gathered.list_cloud(run, buckets);
    std::vector<Agreement> agreements;
    const auto flush = [&] {
        session.archive().book_found(agreements, state.cloud_barrier, state.desktop_fence);
        linked += static_cast<std::int64_t>(agreements.size());
        agreements.clear();
        session.progress.table(run.link().desktop.display(), linked, run.rows_to_load);
    };
    run.worklist->stream_equal([&](Agreement&& agreement) {
        agreements.push_back(std::move(agreement));
        if (agreements.size() >= booked_rows) flush();
    });
    flush();
    return linked;
}

struct Linked {
    std::int64_t rows = 0;
    bool all = false;  // the two sides hold the same: sums of all rows say so
};

// Both servers add up what they hold at the same time; only where the sums differ keys and hashes cross.
Linked link_equal_rows(Session& session, Gathered& gathered, TableRun& run, const StartState& state) {
    std::future<Digest> there =
        std::async(std::launch::async, [&] { return gathered.cloud->sums(run.link(), Summed::adoptable); });
    const Adopted adopted = session.archive().adopt(run.link(), state.cloud_barrier, state.desktop_fence,
                                                    [&] { return there.get(); });
    if (there.valid()) there.wait();  // nobody else may use that connection before
    session.progress.table(run.link().desktop.display(), adopted.rows, run.rows_to_load);
    if (adopted.unequal.empty()) return {adopted.rows, true};
    return {link_buckets(session, gathered, run, state, adopted.unequal, adopted.rows), false};
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
            const Linked linked = link_equal_rows(session, gathered, run, state);
            result.linked = linked.rows;
            // Then no row of either side is left that the ordinary batches would have to look at. Counts alone say nothing:
            // the base was made of a later moment than the snapshots show.
            result.complete = linked.all && result.linked == run.rows_to_load &&
                              result.linked == gathered.cloud->count(run.link());
        } else {
            result.loaded = TableLoader(session, run.link(), state).load(tables, run.rows_to_load);
            // What was agreed on before (a run broke off) may have been edited since, and no mark tells.
            result.complete = run.rows_known == 0 && result.loaded == run.rows_to_load;
        }
        run.worklist.reset();
    }
    return started;
}

}  // namespace tideway
