// What a run writes, page by page: small runs at once, large ones table by table while the next page is read.
#include <algorithm>
#include <utility>

#include "engine/run.hpp"

namespace tideway {
namespace {

// A batch of this size is one transaction; larger runs are cut between parents and children (DESIGN.md 10.9).
constexpr PageBounds batch{5'000, 8LL * 1024 * 1024};
// Of a large run two pages exist at a time, the one that is written and the one that is read and sent.
constexpr PageBounds half_a_batch{batch.rows / 2, batch.bytes / 2};

}  // namespace

// Small runs go in one transaction a direction; large ones table by table, deletes last.
void Run::process_everything() {
    session_.progress.phase("writing");
    Wave wave;
    std::int64_t keys = 0, rows = 0;
    for (const TableRun& run : gathered_->tables) rows += run.tally.rows;
    const bool small = rows <= batch.rows;
    std::vector<TableRun*> runs;
    for (TableRun& run : gathered_->tables)
        if (run.worklist && run.tally.keys > 0 && small) runs.push_back(&run);
    std::vector<Page> pages =
        next_pages(session_, *gathered_, runs, Part::everything, options_.direction, batch, cloud_rows());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        keys += pages[i].keys;
        leave_out_withheld(*runs[i], pages[i].works);
        wave.parts.emplace_back(runs[i], std::move(pages[i].works));
    }
    cut_ = !(small && keys == gathered_->keys);
    if (cut_) {
        wave.parts.clear();
        process_large();
    } else {
        process(std::move(wave));
    }
    await_booking();
}

// Rows that are missing somewhere are gone through twice: those that are inserted again with the others,
// parents first; what is deleted at the very end, children first.
void Run::process_large() {
    done_ = 0;
    for (TableRun& run : gathered_->tables) {
        drain(run, Part::present, nullptr);
        drain(run, Part::gone, [](const Decision& decision) { return !erases(decision); });
    }
    for (auto run = gathered_->tables.rbegin(); run != gathered_->tables.rend(); ++run)
        drain(*run, Part::gone, erases);
}

bool Run::erases(const Decision& decision) {
    return decision.to_cloud == Write::erase || decision.to_desktop == Write::erase;
}

// What is held back is told by what the rows of both sides refer to.
Cloud Run::cloud_rows() const { return stopped_.empty() ? Cloud::unless_agreed : Cloud::as_needed; }

// Both snapshots are read by connections of their own, so the next page may be read while this one is written. Not where a
// policy is evaluated on the desktop, by the connection that writes there, and not from files.
ComingWave::Source Run::waves_of(TableRun& run, Part part, const Wanted& wanted) {
    const auto read = [this, &run, part, wanted] {
        Page page = next_page(session_, *gathered_, run, part, options_.direction, half_a_batch, cloud_rows());
        leave_out_withheld(run, page.works);
        if (wanted) std::erase_if(page.works, [&](const KeyWork& work) { return !wanted(work.decision); });
        Wave wave{.keys = page.keys};
        wave.parts.emplace_back(&run, std::move(page.works));
        return wave;
    };
    const auto send = [this](Wave& wave, Line line, const std::function<void()>& gone) { send_ahead(wave, line, gone); };
    return {!session_.embedded() && !run.link().policy.merges(), read, send};
}

// What a batch is told in its turn is not known yet.
void Run::send_ahead(Wave& wave, Line line, const std::function<void()>& gone) const {
    wave.forward = std::make_unique<Batch>(batch_for(Side::cloud, wave, desktop_barrier_));
    wave.forward->sent = gone;
    const std::vector<BatchSection>& sections = wave.forward->sections;
    const bool whole = std::all_of(sections.begin(), sections.end(), [](const BatchSection& section) {
        return std::none_of(section.rows.begin(), section.rows.end(), [](const PlannedRow& row) { return row.refused; });
    });
    if (whole && !sections.empty()) wave.sent = session_.cloud->send_ahead(*wave.forward, line);
}

void Run::drain(TableRun& run, Part part, const Wanted& wanted) {
    if (!run.worklist || run.tally.keys == 0) return;
    run.worklist->rewind();
    const ComingWave::Source waves = waves_of(run, part, wanted);
    auto coming = std::make_unique<ComingWave>(waves), behind = std::make_unique<ComingWave>(waves, *coming);
    for (;;) {
        Wave wave = coming->take();
        if (wave.keys == 0) return;
        done_ += static_cast<std::int64_t>(wave.parts.front().second.size());
        process(std::move(wave), behind.get());
        session_.progress.table(run.report.desktop, done_, gathered_->keys);
        auto last = std::make_unique<ComingWave>(waves, *behind);
        coming = std::exchange(behind, std::move(last));
    }
}

}  // namespace tideway
