// What a store writes: one batch, all of it or nothing, each row only if it is still the one that was decided
// on.
#include "conformance/pair.hpp"

namespace tideway::conformance {
namespace {

class Apply : public Pair {
  protected:
    // A trigger of the users' that runs `body` before or after the event.
    void trigger(Side side, const std::string& when, const std::string& table,
                 const std::string& body_postgres, const std::string& body_sqlite) {
        if (db(side).kind() == Kind::sqlite) {
            db(side).exec(
                fmt::format("create trigger users_own {} on {} begin {}; end", when, table, body_sqlite));
            return;
        }
        db(side).exec(
            fmt::format("create function users_own() returns trigger language plpgsql as $$ begin {}; return "
                        "new; end $$; create trigger users_own {} on {} for each row execute function "
                        "users_own()",
                        body_postgres, when, table));
    }
    static constexpr Side sides[] = {Side::desktop, Side::cloud};
};
CONFORMANCE_SUITE(Apply, pure_kinds);

constexpr const char* job = "(id integer primary key, title text)";

TEST_P(Apply, InsertsUpdatesAndErasesInOneBatch) {
    const LinkedTable& table = synced(job);
    for (const Side side : sides) {
        db(side).exec("insert into job values (1, 'old'), (2, 'goes')");
        const BatchOutcome outcome =
            apply(side, table,
                  {planned(table, side, Write::update, {"1"}, Cells{"1", "new"}),
                   planned(table, side, Write::erase, {"2"}),
                   planned(table, side, Write::insert, {"3"}, Cells{"3", std::nullopt})});
        EXPECT_EQ(fates(outcome), "applied applied applied");
        EXPECT_EQ(table_text(side, "id || ':' || coalesce(title, 'null')"), "1:new 3:null");
        EXPECT_EQ(outcome.outcomes[0][0].hash, row(side, table, {"1"}).facts.hash);
        EXPECT_EQ(outcome.outcomes[0][2].hash, row(side, table, {"3"}).facts.hash);
    }
}

TEST_P(Apply, OwnWritesAreNoHints) {
    const LinkedTable& table = synced(job);
    for (const Side side : sides) {
        db(side).exec("insert into job values (1, 'old'), (2, 'goes')");
        const std::string since = mark(side, table);
        apply(side, table,
              {planned(table, side, Write::update, {"1"}, Cells{"1", "new"}),
               planned(table, side, Write::erase, {"2"}),
               planned(table, side, Write::insert, {"3"}, Cells{"3", "n"})});
        EXPECT_EQ(hinted(side, table, Capture::changelog, since), "");
        db(side).exec("update job set title = 'user' where id = 3");
        EXPECT_EQ(hinted(side, table, Capture::changelog, since), "3");
    }
}

TEST_P(Apply, ARowThatChangedSinceIsRacedAndStaysAsItIs) {
    const LinkedTable& table = synced(job);
    for (const Side side : sides) {
        db(side).exec("insert into job values (1, 'a'), (2, 'b'), (3, 'c')");
        const PlannedRow update = planned(table, side, Write::update, {"1"}, Cells{"1", "ours"});
        const PlannedRow erase = planned(table, side, Write::erase, {"2"});
        const PlannedRow gone = planned(table, side, Write::update, {"3"}, Cells{"3", "ours"});
        const PlannedRow insert = planned(table, side, Write::insert, {"4"}, Cells{"4", "ours"});
        db(side).exec(
            "update job set title = 'user' where id < 3; delete from job where id = 3; "
            "insert into job values (4, 'user')");
        EXPECT_EQ(fates(apply(side, table, {update, erase, gone, insert})), "raced raced raced raced");
        EXPECT_EQ(table_text(side, "id || ':' || title"), "1:user 2:user 4:user");
    }
}

TEST_P(Apply, AFencedBatchWritesNothing) {
    const LinkedTable& table = synced(job);
    for (const Side side : sides) {
        Batch batch;
        batch.run = "run-1";
        batch.fence = 999;
        batch.sections = {{&table, {planned(table, side, Write::insert, {"1"}, Cells{"1", "x"})}}};
        EXPECT_EQ(caught<Error>([&] { store(side).apply(batch); })->code(), Code::fenced);
        EXPECT_EQ(table_text(side, "title"), "");
    }
}

TEST_P(Apply, ARefusedRowTakesItsBatchBackAndNamesTheConstraint) {
    const LinkedTable& table =
        synced("(id integer primary key, title text not null, n integer check (n < 10))");
    for (const Side side : sides) {
        const std::int64_t before = store(side).lease().sequence;
        const PlannedRow good = planned(table, side, Write::insert, {"1"}, Cells{"1", "x", "1"});
        const auto refusal = [&](Cells cells) {
            const auto refused = caught<Refused>([&] {
                apply(side, table, {good, planned(table, side, Write::insert, {"2"}, cells)});
            });
            return refused ? refused->refusal().sqlstate : "";
        };
        EXPECT_EQ(refusal({"2", std::nullopt, "1"}), "23502");
        EXPECT_EQ(refusal({"2", "x", "10"}), "23514");
        EXPECT_EQ(table_text(side, "title"), "");
        EXPECT_EQ(store(side).lease().sequence, before);
        EXPECT_EQ(hinted(side, table, Capture::changelog, mark(side, table)), "");
    }
}

// A number without receipts would look like one of a run that the desktop has forgotten.
TEST_P(Apply, ABatchOfWhichNothingCouldBeWrittenLeavesNoNumberInTheCloud) {
    const LinkedTable& table = synced(job);
    const std::int64_t before = cloud().lease().sequence;
    PlannedRow gone = planned(table, Side::cloud, Write::update, {"1"}, Cells{"1", "x"});
    gone.expected = {5, 6};
    const BatchOutcome outcome = apply(Side::cloud, table, {gone});
    EXPECT_EQ(fates(outcome), "raced");
    EXPECT_FALSE(outcome.wrote());
    EXPECT_EQ(outcome.sequence, before);
    EXPECT_EQ(cloud().lease().sequence, before);
}

TEST_P(Apply, ReceiptsAreWrittenWithTheRowsAtTheCloud) {
    const LinkedTable& table = synced(job);
    db(Side::cloud).exec("insert into job values (2, 'goes')");
    PlannedRow insert = planned(table, Side::cloud, Write::insert, {"1"}, Cells{"1", "x"});
    insert.source_hash = {5, 6};
    insert.source_stamp = 77;
    PlannedRow erase = planned(table, Side::cloud, Write::erase, {"2"});
    erase.origin = Origin::mobile;
    const BatchOutcome outcome = apply(Side::cloud, table, {insert, erase});
    const auto receipts = cloud().receipts(0);
    ASSERT_EQ(receipts.size(), 2U);
    for (const Receipt& receipt : receipts) {
        EXPECT_EQ(receipt.sequence, outcome.sequence);
        EXPECT_EQ(receipt.desktop_barrier, 1);
        const Agreement& a = receipt.agreement;
        const bool gone = a.key == Key{"2"};
        EXPECT_EQ(a.state, gone ? BaseState::tombstone : BaseState::live);
        EXPECT_EQ(a.origin, gone ? Origin::mobile : Origin::desktop);
        if (gone) {
            EXPECT_EQ(a.cloud, erase.base_target);
        } else {
            EXPECT_EQ(a.desktop, (Hash{5, 6}));
            EXPECT_EQ(a.stamp_desktop, 77);
            EXPECT_EQ(a.cloud, outcome.outcomes[0][0].hash);
        }
    }
    EXPECT_TRUE(cloud().receipts(outcome.sequence).empty());
}

TEST_P(Apply, TheDesktopBooksInTheSameTransaction) {
    const LinkedTable& table = synced(job);
    db(Side::desktop).exec("insert into job values (1, 'old')");
    Booking booking;
    booking.run = "run-1";
    booking.waiting = {{&table, {"1"}, "held", "R9", "", {}}};
    archive().book(booking, desktop_fence);
    EXPECT_EQ(changed_keys(table), "1");
    apply(Side::desktop, table, {planned(table, Side::desktop, Write::update, {"1"}, Cells{"1", "new"})});
    EXPECT_EQ(changed_keys(table), "");
    EXPECT_FALSE(archive().anything_waits());
}

TEST_P(Apply, OrphansAreLeftOutWithTheRowsThatReferToThem) {
    both("create table client (id integer primary key)");
    both(
        "create table job (id integer primary key, client integer references client (id), parent integer "
        "references job "
        "(id))");
    install_pair();
    const LinkedTable& table = linked("job");
    install(table);
    for (const Side side : sides) {
        db(side).exec("insert into client values (7)");
        const auto insert = [&](const char* id, Cell client, Cell parent) {
            return planned(table, side, Write::insert, {id}, Cells{id, std::move(client), std::move(parent)});
        };
        const BatchOutcome outcome =
            apply(side, table,
                  {insert("1", "7", "2"), insert("2", "7", std::nullopt), insert("3", "8", std::nullopt),
                   insert("4", std::nullopt, "3"), insert("5", std::nullopt, "99")});
        EXPECT_EQ(fates(outcome), "applied applied orphan orphan orphan");
        EXPECT_FALSE(outcome.outcomes[0][2].constraint.empty());
        EXPECT_EQ(table_text(side, "id"), "1 2");
    }
}

TEST_P(Apply, ParentsAndChildrenOfOneBatchNeedNoOrderAmongTheirRows) {
    both("create table client (id integer primary key, name text)");
    both("create table job (id integer primary key, client integer references client (id))");
    install_pair();
    const LinkedTable &clients = linked("client"), &jobs = linked("job");
    install(clients);
    install(jobs);
    for (const Side side : sides) {
        apply(side, {{&clients, {planned(clients, side, Write::insert, {"1"}, Cells{"1", "c"})}},
                     {&jobs, {planned(jobs, side, Write::insert, {"10"}, Cells{"10", "1"})}}});
        EXPECT_EQ(table_text(side, "client"), "1");
        apply(side, {{&clients, {planned(clients, side, Write::erase, {"1"})}},
                     {&jobs, {planned(jobs, side, Write::erase, {"10"})}}});
        EXPECT_EQ(table_text(side, "client"), "");
        EXPECT_EQ(table_text(side, "name", "client"), "");
    }
}

// A store may know before it writes, or be told by the database.
TEST_P(Apply, AParentThatStillHasChildrenStays) {
    both("create table client (id integer primary key, name text)");
    both("create table job (id integer primary key, client integer references client (id))");
    both("insert into client values (1, 'c')");
    both("insert into job values (10, 1)");
    install_pair();
    const LinkedTable& clients = linked("client");
    install(clients);
    for (const Side side : sides) {
        try {
            const BatchOutcome outcome = apply(side, clients, {planned(clients, side, Write::erase, {"1"})});
            EXPECT_EQ(fates(outcome), "parent");
        } catch (const Refused& refused) {
            EXPECT_EQ(refused.refusal().sqlstate, "23503");
        }
        EXPECT_EQ(table_text(side, "name", "client"), "c");
    }
}

TEST_P(Apply, AUniqueValueThatBelongsToAnotherRowIsAClash) {
    const LinkedTable& table = synced("(id integer primary key, code text unique)");
    for (const Side side : sides) {
        db(side).exec("insert into job values (1, 'a')");
        const BatchOutcome outcome =
            apply(side, table,
                  {planned(table, side, Write::insert, {"2"}, Cells{"2", "a"}),
                   planned(table, side, Write::insert, {"3"}, Cells{"3", "b"}),
                   planned(table, side, Write::insert, {"4"}, Cells{"4", "b"}),
                   planned(table, side, Write::insert, {"5"}, Cells{"5", std::nullopt}),
                   planned(table, side, Write::insert, {"6"}, Cells{"6", std::nullopt})});
        EXPECT_EQ(fates(outcome), "clash applied clash applied applied");
        EXPECT_FALSE(outcome.outcomes[0][0].constraint.empty());
    }
}

TEST_P(Apply, RowsMayChangePlacesUnderAUniqueKey) {
    const LinkedTable& table =
        synced("(id integer primary key, code text not null unique, place integer unique)");
    for (const Side side : sides) {
        db(side).exec("insert into job values (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)");
        const BatchOutcome outcome =
            apply(side, table,
                  {planned(table, side, Write::update, {"1"}, Cells{"1", "b", "2"}),
                   planned(table, side, Write::update, {"2"}, Cells{"2", "c", "3"}),
                   planned(table, side, Write::update, {"3"}, Cells{"3", "a", "1"})});
        EXPECT_EQ(fates(outcome), "applied applied applied");
        EXPECT_EQ(table_text(side, "code || place"), "b2 c3 a1");
    }
}

TEST_P(Apply, ALosingVersionIsKeptWithItsWinner) {
    const LinkedTable& table = synced(job);
    for (const Side side : sides) {
        db(side).exec("insert into job values (1, 'loser'), (2, 'plain')");
        PlannedRow plan = planned(table, side, Write::update, {"1"}, Cells{"1", "winner"});
        plan.conflict = ConflictNote{"update_update", "latest", "the later one wins", other(side)};
        apply(side, table, {planned(table, side, Write::update, {"2"}, Cells{"2", "edited"}), plan});
        const auto kept = store(side).conflicts({}).cases;
        ASSERT_EQ(kept.size(), 1U);
        EXPECT_EQ(kept[0].key, Key{"1"});
        EXPECT_EQ(kept[0].winner, name(other(side)));
        EXPECT_EQ(kept[0].kind, "update_update");
        const auto& loser = side == Side::cloud ? kept[0].cloud_row : kept[0].desktop_row;
        const auto& winner = side == Side::cloud ? kept[0].desktop_row : kept[0].cloud_row;
        ASSERT_TRUE(loser && winner);
        EXPECT_NE(loser->find("loser"), std::string::npos);
        EXPECT_NE(winner->find("winner"), std::string::npos);
    }
}

TEST_P(Apply, WhatATriggerMakesOfARowIsWhatWasAgreedOn) {
    const LinkedTable& table = synced(job);
    for (const Side side : sides) {
        if (db(side).kind() == Kind::sqlite)
            trigger(side, "after insert", "job", "", "update job set title = upper(title) where id = new.id");
        else
            trigger(side, "before insert", "job", "new.title := upper(new.title)", "");
        const std::string since = mark(side, table);
        const PlannedRow plan = planned(table, side, Write::insert, {"1"}, Cells{"1", "loud"});
        const BatchOutcome outcome = apply(side, table, {plan});
        EXPECT_EQ(outcome.outcomes[0][0].hash, row(side, table, {"1"}).facts.hash);
        EXPECT_EQ(table_text(side, "title"), "LOUD");
        EXPECT_EQ(hinted(side, table, Capture::changelog, since), "");
    }
}

TEST_P(Apply, AWriteThatATriggerSuppressesIsReported) {
    const LinkedTable& table = synced(job);
    for (const Side side : sides) {
        db(side).exec("insert into job values (1, 'old')");
        trigger(side, "before update", "job", "return null", "select raise(ignore)");
        EXPECT_EQ(fates(apply(side, table,
                              {planned(table, side, Write::update, {"1"}, Cells{"1", "new"}),
                               planned(table, side, Write::insert, {"2"}, Cells{"2", "new"})})),
                  "suppressed applied");
    }
}

TEST_P(Apply, WritesBesideThePlanAreRefusedUnlessTheyAreDeclared) {
    both("create table log (id integer)");
    LinkedTable table = synced(job);
    for (const Side side : sides) {
        const char* body = "insert into log values (new.id)";
        trigger(side, "after insert", "job",
                db(side).kind() == Kind::postgres ? "insert into public.log values (new.id)" : body, body);
        const PlannedRow plan = planned(table, side, Write::insert, {"1"}, Cells{"1", "x"});
        table.side_effects.clear();
        const auto refused = caught<Refused>([&] { apply(side, table, {plan}); });
        EXPECT_EQ(refused->refusal().sqlstate, "TW408");
        EXPECT_EQ(table_text(side, "id", "log"), "");
        table.side_effects = {"log"};
        EXPECT_EQ(fates(apply(side, table, {plan})), "applied");
        EXPECT_EQ(table_text(side, "id", "log"), "1");
    }
}

TEST_P(Apply, WhatACascadeTakesFromASynchronisedTableIsRefused) {
    both("create table client (id integer primary key, name text)");
    both(
        "create table job (id integer primary key, client integer references client (id) on delete cascade)");
    both("insert into client values (1, 'c')");
    both("insert into job values (10, 1)");
    install_pair();
    const LinkedTable &clients = linked("client"), &jobs = linked("job");
    install(clients);
    install(jobs);
    for (const Side side : sides) {
        LinkedTable declared = clients;
        declared.side_effects = {"job"};
        const auto refused =
            caught<Refused>([&] { apply(side, declared, {planned(clients, side, Write::erase, {"1"})}); });
        EXPECT_EQ(refused->refusal().sqlstate, "TW408");
        EXPECT_EQ(table_text(side, "id"), "10");
    }
}

TEST_P(Apply, ARowThatWouldLeaveTheFilterIsRefused) {
    TableSetting setting;
    setting.where = "title <> 'theirs'";
    const LinkedTable& table = synced(job, setting);
    for (const Side side : sides) {
        const auto refused = caught<Refused>([&] {
            apply(side, table, {planned(table, side, Write::insert, {"1"}, Cells{"1", "theirs"})});
        });
        EXPECT_EQ(refused->refusal().sqlstate, "44000");
        EXPECT_EQ(table_text(side, "title"), "");
    }
}

TEST_P(Apply, RowsThatShareAKeyAreWrittenOneByOne) {
    TableSetting setting;
    setting.key = {"code"};
    setting.identity = Identity::business_key_ordinal;
    const LinkedTable& table = synced("(id integer, code text)", setting);
    for (const Side side : sides) {
        db(side).exec("insert into job values (1, 'a'), (1, 'a'), (2, 'a')");
        const auto images = rows(side, table, {{"a"}});
        const auto one =
            std::find_if(images.begin(), images.end(), [](const auto& r) { return r.cells[0] == "1"; });
        const auto plan = [&](Write write, const char* ordinal, Cells cells) {
            PlannedRow row_plan;
            row_plan.key = {"a", ordinal};
            row_plan.write = write;
            row_plan.expected = row_plan.base_target = one->facts.hash;
            row_plan.cells = std::move(cells);
            row_plan.rule = "R7";
            return row_plan;
        };
        EXPECT_EQ(fates(apply(side, table,
                              {plan(Write::update, "1", {"5", "a"}), plan(Write::erase, "2", {}),
                               plan(Write::erase, "3", {}), plan(Write::insert, "4", {"6", "a"})})),
                  "applied applied raced applied");
        EXPECT_EQ(table_text(side, "id"), "2 5 6");
    }
}

TEST_P(Apply, AValueThatTheColumnCannotHoldIsRefused) {
    const LinkedTable& table = synced("(id integer primary key, n integer, d date)");
    for (const Side side : sides)
        for (const Cells& cells :
             {Cells{"1", "no number", std::nullopt}, Cells{"1", std::nullopt, "2023-02-29"}}) {
            EXPECT_TRUE(caught<Refused>([&] {
                            apply(side, table, {planned(table, side, Write::insert, {"1"}, cells)});
                        }).has_value());
            EXPECT_EQ(table_text(side, "id"), "");
        }
}

}  // namespace
}  // namespace tideway::conformance
