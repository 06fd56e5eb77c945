// Hazards of users and other runs that write, lock and interrupt while a run is at work.
#include <signal.h>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// ---- H28, H29: users between reading and writing
// ------------------------------------------------------------

// One side edits a row, the run reads it, and before the run writes a user of the other side edits it too.
struct Race {
    const char* name;
    bool to_cloud;
    Db& source(LivePair& pair) const { return to_cloud ? pair.desktop : pair.cloud; }
    Db& target(LivePair& pair) const { return to_cloud ? pair.cloud : pair.desktop; }
    const char* before_write() const { return to_cloud ? "M5a.before" : "M5b.before"; }
};
const Race races[] = {{"to the cloud", true}, {"to the desktop", false}};

TEST(Hazard, H28_AnUpdateBetweenReadAndApplySurvives) {
    for (const Race& race : races)
        for (const char* policy : {"desktop", "cloud"}) {
            SCOPED_TRACE(fmt::format("{}, conflict = {}", race.name, policy));
            LivePair pair("h28a");
            twenty_notes(pair, fmt::format("conflict = '{}'\n", policy));
            race.source(pair).exec("update note set body = 'from source' where id = 7");
            race.source(pair).exec("update note set body = 'undisputed' where id = 8");
            PauseAt pause(race.before_write());
            const auto process = pair.start(pause.env());
            pause.wait_until_reached();
            race.target(pair).exec("update note set body = 'from target' where id = 7");
            pause.release();
            const TidewayResult result = finish(*process);
            EXPECT_EXIT_CODE(0, result);
            EXPECT_EQ(reported(result, "conflicts"), 1) << result.out;
            const bool source_wins = race.to_cloud == (std::string(policy) == "desktop");
            EXPECT_ROWS(pair.cloud, "select body from note where id in (7, 8) order by id",
                        fmt::format("{}\nundisputed", source_wins ? "from source" : "from target"));
            expect_accounted(pair, "note", "from source");
            expect_accounted(pair, "note", "from target");
            pair.expect_equal(notes);
            expect_quiet(pair);
        }
}

TEST(Hazard, H28_AnUpdateCommittedWhileApplyWaitsSurvives) {
    for (const Race& race : races) {
        SCOPED_TRACE(race.name);
        LivePair pair("h28b");
        twenty_notes(pair, "conflict = 'cloud'\n");
        race.source(pair).exec("update note set body = 'from source' where id = 7");
        Db user(race.to_cloud ? pair.cloud_database : pair.desktop_database);
        user.exec("begin; update note set body = 'from target' where id = 7");
        const auto process = pair.start();
        wait_until_tideway_blocks(race.target(pair));
        user.exec("commit");
        const TidewayResult result = finish(*process);
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(reported(result, "conflicts"), 1) << result.out;
        EXPECT_ROWS(pair.cloud, "select body from note where id = 7",
                    race.to_cloud ? "from target" : "from source");
        expect_accounted(pair, "note", "from source");
        expect_accounted(pair, "note", "from target");
        pair.expect_equal(notes);
        expect_quiet(pair);
    }
}

// A row that a user deletes meanwhile is not written back as if nothing had happened: the edit wins as an
// insert.
TEST(Hazard, H28_ADeleteBetweenReadAndApplyIsDecidedAgain) {
    for (const Race& race : races) {
        SCOPED_TRACE(race.name);
        LivePair pair("h28c");
        twenty_notes(pair);
        race.source(pair).exec("update note set body = 'from source' where id = 7");
        PauseAt pause(race.before_write());
        const auto process = pair.start(pause.env());
        pause.wait_until_reached();
        race.target(pair).exec("delete from note where id = 7");
        pause.release();
        EXPECT_EXIT_CODE(0, finish(*process));
        EXPECT_ROWS(pair.cloud, "select body from note where id = 7", "from source");
        pair.expect_equal(notes);
        expect_quiet(pair);
    }
}

