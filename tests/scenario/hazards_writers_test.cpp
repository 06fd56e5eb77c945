// Hazard H11 of correctness.md 4: many writers whose transactions commit in any order.
#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "scenario/hazard_pair.hpp"

namespace tideway::test {
namespace {

class HazardCapture : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardCapture, testing::ValuesIn(every_capture()), name_of);

const std::string kNoLimits = "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n";

// ---- H11 -------------------------------------------------------------------------------------------------

// What the committed transactions of all writers left behind.
class Truth {
  public:
    using Changes = std::map<int, std::optional<std::string>>;  // no note: deleted
    void commit(const Changes& changes) {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, note] : changes) {
            if (note)
                rows_[id] = *note;
            else
                rows_.erase(id);
        }
    }
    std::string text() const {
        std::string text;
        for (const auto& [id, note] : rows_)
            text += fmt::format("{}{}|{}", text.empty() ? "" : "\n", id, note);
        return text;
    }

  private:
    std::mutex mutex_;
    std::map<int, std::string> rows_;
};

// Transactions of one writer on rows of its own: inserts, updates, deletes, savepoints, pauses before the
// end.
class Writer {
  public:
    Writer(const Database& database, int number, bool deletes, Truth& truth)
        : db_(database),
          number_(number),
          deletes_(deletes),
          truth_(truth),
          random_(static_cast<unsigned>(1000 + number)) {}

    void run(int transactions) {
        for (int i = 0; i < transactions; ++i) {
            Truth::Changes changes;
            db_.exec("begin");
            for (int statements = pick(1, 4); statements > 0; --statements) write(changes);
            std::this_thread::sleep_for(Millis(pick(0, 60)));
            if (pick(1, 10) == 1) {
                db_.exec("rollback");
                continue;
            }
            db_.exec("commit");
            for (const auto& [id, note] : changes) live_[id] = note.has_value();
            truth_.commit(changes);
        }
    }

  private:
    int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

    void write(Truth::Changes& changes) {
        const bool nested = pick(1, 4) == 1, undone = nested && pick(1, 2) == 1;
        if (nested) db_.exec("savepoint s");
        Truth::Changes written;
        const int id = number_ * 1000 + pick(1, 25);
        const std::string note = fmt::format("w{}-{}", number_, ++versions_);
        const bool there = changes.contains(id) ? changes[id].has_value() : live_[id];
        if (there && deletes_ && pick(1, 4) == 1) {
            db_.exec(fmt::format("delete from job where id = {}", id));
            written[id] = std::nullopt;
        } else if (there) {
            db_.exec(fmt::format("update job set note = '{}', updated_at = now() where id = {}", note, id));
            written[id] = note;
        } else {
            db_.exec(fmt::format("insert into job values ({}, '{}')", id, note));
            written[id] = note;
        }
        if (undone)
            db_.exec("rollback to s");
        else
            written.merge(changes), changes = std::move(written);
    }

    Db db_;
    int number_;
    bool deletes_;
    Truth& truth_;
    std::mt19937 random_;
    std::map<int, bool> live_;
    int versions_ = 0;
};

// Timestamp capture promises neither deletes nor the order of stamps: its writers only insert and update.
TEST_P(HazardCapture, H11_committed_rows_of_eight_writers_are_the_rows_of_the_other_side) {
    PairOptions settings = options();
    settings.tables = kNoLimits + kJobToml;
    const HazardPair pair("h11", settings);
    EXPECT_SYNC(pair.sync(), 0);
    Truth truth;
    std::atomic<int> working = 8;
    std::vector<std::thread> threads;
    for (int number = 1; number <= 8; ++number)
        threads.emplace_back([&, number] {
            Writer(pair.on(number <= 6 ? here() : there()), number, capture() != "timestamp", truth).run(25);
            --working;
        });
    int runs = 0;
    while (working > 0 && ++runs < 1000) EXPECT_SYNC(pair.sync(), 0);
    for (std::thread& thread : threads) thread.join();
    EXPECT_GE(runs, 2) << "the writers were done before tideway had polled twice";
    EXPECT_SYNC(pair.sync(), 0);
    for (const At side : {At::desktop, At::cloud})
        EXPECT_ROWS(pair.on(side), "select id, note from job order by id", truth.text());
    EXPECT_EQ(conflicts(pair), "");
    expect_in_agreement(pair);
}

}  // namespace
}  // namespace tideway::test
