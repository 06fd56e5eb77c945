// Hazards of triggers on the table that a run writes to (H35).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// ---- H35: triggers of the target
// ------------------------------------------------------------------------------

void trigger_on_cloud(LivePair& pair, const std::string& when, const std::string& body) {
    pair.cloud.exec(
        fmt::format("create function act() returns trigger language plpgsql as $$ begin {} end $$; "
                    "create trigger act {} on note for each row execute function act()",
                    body, when));
}

TEST(Hazard, H35_ATriggerThatRewritesValuesCausesNoEcho) {
    for (const char* capture : {"auto", "changelog", "xmin", "digest"}) {
        SCOPED_TRACE(capture);
        LivePair pair("h35u");
        pair.both(note_table);
        trigger_on_cloud(pair, "before insert or update", "new.body := upper(new.body); return new;");
        pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n{}", capture, note_config));
        EXPECT_EXIT_CODE(0, pair.sync());
        expect_quiet(pair);
        expect_quiet(pair, 0, {"--mode", "full"});
        pair.desktop.exec("update note set body = 'edited' where id = 3");
        EXPECT_EXIT_CODE(0, pair.sync());
        for (int i = 0; i < 3; ++i) expect_quiet(pair);
        EXPECT_ROWS(pair.cloud, "select body from note where id in (3, 4) order by id", "EDITED\nNOTE 4");
        EXPECT_ROWS(pair.desktop, "select body from note where id in (3, 4) order by id", "edited\nnote 4");
        pair.cloud.exec(
            "update note set n = 5 where id = 4");  // an edit by a user carries the whole row back
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_ROWS(pair.desktop, "select body, n from note where id = 4", "NOTE 4|5");
        expect_quiet(pair);
    }
}

TEST(Hazard, H35_ATriggerThatWritesElsewhereIsStoppedUnlessDeclared) {
    LivePair pair("h35s");
    twenty_notes(pair);
    pair.cloud.exec(
        "create table total (what text primary key, n int); insert into total values ('edits', 0)");
    trigger_on_cloud(pair, "after update", "update public.total set n = n + 1; return null;");
    pair.desktop.exec("update note set body = 'edited' where id <= 3; insert into note values (21, 'new')");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_ROWS(pair.cloud, "select n from total", "0");
    EXPECT_ROWS(pair.cloud, "select count(*) from note where body = 'edited'", "0");
    EXPECT_NE((stopped.out + stopped.err).find("total"), std::string::npos)
        << "the alert does not name the table: " << told(stopped);
    pair.configure(note_config + std::string("side_effects = ['total']\n"));
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select n from total", "3");
    pair.expect_equal(notes);
    expect_quiet(pair);
}

// Our own write is not logged as a change; what it sets off is.
TEST(Hazard, H35_WhatATriggerWritesIntoAnotherRowOfItsTableTravelsBack) {
    LivePair pair("h35b");
    twenty_notes(pair, "side_effects = ['note']\n");
    trigger_on_cloud(
        pair, "after update",
        "if new.id <> 1 then update public.note set n = n + 1 where id = 1; end if; return null;");
    pair.desktop.exec("update note set body = 'edited' where id = 3");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select n from note where id = 1", "1");
    pair.expect_equal(notes);
    expect_quiet(pair);
}

TEST(Hazard, H35_ATriggerThatDeletesAnotherSyncedRowIsStopped) {
    LivePair pair("h35d");
    twenty_notes(pair);
    trigger_on_cloud(pair, "after update", "delete from public.note where id = new.id + 10; return null;");
    pair.desktop.exec("update note set body = 'edited' where id = 3");
    const TidewayResult stopped = pair.sync();
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_ROWS(pair.cloud, "select count(*) from note", "20");
    EXPECT_ROWS(pair.desktop, "select count(*) from note", "20");
    EXPECT_ROWS(pair.cloud, "select body from note where id = 3", "note 3");
    pair.cloud.exec("drop trigger act on note");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    expect_quiet(pair);
}

// Applications write their triggers for the search_path of their own sessions.
TEST(Hazard, H35_ATriggerThatNamesATableWithoutItsSchemaDoesNotStopTheRun) {
    LivePair pair("h35q");
    twenty_notes(pair);
    pair.both("create table other (id int primary key, body text)");
    pair.configure(note_config + std::string("side_effects = ['total']\n[[table]]\nname = 'other'\n"));
    pair.cloud.exec(
        "create table total (what text primary key, n int); insert into total values ('edits', 0)");
    trigger_on_cloud(pair, "after update", "update total set n = n + 1; return null;");
    pair.desktop.exec(
        "update note set body = 'edited' where id = 3; insert into note values (21, 'new'); "
        "insert into other values (1, 'new')");
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
    EXPECT_ROWS(pair.cloud, "select id from note where id > 20", "21");
    EXPECT_ROWS(pair.cloud, "select id from other", "1");
    const bool written = pair.cloud.scalar("select body from note where id = 3") == "edited";
    EXPECT_EQ(pair.cloud.scalar("select n from total"), written ? "1" : "0");
    EXPECT_EQ(reported(result, "parked"), written ? 0 : 1) << told(result);
    if (!written) {
        EXPECT_GT(kept_in(pair.desktop, "total"), 0) << "the reason is not kept";
    }
    expect_quiet(pair, written ? 0 : 3);
}

void expect_parked_until_dropped(LivePair& pair, const std::string& reason) {
    pair.desktop.exec(
        "update note set body = 'edited' where id between 3 and 9; insert into note values (21, 'new'); "
        "delete from note where id = 20");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 3) << result.out;
    EXPECT_GT(kept_in(pair.desktop, reason), 0) << "the reason is not kept";
    EXPECT_ROWS(pair.cloud, "select count(*) from note where body = 'edited'", "6");
    EXPECT_ROWS(pair.cloud, "select id from note where id >= 20", "20");
    expect_quiet(pair, 3);
    pair.cloud.exec("drop trigger act on note");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    expect_quiet(pair);
}

TEST(Hazard, H35_RowsThatATriggerRefusesAreParked) {
    LivePair pair("h35r");
    twenty_notes(pair);
    trigger_on_cloud(pair, "before insert or update or delete",
                     "if coalesce(new.id, old.id) in (5, 20, 21) then raise exception 'not this one'; "
                     "end if; return coalesce(new, old);");
    expect_parked_until_dropped(pair, "not this one");
}

TEST(Hazard, H35_RowsThatATriggerSuppressesAreParked) {
    LivePair pair("h35n");
    twenty_notes(pair);
    trigger_on_cloud(pair, "before insert or update or delete",
                     "if coalesce(new.id, old.id) in (5, 20, 21) then return null; "
                     "end if; return coalesce(new, old);");
    expect_parked_until_dropped(pair, "suppress");
}

}  // namespace
}  // namespace tideway::test
