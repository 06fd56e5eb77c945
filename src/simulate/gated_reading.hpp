// What a gated store hands out for reading, and the desktop's archive: the same gate.
#pragma once
#include "simulate/gated_store.hpp"
#include "store/sqlite/sqlite_snapshot.hpp"
#include "store/sqlite/sqlite_worklist.hpp"

namespace tideway::simulate {

class GatedSnapshot : public sqlite::SqliteSnapshot {
  public:
    GatedSnapshot(GatedStore& store, const std::vector<const LinkedTable*>& tables)
        : SqliteSnapshot(store, tables), store_(store) {}

    HintOutcome hints(const LinkedTable& table, Capture capture, const std::string& mark,
                      const HintSink& sink) override {
        return store_.call("hints", [&] { return SqliteSnapshot::hints(table, capture, mark, sink); });
    }
    Digest digest(const LinkedTable& table, bool keys_only) override {
        return store_.call("digest", [&] { return SqliteSnapshot::digest(table, keys_only); });
    }
    std::vector<RowImage> rows(const LinkedTable& table, const std::vector<Key>& keys) override {
        return store_.call("rows", [&] { return SqliteSnapshot::rows(table, keys); });
    }

  private:
    GatedStore& store_;
};

class GatedWorklist : public sqlite::SqliteWorklist {
  public:
    GatedWorklist(GatedStore& store, const LinkedTable& table, bool installed)
        : SqliteWorklist(store, table, installed), store_(store) {}

    HintOutcome add_desktop_hints(Capture capture, const std::string& mark) override {
        return store_.call("add_desktop_hints",
                           [&] { return SqliteWorklist::add_desktop_hints(capture, mark); });
    }
    void close_cloud_hints(const std::vector<int>& complete_buckets) override {
        store_.call("close_cloud_hints", [&] { SqliteWorklist::close_cloud_hints(complete_buckets); });
    }
    std::vector<CandidateGroup> next(Part part, int max_rows, std::int64_t max_bytes) override {
        return store_.call("next", [&] { return SqliteWorklist::next(part, max_rows, max_bytes); });
    }

  private:
    GatedStore& store_;
};

class GatedArchive : public sqlite::SqliteArchive {
  public:
    explicit GatedArchive(GatedStore& store) : SqliteArchive(store), store_(store) {}

    Recovery recover(const KnownCloud& known, const LeaseState& cloud, const std::vector<Receipt>& receipts,
                     const std::string& run, const std::string& holder) override {
        return store_.call("recover",
                           [&] { return SqliteArchive::recover(known, cloud, receipts, run, holder); });
    }
    void book(const Booking& booking, std::int64_t fence) override {
        store_.call("book", [&] { SqliteArchive::book(booking, fence); });
    }
    void advance_marks(const std::map<std::pair<int, Side>, StoredMark>& marks, std::int64_t fence,
                       std::int64_t cloud_fence) override {
        store_.call("advance_marks", [&] {
            auto stored = marks;
            for (auto& [where, mark] : stored)
                if (store_.sabotage() == Sabotage::marks_too_late && where.second == Side::desktop)
                    mark.mark = store_.mark_now(where.first);
            SqliteArchive::advance_marks(stored, fence, cloud_fence);
        });
    }
    void forget_marks(int table_id) override {
        store_.call("forget_marks", [&] { SqliteArchive::forget_marks(table_id); });
    }
    std::unique_ptr<Worklist> worklist(const LinkedTable& table, bool installed) override {
        return std::make_unique<GatedWorklist>(store_, table, installed);
    }

  private:
    GatedStore& store_;
};

}  // namespace tideway::simulate
