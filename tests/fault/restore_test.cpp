// A side, or both, restored from a backup: the run notices, what the other side has of it comes back, nothing
// else goes with it (S4, 2.11).
#include "fault/restorable.hpp"

namespace tideway::test {
namespace {

// After the backup, and then agreed on by a sync: edits, new rows and deletes of both sides.
void agreed_edits(Ledger& users) {
    for (const int id : {1, 101, 1001, 1002}) users.update(At::desktop, id, 20);
    for (const int id : {2, 102, 1003, 1004, 1025}) users.update(At::cloud, id, 20);
    users.insert(At::desktop, 11, 0, 20);
    users.insert(At::desktop, 130, 11, 20);
    users.insert(At::desktop, 1050, 130, 20);
    users.insert(At::cloud, 12, 0, 20);
    users.insert(At::cloud, 131, 12, 20);
    users.insert(At::cloud, 1051, 131, 20);
    users.remove(At::desktop, 1009);  // created at the desktop
    users.remove(At::cloud, 1026);    // created by a phone
}
constexpr int agreed_deletes[] = {1009, 1026};

// Written after the last sync.
void late_edits(Ledger& users) {
    for (const int id : {3, 103, 1005, 1001}) users.update(At::desktop, id, 30);
    for (const int id : {4, 104, 1006, 1003}) users.update(At::cloud, id, 30);
    users.insert(At::desktop, 13, 0, 30);
    users.insert(At::cloud, 14, 0, 30);
}

// Rows whose deletion both sides had agreed on stay away, or wait for a person where the backup holds
// them.
void expect_not_resurrected(const Restorable& pair, At restored) {
    Db desktop = pair.open(At::desktop);
    const auto here = pair.rows(restored), there = pair.rows(across(restored));
    for (const int id : agreed_deletes) {
        EXPECT_FALSE(there.contains(id)) << id << " came back at the " << word(across(restored));
        EXPECT_TRUE(!here.contains(id) || waits(desktop, id)) << id << " is back and does not wait";
    }
}

class Restore : public testing::TestWithParam<const char*> {
  public:
    // Synchronised; then backups; then `agreed_edits`, synchronised; then late edits of both sides.
    void prepare() {
        pair.work(first_rows);
        EXPECT_EQ(pair.sync().exit_code, 0);
        for (const At side : both_sides) pair.backup(side);
        pair.work(agreed_edits);
        const TidewayResult agreed = pair.sync();
        EXPECT_EQ(agreed.exit_code, 0) << told(agreed);
        pair.work(late_edits);
    }
    Restorable pair{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Captures, Restore, testing::Values("auto", "changelog", "xmin"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(Restore, OfTheCloudIsNoticedAndTakesNothingFromTheDesktop) {
    prepare();
    pair.restore(At::cloud);
    pair.work([](Ledger& users) { users.update(At::cloud, 1002, 40); });  // on top of what the backup holds
    const auto desktop_before = pair.rows(At::desktop);
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(told_rolled_back(result, At::cloud)) << told(result);
    EXPECT_FALSE(told_rolled_back(result, At::desktop)) << told(result);
    EXPECT_EQ(result.exit_code, 3) << told(result);
    pair.expect_no_regression(At::desktop, desktop_before);
    expect_not_resurrected(pair, At::cloud);
    EXPECT_TRUE([&] {
        Db db = pair.open(At::desktop);
        return waits(db, 1009) && waits(db, 1026);
    }()) << "R22: held";
    const TidewayResult later = pair.sync();
    EXPECT_FALSE(told_rolled_back(later, At::cloud)) << told(later);
    expect_not_resurrected(pair, At::cloud);
    pair.expect_settled(3);
}

TEST_P(Restore, OfTheDesktopIsNoticedAndTakesNothingFromTheCloud) {
    prepare();
    pair.restore(At::desktop);
    pair.work([](Ledger& users) { users.update(At::desktop, 1004, 40); });
    const auto cloud_before = pair.rows(At::cloud);
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(told_rolled_back(result, At::desktop)) << told(result);
    EXPECT_FALSE(told_rolled_back(result, At::cloud)) << told(result);
    pair.expect_no_regression(At::cloud, cloud_before);
    expect_not_resurrected(pair, At::desktop);
    pair.expect_settled(result.exit_code);
    EXPECT_FALSE(told_rolled_back(pair.sync(), At::desktop));
}

// Nobody touches anything after the restore: the look that precedes a run must see that there is something to
// do.
TEST_P(Restore, OfASideIsNoticedWhereNobodyHasWrittenSince) {
    for (const At side : both_sides) {
        SCOPED_TRACE(word(side));
        Restorable quiet(GetParam());
        quiet.work(first_rows);
        EXPECT_EQ(quiet.sync().exit_code, 0);
        quiet.backup(side);
        quiet.work(agreed_edits);
        EXPECT_EQ(quiet.sync().exit_code, 0);
        quiet.restore(side);
        const auto before = quiet.rows(across(side));
        const TidewayResult result = quiet.sync();
        EXPECT_TRUE(told_rolled_back(result, side)) << told(result);
        quiet.expect_no_regression(across(side), before);
        expect_not_resurrected(quiet, side);
        quiet.expect_settled(result.exit_code);
    }
}

// A run that died after writing to the cloud, and a desktop that no longer knows what it had sent.
TEST_P(Restore, OfTheDesktopAfterAKilledRun) {
    prepare();
    EXPECT_EQ(pair.sync({{"TIDEWAY_FAILPOINTS", "M5a.committed=kill9"}}).exit_code, -SIGKILL);
    pair.restore(At::desktop);
    const auto cloud_before = pair.rows(At::cloud);
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(told_rolled_back(result, At::desktop)) << told(result);
    pair.expect_no_regression(At::cloud, cloud_before);
    expect_not_resurrected(pair, At::desktop);
    pair.expect_settled(result.exit_code);
}

TEST_P(Restore, OfBothOneAfterTheOther) {
    prepare();
    pair.restore(At::cloud);
    const TidewayResult first = pair.sync();
    EXPECT_TRUE(told_rolled_back(first, At::cloud)) << told(first);
    pair.work([](Ledger& users) { users.update(At::cloud, 105, 50); });
    // The desktop's backup is of the time before the agreed edits, the cloud holds them again.
    pair.restore(At::desktop);
    const auto cloud_before = pair.rows(At::cloud);
    const TidewayResult second = pair.sync();
    EXPECT_TRUE(told_rolled_back(second, At::desktop) || told_rolled_back(second, At::cloud)) << told(second);
    pair.expect_no_regression(At::cloud, cloud_before);
    pair.expect_settled(second.exit_code);
}

// The story of model/README.md: the run that notices the restore of the cloud dies somewhere on its way, and
// the desktop is restored to before that run. No number tells that the cloud went back; the epoch does.
TEST(RestoreOfBoth, OfTheDesktopToBeforeARunThatHadNoticedTheRestoreOfTheCloud) {
    const char* captures[] = {"auto", "changelog", "xmin"};
    std::size_t number = 0;
    for (const char* death : {"S2.recovered", "S3.taken", "M3.cloud", "M5a.before", "M5a.committed",
                              "M6a.committed", "M7.committed", ""}) {
        SCOPED_TRACE(fmt::format("the run dies at {}", death));
        Restorable twice(captures[number++ % 3]);
        twice.work(first_rows);
        EXPECT_EQ(twice.sync().exit_code, 0);
        twice.backup(At::cloud);
        twice.work([](Ledger& users) {
            for (const int id : {1, 101, 1001}) users.update(At::cloud, id, 20);
            users.update(At::desktop, 1002, 20);
        });
        EXPECT_EQ(twice.sync().exit_code, 0);
        twice.backup(At::desktop);
        twice.restore(At::cloud);
        Environment env;
        if (*death != '\0') env["TIDEWAY_FAILPOINTS"] = std::string(death) + "=kill9";
        twice.sync(env);
        twice.restore(At::desktop);
        const auto desktop_before = twice.rows(At::desktop), cloud_before = twice.rows(At::cloud);
        const TidewayResult result = twice.sync();
        EXPECT_EQ(result.exit_code, 0) << told(result);
        EXPECT_TRUE(told_rolled_back(result, At::desktop) || told_rolled_back(result, At::cloud))
            << told(result);
        twice.expect_no_regression(At::desktop, desktop_before);
        twice.expect_no_regression(At::cloud, cloud_before);
        twice.expect_settled(0);
    }
}

}  // namespace
}  // namespace tideway::test
