#include "engine/guard.hpp"

#include <gtest/gtest.h>

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
