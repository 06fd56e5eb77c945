// A merge is two writes, one a side. Whatever happens between them, every addition counts exactly once.
#include <signal.h>

#include "scenario/merge_fixture.hpp"

namespace tideway::test {
namespace {

struct Death {
    const char* point;
    int hit;
    bool merged;  // the cloud has the merged row by then
};
// The second hit of a failpoint is in the round in which the desktop's row follows; only that round writes there.
const std::vector<Death> deaths{{"M5a.before", 1, false},       {"M5a.before_commit", 1, false},
                                {"M5a.committed", 1, true},     {"M6a.before_commit", 1, true},
                                {"M6a.committed", 1, true},     {"M3.cloud", 2, true},
                                {"M5b.before", 2, true},        {"M5b.before_commit", 1, true},
                                {"M5b.committed", 1, true},     {"M7.before", 1, true},
                                {"M7.committed", 1, true}};

TEST(MergeFaults, P9_a_run_that_dies_anywhere_in_a_merge_loses_nothing_and_adds_nothing_twice) {
    const MergePair pair("merge_sweep", merge_toml(), static_cast<int>(deaths.size()));
    int id = 0;
    for (const auto& [point, hit, merged] : deaths) {
        SCOPED_TRACE(fmt::format("{} hit {}", point, hit));
        ++id;
        pair.edit(At::desktop, "title = 'office', hours = hours + 2, note = note || ' office.'", id);
        pair.edit(At::cloud, "place = 'phone', hours = hours - 1, note = note || ' phone.'", id);
        EXPECT_SYNC(pair.sync({}, {{"TIDEWAY_FAILPOINTS", fmt::format("{}=kill9@{}", point, hit)}}), -SIGKILL);
        if (merged) pair.edit(At::desktop, "hours = hours + 100", id);  // whichever row it meets
        EXPECT_SYNC(pair.sync(), 0);
        EXPECT_EQ(pair.values(At::cloud, id),
                  fmt::format("office|phone|Open|{}|note office. phone.", merged ? "111.00" : "11.00"));
        EXPECT_EQ(pair.values(At::desktop, id), pair.values(At::cloud, id));
    }
    EXPECT_EQ(conflicts(pair), "");
    expect_in_agreement(pair, kMerged);
}

TEST(MergeFaults, a_batch_that_is_tried_again_adds_once) {
    const MergePair pair("merge_retry");
    pair.edit(At::desktop, "hours = hours + 2");
    pair.edit(At::cloud, "hours = hours - 1");
    for (const char* point : {"M5a.before_commit", "M5b.before_commit"})
        pair.sync({}, {{"TIDEWAY_FAILPOINTS", fmt::format("{}=throw", point)}});
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.desktop, "select hours from job", "11.00");
    expect_in_agreement(pair, kMerged);
}

// The user edits the very row again between the decision and the write.
TEST(MergeFaults, an_edit_in_the_cloud_while_it_is_merged_is_merged_too) {
    const MergePair pair("merge_raced");
    pair.edit(At::desktop, "hours = hours + 2");
    pair.edit(At::cloud, "hours = hours - 1");
    const PauseAt pause("M5a.before");
    auto run = start_tideway(pair.config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached(std::chrono::seconds(100));
    pair.edit(At::cloud, "hours = hours + 5, place = 'again'");
    pause.release();
    EXPECT_EQ(run->wait(std::chrono::seconds(60)), 0) << run->out() << run->err();
    EXPECT_EQ(pair.values(At::desktop, 1), "title|again|Open|16.00|note");
    expect_in_agreement(pair, kMerged);
}

// The merged row is in the cloud, the desktop's has not followed yet.
TEST(MergeFaults, an_edit_on_the_desktop_before_the_merged_row_arrives_is_merged_too) {
    const MergePair pair("merge_between");
    pair.edit(At::desktop, "hours = hours + 2");
    pair.edit(At::cloud, "hours = hours - 1");
    const PauseAt pause("M5b.before", 2);
    auto run = start_tideway(pair.config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached(std::chrono::seconds(100));
    EXPECT_ROWS(pair.cloud, "select hours from job", "11.00");
    pair.edit(At::desktop, "hours = hours + 5, title = 'again'");
    pause.release();
    EXPECT_EQ(run->wait(std::chrono::seconds(60)), 0) << run->out() << run->err();
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_EQ(pair.values(At::desktop, 1), "again|place|Open|16.00|note");
    expect_in_agreement(pair, kMerged);
}

// What happens to the agreed value: 10, +2 and -2 give the value that the cloud had before.
TEST(MergeFaults, a_merged_value_that_is_the_agreed_one_again_still_reaches_the_desktop) {
    const MergePair pair("merge_same");
    pair.edit(At::desktop, "hours = hours + 2");
    pair.edit(At::cloud, "hours = hours - 2");
    EXPECT_SYNC(pair.sync({}, {}), 0);
    EXPECT_ROWS(pair.desktop, "select hours from job", "10.00");
    expect_in_agreement(pair, kMerged);
}

TEST(MergeFaults, a_row_that_is_deleted_while_it_follows_stays_deleted) {
    const MergePair pair("merge_deleted");
    pair.edit(At::desktop, "hours = hours + 2");
    pair.edit(At::cloud, "hours = hours - 1");
    EXPECT_SYNC(pair.sync({"--direction", "forward"}), 0);
    pair.open(At::cloud).exec("delete from job");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.desktop, "select count(*) from job", "0");
    expect_in_agreement(pair, kMerged);
}

// The desktop is restored to a moment between its edit and the booking of the merge: counting what the cloud's row has
// from the desktop already as an addition of the cloud would double it.
TEST(MergeFaults, P9_a_restored_desktop_adds_nothing_twice) {
    MergePair pair("merge_restored");
    pair.edit(At::desktop, "hours = hours + 2");
    pair.edit(At::cloud, "hours = hours - 1");
    const std::string copy = fmt::format("{}_copy", pair.desktop.name());
    Db admin(shared_desktop().url("postgres"));
    admin.exec(fmt::format("create database {} template {}", copy, pair.desktop.name()));
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(pair.sync({"--mode", "full"}), 0);
    admin.exec(fmt::format("drop database {}", pair.desktop.name()));
    admin.exec(fmt::format("alter database {} rename to {}", copy, pair.desktop.name()));
    // A copied database is refused, as it must be; this one is meant to be the original.
    pair.open(At::desktop)
        .exec("update tideway.pair set system_id = regexp_replace(system_id, '[.][0-9]+$', '.' || (select oid from "
              "pg_database where datname = current_database()))");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(result.json["desktop_rolled_back"], true);
    EXPECT_EQ(job_of(result)["merged"], 0) << "the past of the row is not known any more";
    EXPECT_ROWS(pair.cloud, "select hours from job", "11.00");
    EXPECT_ROWS(pair.desktop, "select hours from job", "11.00");
}

}  // namespace
}  // namespace tideway::test
