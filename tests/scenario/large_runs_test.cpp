// Runs of thousands of rows keep what small ones do: parents before children, and refused rows alone wait.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* no_limits = "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n";
constexpr const char* job_and_step = "[[table]]\nname = 'job'\n[[table]]\nname = 'step'\n";

// Every row of both tables was edited on one side and deleted on the other: the edits win, and are written
// again.
class LargeRun : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(DeletedOn, LargeRun, testing::Bool(),
                         [](const auto& cloud) { return std::string(cloud.param ? "cloud" : "desktop"); });

TEST_P(LargeRun, WritesParentsAgainBeforeTheirChildren) {
    LivePair pair("large_again");
    pair.both(
        "create table job (id int primary key, body text);"
        "create table step (id int primary key, job int references job on delete cascade, body text)");
    pair.desktop.exec(
        "insert into job select i, 'j' from generate_series(1, 2600) i;"
        "insert into step select i, i, 's' from generate_series(1, 2600) i");
    pair.configure(std::string(no_limits) + job_and_step);
    EXPECT_EXIT_CODE(0, pair.sync());
    Db& edited = GetParam() ? pair.desktop : pair.cloud;
    Db& emptied = GetParam() ? pair.cloud : pair.desktop;
    edited.exec("update job set body = 'edited'; update step set body = 'edited'");
    emptied.exec("delete from job");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "parked") + reported(result, "pending"), 0) << told(result);
    EXPECT_ROWS(emptied, "select (select count(*) from job), (select count(*) from step)", "2600|2600");
    EXPECT_ROWS(pair.desktop, "select count(*) from tideway.waiting", "0");
    pair.expect_equal("select * from job order by id");
    pair.expect_equal("select * from step order by id");
    expect_quiet(pair);
}

TEST(LargeRuns, BringNewParentsBeforeTheirChildrenAndTakeChildrenAwayFirst) {
    LivePair pair("large_new");
    pair.both(
        "create table job (id int primary key, body text);"
        "create table step (id int primary key, job int not null references job, body text)");
    pair.configure(std::string(no_limits) + "[[table]]\nname = 'step'\n[[table]]\nname = 'job'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(
        "insert into job select i, 'j' from generate_series(1, 2600) i;"
        "insert into step select i, i, 's' from generate_series(1, 2600) i");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select (select count(*) from job), (select count(*) from step)", "2600|2600");
    pair.cloud.exec("delete from step; delete from job where id > 5");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select (select count(*) from job), (select count(*) from step)", "5|0");
    EXPECT_ROWS(pair.desktop, "select count(*) from tideway.waiting", "0");
    expect_quiet(pair);
}

TEST(LargeRuns, ParkTheRefusedRowsAloneWhereverTheyStand) {
    LivePair pair("large_refused");
    pair.desktop.exec(note_table);
    pair.cloud.exec(
        "create table note (id int primary key, body text check (body <> 'bad'), n int default 0)");
    pair.desktop.exec(
        "insert into note select i, case when i in (1, 2500, 5000, 5001, 6000) then 'bad' else 'note' end "
        "from generate_series(1, 6000) i");
    pair.configure(note_config);
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 5) << told(result);
    EXPECT_ROWS(pair.cloud, "select count(*) from note", "5995");
    expect_quiet(pair, 3);
    pair.desktop.exec("update note set body = 'mended' where body = 'bad'");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
}

}  // namespace
}  // namespace tideway::test
