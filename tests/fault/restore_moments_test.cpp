// Restores whose moment matters: a backup that lies between a run's steps, sides whose numbers are far apart, a
// second backup that is newer than the first.
#include "fault/restorable.hpp"
#include "support/pause_at.hpp"

namespace tideway::test {
namespace {

constexpr int created = 12;  // a customer that is new at one side

class RestoreMoments : public testing::Test {
  public:
    RestoreMoments() {
        pair.work(first_rows);
        EXPECT_EQ(pair.sync().exit_code, 0);
    }

    long long number_of(At side) const {
        Db db = pair.open(side);
        return db.number("select seq from tideway.lease");
    }
    // The lease of a side counts what happens there; edits of one side move the other side's number faster.
    void let_numbers_run_ahead(At side) {
        for (int round = 0; round < 30 && number_of(side) < number_of(across(side)) + 6; ++round) {
            pair.work([&](Ledger& users) { users.update(across(side), 1, 2); });
            EXPECT_EQ(pair.sync().exit_code, 0);
        }
        EXPECT_GE(number_of(side), number_of(across(side)) + 6);
    }
    void create_a_customer(At side) {
        pair.work([&](Ledger& users) { users.insert(side, created, 0, 20); });
    }
    void expect_there(At side) { EXPECT_TRUE(pair.rows(side).contains(created)) << word(side); }

    Restorable pair{"auto"};
};

// The run reads the cloud after the backup was made, and writes nothing there: its number alone can tell.
TEST_F(RestoreMoments, OfTheCloudToBetweenARunsLeaseAndItsReading) {
    pair.work([](Ledger& users) { users.update(At::cloud, 2, 20); });
    const PauseAt pause("S3.taken");
    const auto run = start_tideway(pair.office.config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached();
    pair.backup_while_running(At::cloud);
    create_a_customer(At::cloud);
    pause.release();
    EXPECT_EQ(run->wait(std::chrono::minutes(1)), 0) << run->err();
    expect_there(At::desktop);
    pair.restore(At::cloud);
    const auto desktop_before = pair.rows(At::desktop);
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(told_rolled_back(result, At::cloud)) << told(result);
    expect_there(At::desktop);
    expect_there(At::cloud);
    pair.expect_no_regression(At::desktop, desktop_before);
    pair.expect_settled(0);
}

TEST_F(RestoreMoments, OfACloudThatIsAheadForgetsWhatTheDesktopReceivedSince) {
    let_numbers_run_ahead(At::cloud);
    pair.backup(At::cloud);
    create_a_customer(At::cloud);
    EXPECT_EQ(pair.sync().exit_code, 0);
    pair.restore(At::cloud);
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(told_rolled_back(result, At::cloud)) << told(result);
    expect_there(At::desktop);
    expect_there(At::cloud);
    pair.expect_settled(0);
}

TEST_F(RestoreMoments, OfADesktopThatIsAheadRefusesTheReceiptOfARunThatItForgot) {
    let_numbers_run_ahead(At::desktop);
    pair.backup(At::desktop);
    create_a_customer(At::desktop);
    EXPECT_EQ(pair.sync({{"TIDEWAY_FAILPOINTS", "M5a.committed=kill9"}}).exit_code, -SIGKILL);
    pair.restore(At::desktop);
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(told_rolled_back(result, At::desktop)) << told(result);
    expect_there(At::desktop);
    expect_there(At::cloud);
    pair.expect_settled(0);
}

TEST_F(RestoreMoments, AKilledRunOfACloudThatIsAheadIsNoRestore) {
    let_numbers_run_ahead(At::cloud);
    create_a_customer(At::desktop);
    EXPECT_EQ(pair.sync({{"TIDEWAY_FAILPOINTS", "M5a.committed=kill9"}}).exit_code, -SIGKILL);
    const TidewayResult result = pair.sync();
    for (const At side : both_sides) EXPECT_FALSE(told_rolled_back(result, side)) << told(result);
    EXPECT_EQ(result.json.value("receipts_booked", 0), 1) << told(result);
    pair.expect_settled(0);
}

// The first backup was too old, so a newer one is taken. Between the two a run has learned of a deletion.
TEST_F(RestoreMoments, OfTheCloudOnceMoreToANewerBackupBringsNoDeletedRowBack) {
    pair.backup(At::cloud, "older");
    create_a_customer(At::cloud);
    EXPECT_EQ(pair.sync().exit_code, 0);
    pair.backup(At::cloud, "newer");
    pair.restore(At::cloud, "older");
    pair.work([](Ledger& users) { users.remove(At::desktop, created); });
    EXPECT_EQ(pair.sync().exit_code, 0);
    pair.restore(At::cloud, "newer");
    const TidewayResult result = pair.sync();
    EXPECT_EQ(result.exit_code, 3) << told(result);
    EXPECT_FALSE(pair.rows(At::desktop).contains(created)) << "a deleted row came back";
    Db desktop = pair.open(At::desktop);
    EXPECT_TRUE(waits(desktop, created)) << "R22: held";
    pair.expect_settled(3);
}

}  // namespace
}  // namespace tideway::test
