// A batch of the cloud that is sent while the one before it is still written: seen by nobody, in nobody's way, and written in
// its turn as if it had been sent then.
#include "conformance/pair.hpp"

namespace tideway::conformance {
namespace {

class Ahead : public Pair {
  protected:
    std::unique_ptr<Batch> batch(const LinkedTable& table, std::vector<PlannedRow> rows) {
        auto made = std::make_unique<Batch>();
        made->run = "run-1";
        made->source_barrier = 1;
        made->sections = {{&table, std::move(rows)}};
        return made;
    }
    std::unique_ptr<Batch> update(const LinkedTable& table, const std::string& id) {
        return batch(table, {planned(table, Side::cloud, Write::update, {id}, Cells{id, "ours"})});
    }
    void two_jobs() { db(Side::cloud).exec("insert into job values (1, 'a'), (2, 'b')"); }
    std::string titles() { return table_text(Side::cloud, "id || ':' || title"); }
    std::string user_updates(const std::string& id) {
        return "set lock_timeout = '200ms'; update job set title = 'user' where id = " + id;
    }
};
CONFORMANCE_SUITE(Ahead, servers_only);

constexpr const char* job = "(id integer primary key, title text)";

TEST_P(Ahead, NothingIsThereBeforeItsTurnAndEverythingAfterIt) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const auto planned_update = update(table, "1");
    const std::unique_ptr<SentBatch> sent = cloud().send_ahead(*planned_update, Line::usual);
    ASSERT_TRUE(sent);
    EXPECT_EQ(titles(), "1:a 2:b");
    EXPECT_TRUE(cloud().receipts(0).empty());
    const BatchOutcome outcome = *sent->finish(cloud_fence, 0);
    EXPECT_EQ(fates(outcome), "applied");
    EXPECT_EQ(outcome.sequence, cloud_fence + 1);
    EXPECT_EQ(titles(), "1:ours 2:b");
    ASSERT_EQ(cloud().receipts(0).size(), 1U);
    EXPECT_EQ(cloud().receipts(0).front().sequence, outcome.sequence);
}

TEST_P(Ahead, WhatIsNotFinishedLeavesNothing) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const std::int64_t before = cloud().lease().sequence;
    const auto planned_update = update(table, "1");
    ASSERT_TRUE(cloud().send_ahead(*planned_update, Line::beside));
    EXPECT_EQ(titles(), "1:a 2:b");
    EXPECT_EQ(cloud().lease().sequence, before);
    db(Side::cloud).exec(user_updates("1"));
    EXPECT_EQ(titles(), "1:user 2:b");
}

TEST_P(Ahead, TwoBatchesWaitAndAreCommittedInOrder) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const auto first = update(table, "1"), second = update(table, "2");
    auto sent = cloud().send_ahead(*first, Line::usual), beside = cloud().send_ahead(*second, Line::beside);
    ASSERT_TRUE(sent && beside);
    const BatchOutcome outcome = *sent->finish(cloud_fence, 0);
    EXPECT_EQ(titles(), "1:ours 2:b");
    EXPECT_EQ(fates(*beside->finish(outcome.sequence, 0)), "applied");
    EXPECT_EQ(titles(), "1:ours 2:ours");
}

TEST_P(Ahead, ARunThatWasOvertakenMeanwhileWritesNothing) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const auto planned_update = update(table, "1");
    const std::unique_ptr<SentBatch> sent = cloud().send_ahead(*planned_update, Line::usual);
    ASSERT_TRUE(sent);
    db(Side::cloud).exec("update tideway.lease set seq = seq + 1");
    EXPECT_EQ(caught<Error>([&] { sent->finish(cloud_fence, 0); })->code(), Code::fenced);
    EXPECT_EQ(titles(), "1:a 2:b");
    EXPECT_TRUE(cloud().receipts(0).empty());
}

TEST_P(Ahead, ValuesThatOnlyOneRowMayHaveAreWrittenInTurn) {
    const LinkedTable& table = synced("(id integer primary key, title text unique)");
    two_jobs();
    const auto frees = update(table, "1");
    frees->sections[0].rows[0].cells = Cells{"1", "c"};
    const auto takes = update(table, "2");
    takes->sections[0].rows[0].cells = Cells{"2", "a"};
    auto sent = cloud().send_ahead(*frees, Line::usual), beside = cloud().send_ahead(*takes, Line::beside);
    ASSERT_TRUE(sent && beside);
    const BatchOutcome outcome = *sent->finish(cloud_fence, 0);
    EXPECT_EQ(fates(*beside->finish(outcome.sequence, 0)), "applied");
    EXPECT_EQ(titles(), "1:c 2:a");
}

// Sequences that number the rows move without a transaction, and must not go back.
TEST_P(Ahead, NewRowsAreWrittenInTurn) {
    const LinkedTable& table = synced("(id serial primary key, title text)");
    const auto far = batch(table, {planned(table, Side::cloud, Write::insert, {"7"}, Cells{"7", "ours"})});
    const auto near = batch(table, {planned(table, Side::cloud, Write::insert, {"3"}, Cells{"3", "ours"})});
    auto sent = cloud().send_ahead(*far, Line::usual), beside = cloud().send_ahead(*near, Line::beside);
    ASSERT_TRUE(sent && beside);
    EXPECT_EQ(db(Side::cloud).scalar("select last_value::text || is_called from job_id_seq"), "1false");
    const BatchOutcome outcome = *sent->finish(cloud_fence, 0);
    EXPECT_EQ(fates(*beside->finish(outcome.sequence, 0)), "applied");
    EXPECT_EQ(db(Side::cloud).scalar("select last_value::text || is_called from job_id_seq"), "7true");
}

