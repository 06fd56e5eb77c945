// Rows that wait for a person: `conflicts list`, `conflicts resolve`, and what the next sync makes of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/watched_pair.hpp"

namespace tideway::test {
namespace {

using oracle::Direction;
using oracle::Side;
using oracle::Stamp;

constexpr Stamp at_hour(long long hour) { return 1704067200 + 3600 * hour; }  // of 2024

// Strict, manual, hold: everything waits that can.
struct Choices : testing::Test {
    WatchedPair pair{{.strict = true, .conflict = oracle::Conflict::manual, .deletes = oracle::Deletes::hold},
                     "incremental"};

    int make(const char* story, Side side) {
        const int id = pair.add_key(story);
        pair.insert(side, id, row(id, "first", side == Side::cloud ? "M" : "D", 0));
        return id;
    }
    static oracle::Row row(int id, const char* word, const Cell& mark, long long hour) {
        return {fmt::format("{} {}", id, word), mark, at_hour(hour)};
    }
    void edit(Side side, int id, const char* word, long long hour = 10) {
        pair.edit(side, id, row(id, word, pair.key(id).at(side)->mark, hour));
    }
    // Two rows under one key, neither of which knows of the other.
    void insert_both(int id, const Cell& desktop_mark, const Cell& cloud_mark) {
        pair.insert(Side::desktop, id, row(id, "desktop", desktop_mark, 10));
        pair.insert(Side::cloud, id, row(id, "cloud", cloud_mark, 11));
    }

    void leave_one_key_of_each_kind();

    std::vector<int> waiting;
};

void Choices::leave_one_key_of_each_kind() {
    const int edited = make("phone's row edited on the desktop", Side::cloud);
    const int deleted = make("phone's row deleted on the desktop", Side::cloud);
    const int deleted_by_phone = make("desktop's row deleted in the cloud", Side::desktop);
    const int edited_and_deleted =
        make("phone's row edited on the desktop, deleted in the cloud", Side::cloud);
    const int both = make("edited on both sides", Side::desktop);
    const int held_delete = make("deleted on the desktop", Side::desktop);
    const int held_delete_by_phone = make("deleted in the cloud", Side::cloud);
    const int collided_again = make("collided after both deleted it", Side::desktop);
    pair.sync(Direction::both);
    for (const Side side : {Side::desktop, Side::cloud}) pair.remove(side, collided_again);
    pair.sync(Direction::both);
    edit(Side::desktop, edited, "desktop");
    pair.remove(Side::desktop, deleted);
    pair.remove(Side::cloud, deleted_by_phone);
    edit(Side::desktop, edited_and_deleted, "desktop");
    pair.remove(Side::cloud, edited_and_deleted);
    edit(Side::desktop, both, "desktop", 10);
    edit(Side::cloud, both, "cloud", 11);
    pair.remove(Side::desktop, held_delete);
    pair.remove(Side::cloud, held_delete_by_phone);
    insert_both(collided_again, "D", "M");
    const int collided = pair.add_key("collided"), met = pair.add_key("made on both sides");
    insert_both(collided, "D", "M");
    insert_both(met, std::nullopt, std::nullopt);
    pair.sync(Direction::both);
    pair.expect_listed();
    for (int id = 1; id <= pair.last_key(); ++id) waiting.push_back(id);
}

TEST_F(Choices, TakingTheDesktopEverywhere) {
    leave_one_key_of_each_kind();
    pair.choose(waiting, Side::desktop);
    pair.sync(Direction::both);
    pair.expect_quiet();
    pair.expect_nothing_lost();
}

TEST_F(Choices, TakingTheCloudEverywhere) {
    leave_one_key_of_each_kind();
    pair.choose(waiting, Side::cloud);
    pair.sync(Direction::both);
    pair.expect_quiet();
    pair.expect_nothing_lost();
}

TEST_F(Choices, WaitForTheDirectionThatCarriesThemOut) {
    leave_one_key_of_each_kind();
    pair.choose(waiting, Side::desktop);
    pair.sync(Direction::reverse);
    pair.expect_listed();
    pair.sync(Direction::forward);
    pair.expect_quiet();
    pair.expect_nothing_lost();
}

TEST_F(Choices, AreBookedSoThatLaterEditsTravel) {
    leave_one_key_of_each_kind();
    pair.choose(waiting, Side::cloud);
    pair.sync(Direction::both);
    for (const int id : waiting)
        if (pair.key(id).cloud) edit(Side::cloud, id, "later", 30);
    pair.sync(Direction::both);
    for (const int id : waiting)
        if (pair.key(id).desktop) edit(Side::desktop, id, "still later", 40);
    pair.sync(Direction::both);
    pair.expect_quiet();
    pair.expect_nothing_lost();
}

TEST_F(Choices, TheLastOneHolds) {
    leave_one_key_of_each_kind();
    pair.choose(waiting, Side::desktop);
    pair.choose(waiting, Side::cloud);
    pair.sync(Direction::both);
    pair.expect_quiet();
    pair.expect_nothing_lost();
}

TEST_F(Choices, LeaveTheOtherRowsWaiting) {
    leave_one_key_of_each_kind();
    std::vector<int> every_other;
    for (std::size_t i = 0; i < waiting.size(); i += 2) every_other.push_back(waiting[i]);
    pair.choose(every_other, Side::cloud);
    pair.sync(Direction::both);
    pair.expect_listed();
    pair.expect_quiet();
    pair.expect_nothing_lost();
}

// A choice answers the question that was listed. Where a later edit lets the table decide by itself, it does:
// the phone's newest version of the phone's own row is not overwritten because of what was chosen before.
TEST_F(Choices, AreVoidOnceTheTableDecidesByItself) {
    leave_one_key_of_each_kind();
    pair.choose(waiting, Side::desktop);
    for (const int id : waiting)
        if (pair.key(id).cloud) edit(Side::cloud, id, "moved", 30);
    pair.sync(Direction::both);
    pair.expect_quiet();
    pair.expect_nothing_lost();
}

}  // namespace
}  // namespace tideway::test
