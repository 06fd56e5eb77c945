// What a store keeps of its own: identity, lease, agreements, marks, waiting keys, history.
#include "conformance/pair.hpp"

namespace tideway::conformance {
namespace {

class State : public Pair {};
CONFORMANCE_SUITE(State, pure_kinds);

constexpr const char* job = "(id integer primary key, title text)";

TEST_P(State, AFreshDatabaseHasNoIdentityAndNoObjects) {
    for (const Side side : {Side::desktop, Side::cloud}) {
        EXPECT_FALSE(store(side).identity("main").has_value());
        EXPECT_TRUE(store(side).own_objects().empty());
    }
}

TEST_P(State, TheIdentityIsThatOfTheFirstInstallation) {
    for (const Side side : {Side::desktop, Side::cloud}) {
        PairIdentity identity{"first", "server", side, {11, -12}, 1};
        store(side).install("main", identity);
        identity.uuid = "second";
        identity.seeds = {1, 2};
        store(side).install("main", identity);
        const auto found = store(side).identity("main");
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(found->uuid, "first");
        EXPECT_EQ(found->system_id, "server");
        EXPECT_EQ(found->seeds, (Hash{11, -12}));
        EXPECT_EQ(found->side, side);
        EXPECT_FALSE(store(side).identity("other").has_value());
    }
    EXPECT_NE(desktop().archive(), nullptr);
    EXPECT_EQ(cloud().archive(), nullptr);
}

TEST_P(State, UninstallLeavesTheUsersTablesAndNothingElse) {
    synced(job);
    both("insert into job values (1, 'stays')");
    for (const Side side : {Side::desktop, Side::cloud}) {
        EXPECT_FALSE(store(side).own_objects().empty());
        store(side).uninstall();
        EXPECT_TRUE(store(side).own_objects().empty()) << store(side).own_objects().front();
        EXPECT_FALSE(store(side).identity("main").has_value());
        EXPECT_EQ(table_text(side, "title"), "stays");
        db(side).exec("insert into job values (2, 'written without a trigger')");
    }
}

TEST_P(State, KnownTablesTellTheirCaptureAndWhetherItIsWhole) {
    const LinkedTable& table = synced(job);
    for (const Side side : {Side::desktop, Side::cloud}) {
        const auto known = store(side).known_tables();
        ASSERT_EQ(known.size(), 1U);
        EXPECT_EQ(known[0].id, table.id);
        EXPECT_EQ(known[0].capture, Capture::changelog);
        EXPECT_EQ(known[0].desktop, table.desktop);
        EXPECT_EQ(known[0].key_columns, identity_text(table, side));
        EXPECT_EQ(known[0].definition, definition(table));
        EXPECT_TRUE(known[0].intact);
        db(side).exec("drop table job");
        EXPECT_FALSE(store(side).known_tables().at(0).intact);
    }
}

TEST_P(State, ALeaseIsTakenOnceAndSeenByOthersUntilItIsGivenBack) {
    install_pair();
    const auto other = db(Side::cloud).open(Side::cloud);
    ASSERT_TRUE(other->identity("main").has_value());
    const LeaseState held = other->lease();
    EXPECT_EQ(held.run, "run-1");
    EXPECT_TRUE(held.held);
    EXPECT_EQ(held.sequence, cloud_fence);
    LeaseState stale = held;
    --stale.sequence;
    EXPECT_FALSE(other->take_lease(stale, held.sequence + 1, "run-2", "me", ""));
    cloud().release_lease("run-2");  // not the holder
    EXPECT_TRUE(other->lease().held);
    cloud().release_lease("run-1");
    EXPECT_FALSE(other->lease().held);
    EXPECT_TRUE(other->take_lease(held, held.sequence + 1, "run-2", "me", "epoch"));
    EXPECT_EQ(cloud().lease().run, "run-2");
    EXPECT_EQ(cloud().lease().epoch, "epoch");
}

TEST_P(State, ABarrierRaisesTheFenceAndOneThatWasTakenOverIsRefused) {
    install_pair();
    EXPECT_EQ(cloud().barrier(cloud_fence, 0), cloud_fence + 1);
    EXPECT_EQ(desktop().barrier(desktop_fence, cloud_fence + 1), desktop_fence + 1);
    EXPECT_EQ(archive().peer_sequence(), cloud_fence + 1);
    for (const Side side : {Side::desktop, Side::cloud}) {
        const auto error = caught<Error>([&] { store(side).barrier(1000, 0); });
        EXPECT_EQ(error->code(), Code::fenced);
    }
}

TEST_P(State, RenewingKeepsALeaseYoung) {
    install_pair();
    cloud().renew_lease("run-1");
    EXPECT_LT(cloud().lease().age_micros, 5'000'000);
    cloud().renew_lease("run-2");
    EXPECT_EQ(cloud().lease().run, "run-1");
}

TEST_P(State, AHeldDesktopLeaseKeepsOtherRunsOut) {
    install_pair();
    const auto other = db(Side::desktop).open(Side::desktop);
    ASSERT_TRUE(other->identity("main").has_value());
    const auto error = caught<Error>(
        [&] { other->archive()->recover(known_cloud(), cloud().lease(), {}, "run-2", "elsewhere:1:1"); });
    EXPECT_EQ(error->code(), Code::lease_held);
}

TEST_P(State, BookedAgreementsAreTheBaseThatRowsAreComparedWith) {
    const LinkedTable& table = synced(job);
    db(Side::desktop).exec("insert into job values (1, 'a'), (2, 'b')");
    EXPECT_EQ(changed_keys(table), "1 2");
    agree_on(table, {{"1"}, {"2"}});
    EXPECT_EQ(changed_keys(table), "");
    db(Side::desktop).exec("update job set title = 'c' where id = 2");
    const auto groups = candidates(table);
    ASSERT_EQ(groups.size(), 1U);
    ASSERT_EQ(groups[0].base.size(), 1U);
    EXPECT_EQ(groups[0].base[0].entry.state, BaseState::live);
    EXPECT_EQ(groups[0].base[0].entry.cloud, row(Side::cloud, table, {"2"}).facts.hash);
    EXPECT_NE(groups[0].base[0].entry.desktop, groups[0].desktop.at(0).facts.hash);
}

TEST_P(State, BookingWithAnOldFenceChangesNothing) {
    const LinkedTable& table = synced(job);
    Booking booking;
    booking.run = "run-1";
    booking.waiting.push_back({&table, {"1"}, "held", "R9", "why", {}});
    const auto error = caught<Error>([&] { archive().book(booking, desktop_fence + 5); });
    EXPECT_EQ(error->code(), Code::fenced);
    EXPECT_FALSE(archive().anything_waits());
}

TEST_P(State, WaitingKeysAreListedChosenAndSettled) {
    const LinkedTable& table = synced(job);
    Booking booking;
    booking.run = "run-1";
    booking.waiting = {{&table, {"1"}, "held", "R9", "a delete", {}},
                       {&table, {"2"}, "parked", "R7", "no parent", {"23503", "", "its detail", "fk"}},
                       {&table, {"3"}, "conflict", "R5", "both", {}}};
    archive().book(booking, desktop_fence);
    EXPECT_TRUE(archive().anything_waits());
    const auto waiting = archive().waiting({}).cases;
    ASSERT_EQ(waiting.size(), 3U);
    const auto of = [&](const std::string& key) {
        return *std::find_if(waiting.begin(), waiting.end(),
                             [&](const auto& w) { return w.key == Key{key}; });
    };
    EXPECT_EQ(of("2").constraint, "fk");
    EXPECT_EQ(of("2").sqlstate, "23503");
    archive().choose(of("1").id, {Side::cloud});
    EXPECT_EQ(caught<Error>([&] { archive().choose(424242, {Side::cloud}); })->code(), Code::conflict_unknown);
    const TableCounts counts = archive().counts().at(0);
    EXPECT_EQ(counts.held, 1);
    EXPECT_EQ(counts.parked, 1);
    EXPECT_EQ(counts.conflicts, 1);

    const auto snapshot = desktop().snapshot({&table});
    const auto worklist = archive().worklist(table, true);
    worklist->add_waiting_keys();
    const auto groups = worklist->next(Part::everything, 10, 1000);
    ASSERT_EQ(groups.size(), 3U);
    for (const CandidateGroup& group : groups)
        EXPECT_EQ(group.waiting.at(0).chosen,
                  group.key == Key{"1"} ? std::optional(Choice{Side::cloud}) : std::nullopt);
}

TEST_P(State, PendingReplacesNeitherParkedNorAChoice) {
    const LinkedTable& table = synced(job);
    Booking booking;
    booking.run = "run-1";
    booking.waiting = {{&table, {"1"}, "parked", "R7", "", {}}, {&table, {"2"}, "held", "R9", "", {}}};
    archive().book(booking, desktop_fence);
    for (WaitingKey& key : booking.waiting) key.kind = "pending";
    archive().book(booking, desktop_fence);
    const TableCounts counts = archive().counts().at(0);
    EXPECT_EQ(counts.parked, 1);
    EXPECT_EQ(counts.held, 0);
    booking.waiting.clear();
    booking.settled = {{&table, {"1"}}, {&table, {"2"}}};
    archive().book(booking, desktop_fence);
    EXPECT_FALSE(archive().anything_waits());
}

TEST_P(State, ReceiptsOfALostBookingAreBookedByTheNextRun) {
    const LinkedTable& table = synced(job);
    db(Side::desktop).exec("insert into job values (1, 'a')");
    desktop_fence = desktop().barrier(desktop_fence, cloud_fence);
    const PlannedRow plan = planned(table, Side::cloud, Write::insert, {"1"});
    const BatchOutcome outcome = apply(Side::cloud, table, {plan});
    const auto receipts = cloud().receipts(archive().acknowledged());
    ASSERT_EQ(receipts.size(), 1U);
    EXPECT_EQ(receipts[0].table_id, table.id);
    EXPECT_EQ(receipts[0].agreement.key, Key{"1"});
    EXPECT_EQ(receipts[0].agreement.desktop, plan.source_hash);
    EXPECT_EQ(receipts[0].agreement.cloud, outcome.outcomes[0][0].hash);
    EXPECT_EQ(receipts[0].sequence, outcome.sequence);
    EXPECT_EQ(changed_keys(table), "1");

    desktop().release_lease("run-1");
    const Recovery next = archive().recover(known_cloud(), cloud().lease(), receipts, "run-2", "me:1:1");
    EXPECT_EQ(next.booked, 1);
    EXPECT_FALSE(next.cloud_rolled_back || next.desktop_rolled_back);
    EXPECT_GE(next.acknowledged, outcome.sequence);
    EXPECT_GT(next.fence, desktop_fence);
    EXPECT_EQ(changed_keys(table), "");
    cloud().purge_receipts(next.acknowledged);
    EXPECT_TRUE(cloud().receipts(0).empty());
}

TEST_P(State, AReceiptOfAValueThatTheDesktopForgotIsNotBooked) {
    const LinkedTable& table = synced(job);
    Receipt receipt;
    receipt.table_id = table.id;
    receipt.agreement.key = {"1"};
    receipt.sequence = cloud_fence + 1;
    receipt.desktop_barrier = desktop_fence + 10;
    desktop().release_lease("run-1");
    const Recovery next = archive().recover(known_cloud(), cloud().lease(), {receipt}, "run-2", "me:1:1");
    EXPECT_TRUE(next.desktop_rolled_back);
    EXPECT_EQ(next.booked, 0);
    EXPECT_GT(next.fence, receipt.desktop_barrier);
}

TEST_P(State, ACloudThatWentBackTakesItsAgreementsWithIt) {
    const LinkedTable& table = synced(job);
    db(Side::desktop).exec("insert into job values (1, 'a')");
    agree_on(table, {{"1"}});
    archive().advance_marks({{{table.id, Side::cloud}, {Capture::changelog, "m"}}}, desktop_fence,
                            cloud_fence);
    LeaseState restored = cloud().lease();
    restored.sequence = 1;
    desktop().release_lease("run-1");
    const Recovery next = archive().recover(known_cloud(), restored, {}, "run-2", "me:1:1");
    EXPECT_TRUE(next.cloud_rolled_back);
    EXPECT_EQ(next.epoch, "run-2");
    EXPECT_TRUE(archive().marks().empty());
    const auto groups = candidates(table);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].base.at(0).entry.state, BaseState::unknown);
}