TEST(Hazard, H29_AnInsertBetweenReadAndApplyIsFirstContact) {
    for (const Race& race : races) {
        SCOPED_TRACE(race.name);
        LivePair pair("h29");
        twenty_notes(pair, "conflict = 'desktop'\n");
        race.source(pair).exec("insert into note values (77, 'from source'), (78, 'undisputed')");
        PauseAt pause(race.before_write());
        const auto process = pair.start(pause.env());
        pause.wait_until_reached();
        race.target(pair).exec("insert into note values (77, 'from target')");
        pause.release();
        const TidewayResult result = finish(*process);
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(reported(result, "conflicts"), 1) << result.out;
        EXPECT_ROWS(pair.cloud, "select body from note where id > 70 order by id",
                    fmt::format("{}\nundisputed", race.to_cloud ? "from source" : "from target"));
        expect_accounted(pair, "note", "from source");
        expect_accounted(pair, "note", "from target");
        pair.expect_equal(notes);
        expect_quiet(pair);
    }
}

// ---- H30: two runners
// ------------------------------------------------------------------------------------------

TEST(Hazard, H30_ASecondRunIsToldToWaitAndAKilledOneLeavesNoLock) {
    for (const char* where : {"S2.recovered", "S3.taken", "M5a.before", "apply.locked", "M5a.before_commit",
                              "M5a.committed", "M7.before"}) {
        SCOPED_TRACE(where);
        LivePair pair("h30");
        twenty_notes(pair);
        pair.desktop.exec("update note set body = 'edited' where id <= 3");
        PauseAt pause(where);
        const auto first = pair.start(pause.env());
        pause.wait_until_reached();
        const TidewayResult second = pair.sync();
        EXPECT_EXIT_CODE(6, second);
        EXPECT_EQ(error_code(second), "TW401") << second.out;
        first->kill_tree();
        const TidewayResult third = pair.sync();
        EXPECT_EXIT_CODE(0, third);
        EXPECT_EQ(journaled(pair.cloud, "2"), 2) << "one insert and one update";
        EXPECT_ROWS(pair.cloud, "select count(*) from note where body = 'edited'", "3");
        pair.expect_equal(notes);
        expect_quiet(pair);
    }
}

TEST(Hazard, H30_RunnersThatStartTogetherExcludeEachOther) {
    LivePair pair("h30t");
    pair.both(note_table);
    pair.configure(note_config);
    for (int round = 0; round < 6; ++round) {
        pair.desktop.exec(fmt::format(
            "insert into note select {0} * 1000 + i, 'round {0}' from generate_series(1, 500) i", round));
        pair.cloud.exec(fmt::format(
            "insert into note select {0} * 1000 + 500 + i, 'mobile {0}' from generate_series(1, 200) i",
            round));
        std::vector<std::unique_ptr<Process>> runs;
        for (int i = 0; i < 6; ++i) runs.push_back(pair.start());
        long long written = 0;
        for (const auto& process : runs) {
            const TidewayResult result = finish(*process);
            EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 6) << told(result);
            written += writes_reported(result);
        }
        EXPECT_LE(written, 700) << "rows were written twice";
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal(notes);
    }
    EXPECT_EQ(pair.cloud.number("select count(*) from tideway.journal"), 6 * 500);
    EXPECT_EQ(pair.desktop.number("select count(*) from tideway.journal"), 6 * 200);
    expect_quiet(pair);
}

// A machine that slept: its lease is taken over after 20 s, and when it wakes up it is fenced off.
TEST(Hazard, H30_ARunThatSleptTooLongIsFenced) {
    LivePair pair("h30s");
    pair.both("create table remark (job int not null, body text)");
    twenty_notes(pair, "[[table]]\nname = 'remark'\nkey = ['job']\nidentity = 'business_key+ordinal'\n");
    pair.desktop.exec("update note set body = 'edited' where id <= 3");
    pair.desktop.exec("insert into remark values (1, 'once')");  // no row is there that would be looked at
    PauseAt pause("M5a.before");
    const auto sleeper = pair.start(pause.env());
    pause.wait_until_reached();
    sleeper->signal(SIGSTOP);
    EXPECT_EXIT_CODE(6, pair.sync());
    std::this_thread::sleep_for(std::chrono::seconds(21));
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update note set body = 'edited again' where id = 1");
    pair.cloud.exec("update note set body = 'mobile' where id = 2");
    pause.release();
    sleeper->signal(SIGCONT);
    const TidewayResult woken = finish(*sleeper);
    EXPECT_EXIT_CODE(6, woken);
    EXPECT_EQ(error_code(woken), "TW402") << woken.out;
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from note where id <= 3 order by id",
                "edited again\nmobile\nedited");
    EXPECT_ROWS(pair.cloud, "select body from remark", "once");
    pair.expect_equal(notes);
    expect_quiet(pair);
}