TEST_P(Ahead, WhatAUserWritesBeforeItsTurnStays) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const auto planned_update =
        batch(table, {planned(table, Side::cloud, Write::update, {"1"}, Cells{"1", "ours"}),
                      planned(table, Side::cloud, Write::update, {"2"}, Cells{"2", "ours"})});
    const std::unique_ptr<SentBatch> sent = cloud().send_ahead(*planned_update, Line::usual);
    ASSERT_TRUE(sent);
    db(Side::cloud).exec(user_updates("1"));
    EXPECT_EQ(fates(*sent->finish(cloud_fence, 0)), "raced applied");
    EXPECT_EQ(titles(), "1:user 2:ours");
}

TEST_P(Ahead, UsersMayBuildAnIndexBeforeItsTurn) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const auto planned_update = update(table, "1");
    const std::unique_ptr<SentBatch> sent = cloud().send_ahead(*planned_update, Line::beside);
    ASSERT_TRUE(sent);
    db(Side::cloud).exec("set lock_timeout = '200ms'; create unique index on job (title)");
    EXPECT_EQ(fates(*sent->finish(cloud_fence, 0)), "applied");
}

TEST_P(Ahead, ATableWhoseColumnsSomebodyChangesIsNotWaitedForLong) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const auto planned_update = update(table, "1");
    db(Side::cloud).exec("begin");
    db(Side::cloud).exec("alter table job add note text");
    const auto started = std::chrono::steady_clock::now();
    EXPECT_TRUE(caught<TableBusy>([&] { cloud().send_ahead(*planned_update, Line::beside); }));
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::milliseconds(1'500));
    db(Side::cloud).exec("commit");
}

// Locked as a whole in its turn, and not before.
TEST_P(Ahead, ATableWithoutAnIndexOnItsKeyIsFreeUntilThen) {
    both("create table job (id integer, title text)");
    install_pair();
    TableSetting setting;
    setting.key = {"id"};
    const LinkedTable& table = linked("job", setting);
    install(table);
    const auto first = batch(table, {planned(table, Side::cloud, Write::insert, {"1"}, Cells{"1", "ours"})});
    const auto second = batch(table, {planned(table, Side::cloud, Write::insert, {"2"}, Cells{"2", "ours"})});
    auto sent = cloud().send_ahead(*first, Line::usual), beside = cloud().send_ahead(*second, Line::beside);
    ASSERT_TRUE(sent && beside);
    const BatchOutcome outcome = *sent->finish(cloud_fence, 0);
    EXPECT_EQ(fates(*beside->finish(outcome.sequence, 0)), "applied");
    EXPECT_EQ(titles(), "1:ours 2:ours");
}

// What the type is compared with when the rows are sent may not be all that it is compared with by then.
TEST_P(Ahead, ATableWithATypeThatMayGetChecksIsNotSentAhead) {
    both("create domain word as text; create table jobs (id integer primary key, titles word[])");
    db(Side::desktop).exec("create table job (id integer primary key, title text)");
    db(Side::cloud).exec("create table job (id integer primary key, title word)");
    install_pair();
    for (const std::string name : {"job", "jobs"}) {
        const LinkedTable& table = linked(name);
        install(table);
        const auto insert = batch(table, {planned(table, Side::cloud, Write::insert, {"1"}, Cells{"1", "{ours}"})});
        EXPECT_FALSE(cloud().send_ahead(*insert, Line::beside)) << name;
    }
}

TEST_P(Ahead, OnlyTheCloudBegins) {
    const LinkedTable& table = synced(job);
    db(Side::desktop).exec("insert into job values (1, 'a')");
    const auto planned_update = batch(table, {planned(table, Side::desktop, Write::update, {"1"}, Cells{"1", "x"})});
    EXPECT_FALSE(desktop().send_ahead(*planned_update, Line::usual));
}

// A renewal needs a connection, and a pooler may have none left.
TEST_P(Ahead, ALeaseThatABatchHasJustKeptFreshIsNotRenewed) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const auto planned_update = update(table, "1");
    planned_update->fence = cloud_fence;
    EXPECT_EQ(fates(cloud().apply(*planned_update)), "applied");
    const std::string long_ago = "update tideway.lease set at = at - interval '1 minute'";
    db(Side::cloud).exec(long_ago);
    cloud().renew_lease("run-1");
    EXPECT_GT(cloud().lease().age_micros, 50'000'000);
}

TEST_P(Ahead, OneWhoseConnectionHasEndedIsToldFromAFailureAndMayBeSentAgain) {
    const LinkedTable& table = synced(job);
    two_jobs();
    const auto planned_update = update(table, "1");
    std::unique_ptr<SentBatch> sent = cloud().send_ahead(*planned_update, Line::beside);
    ASSERT_TRUE(sent);
    db(Side::cloud).exec(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
        "and state = 'idle in transaction'");
    EXPECT_FALSE(sent->finish(cloud_fence, 0));
    sent.reset();
    EXPECT_EQ(titles(), "1:a 2:b");
    sent = cloud().send_ahead(*planned_update, Line::beside);
    ASSERT_TRUE(sent);
    EXPECT_EQ(fates(*sent->finish(cloud_fence, 0)), "applied");
}

}  // namespace
}  // namespace tideway::conformance