TEST_P(State, ACloudThatWasReadBeforeAnotherRunWroteThereIsNotTakenForARestoredOne) {
    const LinkedTable& table = synced(job);
    db(Side::desktop).exec("insert into job values (1, 'a')");
    const KnownCloud known = known_cloud();
    const LeaseState read_early = cloud().lease();
    desktop_fence = desktop().barrier(desktop_fence, cloud_fence + 1);
    cloud_fence = cloud().barrier(cloud_fence, 0);
    agree_on(table, {{"1"}});
    desktop().release_lease("run-1");
    const auto error = caught<Error>([&] { archive().recover(known, read_early, {}, "run-2", "me:1:1"); });
    EXPECT_EQ(error->code(), Code::lease_held);
    EXPECT_EQ(changed_keys(table), "");
}

TEST_P(State, MarksComeBackAndAreForgottenTableByTable) {
    install_pair();
    const std::map<std::pair<int, Side>, StoredMark> marks{{{1, Side::desktop}, {Capture::changelog, "a;b"}},
                                                           {{1, Side::cloud}, {Capture::timestamp, "c"}},
                                                           {{2, Side::cloud}, {Capture::digest, ""}}};
    archive().advance_marks(marks, desktop_fence, cloud_fence + 3);
    const auto found = archive().marks();
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found.at({1, Side::desktop}).mark, "a;b");
    EXPECT_EQ(found.at({1, Side::cloud}).capture, Capture::timestamp);
    EXPECT_EQ(archive().peer_sequence(), cloud_fence + 3);
    archive().forget_marks(1);
    EXPECT_EQ(archive().marks().size(), 1U);
    EXPECT_EQ(caught<Error>([&] { archive().advance_marks(marks, 999, 0); })->code(), Code::fenced);
}

