// Conflicts and waiting keys in pages: each once, the newest first, and none that was not asked for.
#include "conformance/pair.hpp"

namespace tideway::conformance {
namespace {

class Cases : public Pair {
  protected:
    // Keys 1 to 20, four a moment; every fifth is parked, the others are held.
    void wait(const LinkedTable& table) {
        for (int first = 1; first <= 20; first += 4) {
            Booking booking;
            booking.run = "run-1";
            for (int key = first; key < first + 4; ++key)
                booking.waiting.push_back(
                    {&table, {std::to_string(key)}, key % 5 == 0 ? "parked" : "held", "R9", "why", {}});
            archive().book(booking, desktop_fence);
        }
    }
    // Twenty conflicts of one row, one a batch.
    void lose(Side side, const LinkedTable& table) {
        for (int i = 1; i <= 20; ++i) {
            PlannedRow plan =
                planned(table, side, Write::update, {"1"}, Cells{"1", fmt::format("winner {:02}", i)});
            plan.conflict =
                ConflictNote{i % 2 == 0 ? "update_update" : "insert_insert", "latest", "why", other(side)};
            apply(side, table, {plan});
        }
    }
    template <typename Read>
    static std::vector<std::int64_t> in_pages(CaseQuery asked, const Read& read, int most) {
        std::vector<std::int64_t> ids;
        asked.most = most;
        for (bool more = true; more;) {
            const auto page = read(asked);
            more = page.more;
            EXPECT_LE(page.cases.size(), static_cast<std::size_t>(most));
            EXPECT_TRUE(!page.cases.empty() || !more);
            if (page.cases.empty()) break;
            for (const auto& each : page.cases) ids.push_back(each.id);
            asked.before = CasePlace{page.cases.back().at_micros, page.cases.back().id};
        }
        return ids;
    }
};
CONFORMANCE_SUITE(Cases, pure_kinds);

constexpr const char* job = "(id integer primary key, title text)";

TEST_P(Cases, WaitingKeysComeEachOnceTheNewestFirst) {
    wait(synced(job));
    const auto read = [&](const CaseQuery& asked) { return archive().waiting(asked); };
    const std::vector<std::int64_t> all = in_pages({}, read, 1000);
    EXPECT_EQ(all.size(), 20U);
    EXPECT_TRUE(std::is_sorted(all.rbegin(), all.rend()));
    for (const int most : {1, 3, 7, 19, 20, 21}) EXPECT_EQ(in_pages({}, read, most), all) << most;
}

TEST_P(Cases, OnlyWhatIsAskedForIsGiven) {
    const LinkedTable& table = synced(job);
    wait(table);
    const auto count = [&](const CaseQuery& asked) { return archive().waiting(asked).cases.size(); };
    EXPECT_EQ(count({.tables = {table.id}}), 20U);
    EXPECT_EQ(count({.tables = {table.id + 1, 10 * table.id}}), 0U);
    EXPECT_EQ(count({.kinds = {"parked", "emptied"}}), 4U);
    EXPECT_EQ(count({.kinds = {"held"}}), 16U);
    EXPECT_EQ(count({.since = "2026-01-01"}), 20U);
    EXPECT_EQ(count({.since = "2999"}), 0U);
    EXPECT_EQ(count({.key = {"1"}}), 1U) << "11 begins alike, and is another key";
    EXPECT_EQ(count({.key = {"4711"}}), 0U);
    const WaitingEntry first = archive().waiting({.key = {"1"}}).cases.at(0);
    EXPECT_EQ(archive().waiting({.id = first.id}).cases.at(0).key, Key{"1"});
    archive().choose(first.id, {Side::cloud});
    EXPECT_EQ(count({.undecided = true}), 19U);
}

TEST_P(Cases, TheRowsOfARepeatedKeyAreOfThatKey) {
    const LinkedTable& table = synced(job);
    Booking booking;
    booking.run = "run-1";
    for (const Key& key : {Key{"a,b", "1"}, Key{"a,b", "2"}, Key{"a", "b,1"}, Key{"a", "1"}})
        booking.waiting.push_back({&table, key, "held", "R9", "why", {}});
    archive().book(booking, desktop_fence);
    const auto count = [&](const Key& key) { return archive().waiting({.key = key}).cases.size(); };
    EXPECT_EQ(count({"a,b"}), 2U);
    EXPECT_EQ(count({"a"}), 2U);
    EXPECT_EQ(count({"a", "1"}), 1U);
    EXPECT_EQ(count({"a", "b"}), 0U);
}

TEST_P(Cases, KeptConflictsComeEachOnceAndNoMoreThanSoManyBytesAtOnce) {
    const LinkedTable& table = synced(job);
    both("insert into job values (1, 'loser')");
    for (const Side side : {Side::desktop, Side::cloud}) {
        lose(side, table);
        const auto read = [&](const CaseQuery& asked) { return store(side).conflicts(asked); };
        const std::vector<std::int64_t> all = in_pages({}, read, 1000);
        EXPECT_EQ(all.size(), 20U);
        for (const int most : {1, 6, 20}) EXPECT_EQ(in_pages({}, read, most), all) << most;
        EXPECT_EQ(in_pages({.most_bytes = 200}, read, 1000), all);
        EXPECT_LT(read({.most_bytes = 200}).cases.size(), 10U);
        EXPECT_EQ(read({.most_bytes = 1}).cases.size(), 1U) << "it has to go on";
        EXPECT_TRUE(read({.most_bytes = 1}).more);
        EXPECT_EQ(read({.kinds = {"update_update"}}).cases.size(), 10U);
        EXPECT_EQ(read({.id = all[3]}).cases.at(0).id, all[3]);
        EXPECT_EQ(read({.tables = {table.id}, .key = {"1"}}).cases.size(), 20U);
        EXPECT_EQ(read({.key = {"2"}}).cases.size(), 0U);
    }
}

}  // namespace
}  // namespace tideway::conformance
