// Which changes of a row an undo takes back, and to what.
#include "reconcile/undo_plan.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace tideway {
namespace {

constexpr std::int64_t form = 7;

// One entry of key 1; versions are small numbers, 0 is no row.
JournalEntry entry(std::int64_t id, const char* run, int before, int after, Kept kept) {
    JournalEntry entry;
    entry.id = id;
    entry.run = run;
    entry.table_id = 1;
    entry.key = {"1"};
    entry.kept = kept;
    entry.form = form;
    if (before > 0) entry.before = Hash{before, before};
    if (after > 0) entry.after = Hash{after, after};
    return entry;
}
JournalEntry inserted(std::int64_t id, const char* run, int after) {
    return entry(id, run, 0, after, Kept::inserted);
}
JournalEntry updated(std::int64_t id, const char* run, int before, int after) {
    return entry(id, run, before, after, Kept::updated);
}
JournalEntry erased(std::int64_t id, const char* run, int before) {
    return entry(id, run, before, 0, Kept::erased);
}

// "update 3 -> 1 from 2" and what is in the way, one a line.
std::string planned(const std::vector<JournalEntry>& newest_first, std::optional<std::int64_t> now = form) {
    const UndoPlan plan = plan_undo(newest_first, [&](int) { return now; });
    std::string text;
    const auto version = [](const std::optional<Hash>& hash) { return hash ? hash->a : 0; };
    for (const UndoStep& step : plan.steps)
        text += fmt::format("{} {} -> {} from {}\n",
                            step.write() == Write::insert   ? "insert"
                            : step.write() == Write::update ? "update"
                                                            : "erase",
                            version(step.now), version(step.then), step.restores);
    for (const UndoObstacle& obstacle : plan.obstacles)
        text += "left: " + obstacle.reason.substr(0, obstacle.reason.find(' ', 12)) + "\n";
    return text;
}

TEST(UndoPlan, takes_back_what_one_run_did) {
    EXPECT_EQ(planned({inserted(1, "a", 1)}), "erase 1 -> 0 from 0\n");
    EXPECT_EQ(planned({updated(2, "a", 1, 2)}), "update 2 -> 1 from 2\n");
    EXPECT_EQ(planned({erased(3, "a", 2)}), "insert 0 -> 2 from 3\n");
    EXPECT_EQ(planned({}), "");
}

TEST(UndoPlan, takes_several_changes_back_at_once) {
    EXPECT_EQ(planned({updated(3, "c", 2, 3), updated(2, "b", 1, 2)}), "update 3 -> 1 from 2\n");
    EXPECT_EQ(planned({updated(2, "b", 1, 2), inserted(1, "a", 1)}), "erase 2 -> 0 from 0\n");
    EXPECT_EQ(planned({erased(3, "c", 2), updated(2, "b", 1, 2)}), "insert 0 -> 1 from 2\n");
    EXPECT_EQ(planned({inserted(3, "c", 5), erased(2, "b", 1)}), "update 5 -> 1 from 2\n");
}

TEST(UndoPlan, leaves_a_row_alone_that_came_and_went_or_is_what_it_was) {
    EXPECT_EQ(planned({erased(2, "b", 1), inserted(1, "a", 1)}), "");
    EXPECT_EQ(planned({updated(2, "b", 2, 1), updated(1, "a", 1, 2)}), "");
}

TEST(UndoPlan, stops_where_somebody_wrote_in_between) {
    EXPECT_EQ(planned({updated(3, "c", 9, 3), updated(2, "b", 1, 2)}),
              "update 3 -> 9 from 3\nleft: somebody wrote\n");
    EXPECT_EQ(planned({inserted(3, "c", 3), updated(2, "b", 1, 2)}),
              "erase 3 -> 0 from 0\nleft: somebody wrote\n");
}

TEST(UndoPlan, leaves_rows_whose_table_has_another_form_or_has_left) {
    EXPECT_EQ(planned({updated(2, "a", 1, 2)}, 8), "left: the table's columns,\n");
    EXPECT_EQ(planned({updated(2, "a", 1, 2)}, std::nullopt), "left: the table is\n");
    JournalEntry old = updated(2, "a", 1, 2);
    old.form.reset();
    EXPECT_EQ(planned({old}), "left: a renumbering,\n");
}

TEST(UndoPlan, leaves_rows_of_a_load_and_rows_that_got_another_key) {
    EXPECT_EQ(planned({entry(1, "a", 0, 0, Kept::loaded)}), "left: this row and\n");
    EXPECT_EQ(planned({updated(2, "a", 1, 0)}), "left: the row or one\n");
}

TEST(UndoPlan, keeps_rows_apart_by_their_whole_key) {
    JournalEntry other = updated(4, "b", 7, 8);
    other.key = {"1", "2"};
    EXPECT_EQ(planned({other, updated(2, "a", 1, 2)}), "update 2 -> 1 from 2\nupdate 8 -> 7 from 4\n");
}

TEST(DisplayedKey, is_read_as_it_was_written) {
    for (const Key& key :
         std::vector<Key>{{"8533"}, {"a/b"}, {"a/b", "c"}, {"", "x"}, {"x", ""}, {"a\\b", "1", "/"}})
        EXPECT_EQ(key_displayed(display(key), key.size()), key) << display(key);
    EXPECT_EQ(display({"8533", "12"}), "8533/12");
    EXPECT_EQ(display({"a/b", "1"}), "a\\/b/1");
    EXPECT_EQ(display({"a/b"}), "a/b");
}

TEST(UndoPlan, the_last_write_of_two_sides_is_told_by_their_clocks_as_far_as_those_are_known) {
    JournalEntry desktop, cloud;
    desktop.run = "d";
    cloud.run = "c";
    desktop.moment = 1'000'000;
    cloud.moment = 1'300'000;
    EXPECT_EQ(written_last(desktop, cloud, 0, 1'000)->run, "c");
    EXPECT_EQ(written_last(desktop, cloud, 500'000, 1'000)->run, "d") << "the cloud's clock is ahead";
    EXPECT_FALSE(written_last(desktop, cloud, 300'500, 1'000));
    cloud.run = "d";
    EXPECT_EQ(written_last(desktop, cloud, 300'500, 1'000)->run, "d");
}

}  // namespace
}  // namespace tideway
