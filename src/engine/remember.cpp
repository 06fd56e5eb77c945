// Merged tables: what the agreed rows hold, where the agreement did not say it (a load, rows that were linked, merge
// switched on later). Before the marks advance, so that a run that dies here is followed by another.
#include "engine/run.hpp"

namespace tideway {
namespace {

constexpr int rows_at_once = 2'000;

std::vector<SeenRow> seen_rows(const std::vector<Key>& keys, std::vector<RowImage> images) {
    std::map<Key, RowImage> found;
    for (RowImage& image : images)
        if (image.facts.lives()) found[image.key] = std::move(image);
    std::vector<SeenRow> rows;
    for (const Key& key : keys) {
        SeenRow row{key, std::nullopt, {}};
        if (const auto image = found.find(key); image != found.end()) {
            row.hash = image->second.facts.hash;
            row.values = std::move(image->second.values);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

void Run::remember_rows() {
    std::vector<const LinkedTable*> tables;
    for (const TableRun& run : gathered_->tables)
        if (run.link().policy.merges()) tables.push_back(&run.link());
    for (const Side side : {Side::desktop, Side::cloud}) {
        std::unique_ptr<Snapshot> snapshot;
        for (const LinkedTable* table : tables)
            for (;;) {
                const std::vector<Key> keys = session_.archive().unseen(*table, side, rows_at_once);
                if (keys.empty()) break;
                if (!snapshot) snapshot = session_.store(side).snapshot(tables);
                session_.archive().remember(*table, side, seen_rows(keys, snapshot->rows(*table, keys)),
                                            desktop_fence_);
            }
    }
    failpoint("remember.booked");
}

}  // namespace tideway