TEST_P(State, OtherColumnsMakeTheBaseUnknownAndAnotherKeyEmptiesIt) {
    LinkedTable table = synced("(id integer primary key, title text, note text, code text unique)");
    db(Side::desktop).exec("insert into job values (1, 'a', 'n', 'c')");
    agree_on(table, {{"1"}});
    std::erase_if(table.columns, [](const LinkedColumn& column) { return column.desktop.name == "note"; });
    desktop().install_table(table);
    EXPECT_EQ(candidates(table).at(0).base.at(0).entry.state, BaseState::unknown);
    for (LinkedColumn& column : table.columns) column.key = column.desktop.name == "code";
    desktop().install_table(table);
    const auto groups = candidates(table);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].key, Key{"c"});
    EXPECT_TRUE(groups[0].base.empty());
}

TEST_P(State, OldRunsAreForgotten) {
    synced(job);
    RunRecord record;
    record.status = "ok";
    record.mode = "incremental";
    record.direction = "both";
    record.report = "{}";
    record.runs_kept = 3;
    for (int i = 1; i <= 5; ++i) {
        record.run = fmt::format("run-{}", i);
        desktop().record_run(record);
    }
    const bool postgres = db(Side::desktop).kind() == Kind::postgres;
    EXPECT_EQ(archive().last_run().value().run, "run-5");
    EXPECT_EQ(db(Side::desktop)
                  .scalar(fmt::format("select count(*) from {}", postgres ? "tideway.run" : "tideway_run")),
              "3");
}