// It slept when it had written: what others agreed on since is not overwritten by what it knows.
TEST(Hazard, H30_ARunThatSleptAfterItsWriteBooksNothing) {
    LivePair pair("h30b");
    twenty_notes(pair);
    pair.desktop.exec("update note set body = 'edited' where id <= 3");
    PauseAt pause("M6a.before");
    const auto sleeper = pair.start(pause.env());
    pause.wait_until_reached();
    sleeper->signal(SIGSTOP);
    pair.both("update tideway.lease set at = at - interval '1 minute'");
    pair.desktop.exec("update note set body = 'edited again' where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    pause.release();
    sleeper->signal(SIGCONT);
    const TidewayResult woken = finish(*sleeper);
    EXPECT_EXIT_CODE(6, woken);
    EXPECT_EQ(error_code(woken), "TW402") << woken.out;
    pair.desktop.exec("update note set body = 'edited once more' where id = 1");
    const TidewayResult last = pair.sync();
    EXPECT_EXIT_CODE(0, last);
    EXPECT_EQ(reported(last, "conflicts"), 0) << last.out;
    pair.expect_equal(notes);
    expect_quiet(pair);
}

// Of two first runs at once, one may look at the desktop before the other has made anything and at the cloud
// after it was done. The name of the schema is what the first one sees of that; the cloud's lease is what it asks for
// once it has seen both.
TEST(Hazard, H30_AFirstRunThatAnotherOneOvertakesTakesTheCloudForNoStranger) {
    LivePair pair("h30first");
    twenty_notes(pair);
    pair.desktop.exec("alter schema tideway rename to not_made_yet");
    Db meanwhile(pair.cloud_database);
    meanwhile.exec("begin; lock table tideway.lease in access exclusive mode");
    const auto process = pair.start();
    wait_until_tideway_blocks(pair.cloud);
    pair.desktop.exec("alter schema not_made_yet rename to tideway");
    meanwhile.exec("commit");
    EXPECT_EXIT_CODE(0, finish(*process));
    pair.expect_equal(notes);
    expect_quiet(pair);
}

// ---- H32: several unique constraints
// ---------------------------------------------------------------------------

TEST(Hazard, H32_ARowThatCollidesWithTwoRowsIsParkedAndTheBatchProceeds) {
    LivePair pair("h32");
    pair.both("create table staff (id int primary key, email text unique, name text)");
    pair.desktop.exec(
        "insert into staff select i, 's' || i || '@x', 'staff ' || i from generate_series(1, 20) i");
    pair.configure("[[table]]\nname = 'staff'\n");
    ASSERT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("insert into staff values (99, 'dup@x', 'mobile row')");
    pair.desktop.exec(
        "update staff set email = 'dup@x', name = 'wants it' where id = 5; "
        "insert into staff select i, 's' || i || '@x', 'new' from generate_series(21, 60) i; "
        "update staff set name = 'changed' where id = 6");
    const TidewayResult result = pair.sync({"--direction", "forward"});
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 1) << result.out;
    EXPECT_ROWS(
        pair.cloud,
        "select count(*) filter (where name = 'new'), count(*) filter (where name = 'changed') from staff",
        "40|1");
    EXPECT_ROWS(pair.cloud, "select email, name from staff where id in (5, 99) order by id",
                "s5@x|staff 5\ndup@x|mobile row");
    EXPECT_GT(kept_in(pair.desktop, "(email)=(dup@x)"), 0) << "the parked row does not name the other key";
    EXPECT_GT(kept_in(pair.desktop, "staff_email_key"), 0) << "the parked row does not name the constraint";
    EXPECT_EXIT_CODE(3, pair.sync());  // the mobile row cannot reach the desktop for the same reason
    EXPECT_ROWS(pair.desktop, "select id from staff where email = 'dup@x'", "5");
    expect_quiet(pair, 3);
    pair.cloud.exec("update staff set email = 'other@x' where id = 99");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select id, email from staff where id in (5, 99) order by id",
                "5|dup@x\n99|other@x");
    pair.expect_equal("select * from staff order by id");
    expect_quiet(pair);
}

