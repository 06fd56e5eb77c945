#include "engine/guard.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "paths.hpp"
#include "support/temp_dir.hpp"

namespace tideway {
namespace {

Outlook to_cloud(std::int64_t rows, WriteCounts writes) {
    Outlook outlook;
    outlook.rows = rows;
    outlook.to_cloud.writes = writes;
    return outlook;
}

std::vector<std::string> reasons(const Outlook& outlook, const GuardSetting& guard = {}) {
    std::vector<std::string> found;
    for (const GuardStop& stop : judge("job", outlook, guard)) found.push_back(stop.reason);
    return found;
}
using Reasons = std::vector<std::string>;

TEST(Guard, lets_a_few_rows_and_a_small_share_through) {
    EXPECT_EQ(reasons(to_cloud(10, {100, 50, 3})), Reasons{});
    EXPECT_EQ(reasons(to_cloud(1000, {0, 300, 20})), Reasons{});
    EXPECT_EQ(reasons(to_cloud(1000, {0, 0, 21})), Reasons{"deletes"});
    EXPECT_EQ(reasons(to_cloud(10, {0, 0, 4})), Reasons{"deletes"});
    EXPECT_EQ(reasons(to_cloud(1000, {0, 301, 0})), Reasons{"updates"});
}

TEST(Guard, tells_of_each_side_and_of_each_concern_once) {
    Outlook outlook = to_cloud(1000, {0, 1000, 500});
    outlook.to_desktop.writes = {0, 400, 0};
    EXPECT_EQ(reasons(outlook), (Reasons{"deletes", "all_changed", "updates"}));
    outlook.to_cloud.empty = true;
    EXPECT_EQ(reasons(outlook), (Reasons{"emptied", "all_changed", "updates"}));
    outlook.to_cloud.replaced = true;
    EXPECT_EQ(reasons(outlook), (Reasons{"replaced", "updates"}));
}

RC_GTEST_PROP(Guard, rows_that_tell_judge_as_all_rows_do, ()) {
    const auto percent = [] { return *rc::gen::element(0.0, 0.01, 0.1, 0.3, 1.0, 2.0, 7.0, 30.0, 33.3, 99.9, 100.0); };
    const auto some = [](std::int64_t most) { return *rc::gen::inRange<std::int64_t>(0, most + 1); };
    GuardSetting guard;
    for (Limit* limit : {&guard.max_deletes, &guard.max_updates, &guard.max_shrinkage}) *limit = {percent(), static_cast<long>(some(60))};
    guard.stop_emptied = *rc::gen::arbitrary<bool>();
    Tally all;
    for (std::int64_t* changes : {&all.desktop_deleted, &all.desktop_updated, &all.cloud_deleted, &all.cloud_updated, &all.on_both})
        *changes = some(200);
    // No row counts twice on one side.
    all.rows = std::max(all.desktop_deleted + all.desktop_updated, all.cloud_deleted + all.cloud_updated) + all.on_both;
    all.base_rows = all.rows + some(all.rows * 200);
    Tally counted = all;
    const std::int64_t gone = std::max(all.desktop_deleted, all.cloud_deleted);
    counted.base_rows = std::min(all.base_rows, rows_that_tell(guard).of(all.rows, gone));
    RC_ASSERT(may_be_stopped(counted, guard) == may_be_stopped(all, guard));
}

TEST(Guard, a_replaced_or_emptied_table_stops_whatever_the_limits_are) {
    GuardSetting generous;
    generous.max_deletes = generous.max_updates = {0.0, 500};
    Outlook outlook = to_cloud(100, {0, 0, 100});
    EXPECT_EQ(reasons(outlook, generous), Reasons{});
    outlook.to_cloud.empty = true;
    EXPECT_EQ(reasons(outlook, generous), Reasons{"emptied"});
    outlook.to_cloud.replaced = true;
    EXPECT_EQ(reasons(outlook, generous), Reasons{"replaced"});
    generous.stop_emptied = generous.stop_replaced = false;
    EXPECT_EQ(reasons(outlook, generous), Reasons{});
}

TEST(Guard, rows_that_are_gone_count_where_they_are_not_deleted) {
    Outlook outlook = to_cloud(1000, {});
    outlook.to_cloud.gone = 300;
    EXPECT_EQ(reasons(outlook), Reasons{});
    outlook.to_cloud.gone = 301;
    EXPECT_EQ(reasons(outlook), Reasons{"shrunk"});
}

TEST(Guard, clocks_stop_only_where_time_stamps_decide) {
    Outlook outlook = to_cloud(1000, {0, 5, 0});
    outlook.clock_difference_s = 7'201;
    EXPECT_EQ(reasons(outlook), Reasons{});
    outlook.to_cloud.by_clock = 1;
    EXPECT_EQ(reasons(outlook), Reasons{"clocks"});
    outlook.clock_difference_s = 7'200;
    EXPECT_EQ(reasons(outlook), Reasons{});
}

TEST(Guard, the_documentation_explains_every_reason) {
    const std::string page = test::read_file(TIDEWAY_SOURCE_DIR "/docs/configuration.md");
    for (const std::string_view reason : guard_reasons())
        EXPECT_NE(page.find("| `" + std::string(reason) + "` |"), std::string::npos) << reason;
}

}  // namespace
}  // namespace tideway