TEST_P(State, RunsOfATableAreThoseThatHadToDoWithIt) {
    const LinkedTable& table = synced(job);
    RunRecord record;
    record.status = "ok";
    record.mode = "incremental";
    record.direction = "both";
    const auto ran = [&](const std::string& run, const std::string& counts, const std::string& other = "") {
        record.run = run;
        record.report = fmt::format(R"({{"tables": [{{"desktop": "nobody's"{1}}}, {{"desktop": "{0}"{2}}}]}})",
                                    table.desktop.display(), other, counts);
        desktop().record_run(record);
    };
    ran("run-1", R"(, "to_cloud": {"inserted": 3, "updated": 2, "deleted": 1}, "adopted": 7)");
    ran("run-2", R"(, "to_cloud": {"inserted": 0, "updated": 0, "deleted": 0}, "parked": 0)", R"(, "parked": 5)");
    ran("run-3", R"(, "stopped": "would delete them all")");
    record.direction = "reverse";
    ran("run-4", R"(, "to_desktop": {"inserted": 4, "updated": 5, "deleted": 6}, "held": 1, "open_conflicts": 2, "conflicts": 3, "pending": 8)");
    const std::vector<RunOfTable> runs = archive().runs_of(table, 10);
    ASSERT_EQ(runs.size(), 3U) << "run-2 had nothing to do there";
    EXPECT_EQ(runs[0].run + runs[1].run + runs[2].run, "run-4run-3run-1");
    EXPECT_EQ(runs[0].direction, "reverse");
    EXPECT_EQ(fmt::format("{} {} {} {} {} {} {}", runs[0].to_desktop.inserted, runs[0].to_desktop.updated, runs[0].to_desktop.deleted,
                          runs[0].held, runs[0].open_conflicts, runs[0].conflicts, runs[0].pending),
              "4 5 6 1 2 3 8");
    EXPECT_EQ(runs[1].reason, "would delete them all");
    EXPECT_EQ(fmt::format("{} {} {} {}", runs[2].to_cloud.inserted, runs[2].to_cloud.updated, runs[2].to_cloud.deleted, runs[2].adopted),
              "3 2 1 7");
    EXPECT_EQ(archive().runs_of(table, 1).size(), 1U);
}