// ---- H33: deadlocks, long locks, serializable
// ---------------------------------------------------------------

// The server chooses the victim: whoever has waited longer, usually tideway. An application that is chosen
// tries again.
TEST(Hazard, H33_ADeadlockIsResolvedAndLosesNothing) {
    for (const Race& race : races) {
        SCOPED_TRACE(race.name);
        LivePair pair("h33d");
        twenty_notes(pair, "conflict = 'desktop'\n");
        race.source(pair).exec("update note set body = 'from source' where id <= 10");
        Db app(race.to_cloud ? pair.cloud_database : pair.desktop_database);
        app.exec("begin; update note set n = 123456720 where id = 2");
        const auto process = pair.start();
        wait_until_tideway_blocks(race.target(pair));
        const auto begin = std::chrono::steady_clock::now();
        if (app.try_exec("update note set n = 123456710 where id = 1") == "00000") {
            app.exec("commit");
        } else {
            app.exec("rollback");
            app.exec(
                "begin; update note set n = 123456710 where id = 1; update note set n = 123456720 where id = "
                "2; commit");
        }
        EXPECT_LE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8))
            << "the application waited too long";
        EXPECT_EXIT_CODE(0, finish(*process));
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_ROWS(pair.cloud, "select count(*) from note where body = 'from source' and id > 2", "8");
        expect_accounted(pair, "note", "from source");
        for (const char* number : {"123456710", "123456720"}) expect_accounted(pair, "note", number);
        pair.expect_equal(notes);
        expect_quiet(pair);
    }
}

// An application keeps one row locked for a minute. Others wait for tideway no longer than its lock_timeout
// (5 s).
TEST(Hazard, H33_ARowLockedForAMinuteStaysDirtyAndHoldsUpNobody) {
    LivePair pair("h33l");
    twenty_notes(pair);
    pair.desktop.exec("update note set body = 'edited' where id <= 10");
    Db app(pair.cloud_database);
    app.exec("begin; select from note where id = 5 for update");
    const auto since = std::chrono::steady_clock::now();
    const auto process = pair.start();
    wait_until_tideway_blocks(pair.cloud);
    Millis longest(0);
    while (process->running() && std::chrono::steady_clock::now() - since < std::chrono::seconds(60)) {
        const auto begin = std::chrono::steady_clock::now();
        pair.cloud.exec("update note set n = n + 1 where id = 1");  // tideway has this row locked already
        longest =
            std::max(longest, std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin));
        std::this_thread::sleep_for(Millis(300));
    }
    const TidewayResult result = finish(*process);
    EXPECT_LE(longest.count(), 7000) << "an application waited for tideway";
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
    EXPECT_LE(reported(result, "pending"), 2) << "more is left than the two contended rows: " << result.out;
    const char* others =
        "select count(*) from note where body = 'edited' and id in (2, 3, 4, 6, 7, 8, 9, 10)";
    EXPECT_ROWS(pair.cloud, others, "8");
    app.exec("rollback");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from note where id = 5", "edited");
    EXPECT_ROWS(pair.cloud, others, "8");
    pair.expect_equal(notes);
    expect_quiet(pair);
}

TEST(Hazard, H33_ASerializableDefaultWithConcurrentWritersLosesNothing) {
    LivePair pair("h33s");
    for (Db* side : {&pair.desktop, &pair.cloud})
        side->exec(
            "do $$ begin execute format('alter database %I set default_transaction_isolation = "
            "serializable', current_database()); end $$");
    twenty_notes(pair, "conflict = 'cloud'\n");
    Db app(pair.cloud_database);
    for (int i = 1; i <= 10; ++i) {
        pair.desktop.exec(fmt::format("update note set body = 'desktop {}' where id = {}", i, i));
        const auto process = pair.start();
        app.exec(
            fmt::format("begin; update note set n = n + (select count(*) from note) where id = {}; "
                        "insert into note values (100 + {}, 'app'); commit",
                        i, i));
        EXPECT_EXIT_CODE(0, finish(*process));
        expect_accounted(pair, "note", fmt::format("desktop {}", i));
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select count(*) from note where id > 100", "10");
    pair.expect_equal(notes);
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