TEST_P(State, RunsLeaveTheirHistory) {
    const LinkedTable& table = synced(job);
    EXPECT_FALSE(archive().last_run().has_value());
    RunRecord record;
    record.run = "run-1";
    record.status = "ok";
    record.mode = "incremental";
    record.direction = "both";
    record.report = "{}";
    record.lines = {{table.id, table.desktop, table.cloud, true, false, 3, 0, 2}};
    for (const Side side : {Side::desktop, Side::cloud}) store(side).record_run(record);
    const auto last = archive().last_run();
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(last->run, "run-1");
    EXPECT_LE(last->age_seconds, 60);
    const TableCounts counts = archive().counts().at(0);
    EXPECT_EQ(counts.pending, 2);
    ASSERT_TRUE(counts.last_forward.has_value());
    EXPECT_EQ(counts.last_forward->size(), std::string("2024-01-01T00:00:00Z").size());
    EXPECT_FALSE(counts.last_reverse.has_value());
    for (const Side side : {Side::desktop, Side::cloud}) store(side).record_idle(record);
    EXPECT_TRUE(archive().counts().at(0).last_reverse.has_value());
}

TEST_P(State, TheEndOfARunForgetsWhatIsDoneAndMayGiveTheLeaseBack) {
    const LinkedTable& table = synced(job);
    const std::map<Side, std::string> before{{Side::desktop, mark(Side::desktop, table)},
                                             {Side::cloud, mark(Side::cloud, table)}};
    both("insert into job values (1, 'a')");
    both("insert into job values (2, 'the newest line may stay')");
    RunRecord record;
    record.run = "run-1";
    record.lines = {{table.id, table.desktop, table.cloud, true, true, 1, 0, 0}};
    for (const Side side : {Side::cloud, Side::desktop}) {
        Ending ending{{{&table, mark(side, table)}}, 0, record, {}, "run-1", {3'600, 1'000'000}};
        const Ended ended = store(side).end_run(ending);
        EXPECT_EQ(store(side).lease().held, !ended.released);
        EXPECT_EQ(hinted(side, table, Capture::changelog, before.at(side)).find('1'), std::string::npos);
    }
    EXPECT_TRUE(archive().counts().at(0).last_forward.has_value());
}

}  // namespace
}  // namespace tideway::conformance
