// Undos that met what nobody had listed: merges, soft deletes, references by key, keys that change, rows that
// share keys.
#include "scenario/merge_fixture.hpp"

namespace tideway::test {
namespace {

const std::string no_guard = "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n";

TidewayResult undo(const HazardPair& pair, std::vector<std::string> options) {
    options.insert(options.begin(), {"undo", "--json"});
    return run_tideway(pair.config, options);
}

std::string run_of(const TidewayResult& result) { return result.json.value("run", ""); }

// ------------------------------------------------------------------------------ merges

struct UndoOfAMerge : testing::Test {
    MergePair pair{"undo_merge"};
    void edit_both() {
        pair.edit(At::desktop, "title = 'office', hours = 12");
        pair.edit(At::cloud, "place = 'phone', hours = 9");
    }
    // Each of the two edits is in a row of either side, or kept in a conflict record.
    void expect_both_edits_kept() {
        const std::string kept =
            "select (select count(*) from job where title = 'office') + (select count(*) from "
            "tideway.conflict where "
            "desktop_row->>'title' = 'office' or cloud_row->>'title' = 'office') > 0";
        const std::string other =
            "select (select count(*) from job where place = 'phone') + (select count(*) from "
            "tideway.conflict where "
            "desktop_row->>'place' = 'phone' or cloud_row->>'place' = 'phone') > 0";
        EXPECT_TRUE(pair.open(At::desktop).scalar(kept) == "t" || pair.open(At::cloud).scalar(kept) == "t");
        EXPECT_TRUE(pair.open(At::desktop).scalar(other) == "t" || pair.open(At::cloud).scalar(other) == "t");
        EXPECT_EQ(pair.values(At::desktop, 1), pair.values(At::cloud, 1));
    }
};

TEST_F(UndoOfAMerge, P1_LosesNeitherSidesEditInTheNextRun) {
    edit_both();
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_EQ(undo(pair, {"--table", "job", "--key", "1"}).exit_code, 0);
    pair.sync();
    expect_both_edits_kept();
}

TEST_F(UndoOfAMerge, P1_LosesNothingWhereTheDesktopHadNotGotItsPartYet) {
    edit_both();
    pair.sync_from(At::desktop);
    EXPECT_EQ(undo(pair, {"--table", "job", "--key", "1"}).exit_code, 0);
    pair.sync();
    expect_both_edits_kept();
}

TEST(Merging, P1_AnAppendedTextThatBeginsAnotherOneIsKept) {
    const MergePair pair("append");
    pair.edit(At::desktop, "note = note || '.5'");
    pair.edit(At::cloud, "note = note || '.50 boxes'");
    pair.sync();
    EXPECT_ROWS(pair.cloud, "select note from job", "note.5.50 boxes");
    EXPECT_ROWS(pair.desktop, "select note from job", "note.5.50 boxes");
}

TEST(Merging, AnExpressionThatFailsStopsItsRowAlone) {
    const HazardPair pair(
        "expression",
        {.tables = "[[table]]\nname = 'job'\nconflict = 'merge'\n[[table.column]]\nname = 'note'\npolicy = "
                   "\"sql:nextval('numbers') || :cloud\"\n",
         .schema = "create table job (id int primary key, note text, place text); create sequence numbers"});
    pair.open(At::desktop).exec("insert into job values (1, 'one'), (2, 'two')");
    EXPECT_SYNC(pair.sync(), 0);
    pair.open(At::desktop)
        .exec("update job set note = 'office' where id = 1; update job set note = 'free' where id = 2");
    pair.open(At::cloud).exec("update job set note = 'phone' where id = 1");
    EXPECT_SYNC(pair.sync(), 3);
    EXPECT_ROWS(pair.cloud, "select note from job order by id", "phone\nfree");
}

TEST(Merging, AnExpressionThatDoesNotEndStopsItsRowAlone) {
    const HazardPair pair("expression",
                          {.tables = "[[table]]\nname = 'job'\nconflict = 'merge'\n[[table.column]]\nname = 'note'\npolicy = "
                                     "\"sql:pg_sleep(600)::text || :cloud\"\n",
                           .schema = "create table job (id int primary key, note text)"});
    pair.open(At::desktop).exec("insert into job values (1, 'one'), (2, 'two')");
    EXPECT_SYNC(pair.sync(), 0);
    pair.open(At::desktop).exec("update job set note = 'office'");
    pair.open(At::cloud).exec("update job set note = 'phone' where id = 1");
    EXPECT_SYNC(pair.sync(), 3);
    EXPECT_ROWS(pair.cloud, "select note from job order by id", "phone\noffice");
}

// ------------------------------------------------------------------------------ soft deletes

struct UndoOfASoftDelete : testing::Test {
    HazardPair pair{
        "undo_soft",
        {.tables = "[[table]]\nname = 'job'\ndeletes = 'soft:is_deleted=true'\n",
         .schema = "create table job (id int primary key, code text unique, note text)",
         .cloud_schema =
             "create table job (id int primary key, code text unique, note text, is_deleted boolean "
             "not null default false)"}};
    void SetUp() override {
        pair.open(At::desktop)
            .exec("insert into job select i, 'c' || i, 'first' from generate_series(1, 5) i");
        EXPECT_SYNC(pair.sync(), 0);
    }
    void expect_row(const std::string& in_cloud, const std::string& on_desktop) {
        EXPECT_ROWS(pair.cloud, "select note, is_deleted from job where id = 5", in_cloud);
        EXPECT_ROWS(pair.desktop, "select note from job where id = 5", on_desktop);
    }
};

TEST_F(UndoOfASoftDelete, TakesTheMarkAwayAndGivesItBackAgain) {
    pair.open(At::desktop).exec("delete from job where id = 5");
    const TidewayResult run = pair.sync();
    EXPECT_SYNC(run, 0);
    expect_row("first|t", "");
    for (int again = 0; again < 2; ++again) {
        const TidewayResult back = undo(pair, {"--table", "job", "--key", "5"});
        EXPECT_EQ(back.exit_code, 0) << text_of(back);
        EXPECT_ROWS(pair.cloud, "select note, is_deleted from job where id = 5", "first|f");
        const TidewayResult gone = undo(pair, {"--table", "job", "--key", "5"});
        EXPECT_EQ(gone.exit_code, 0) << text_of(gone);
        EXPECT_ROWS(pair.cloud, "select note, is_deleted from job where id = 5", "first|t");
    }
    EXPECT_EQ(undo(pair, {"--table", "job", "--key", "5"}).exit_code, 0);
    EXPECT_SYNC(pair.sync(), 0);
    expect_row("first|f", "first");
}

TEST_F(UndoOfASoftDelete, OnTheOtherSideIsCarriedLikeARowThatSomebodyEnters) {
    pair.open(At::cloud).exec("update job set is_deleted = true where id = 5");
    EXPECT_SYNC(pair.sync(), 0);
    expect_row("first|t", "");
    EXPECT_EQ(undo(pair, {"--table", "job", "--key", "5"}).exit_code, 0);
    EXPECT_SYNC(pair.sync(), 0);
    expect_row("first|f", "first");
}

TEST_F(UndoOfASoftDelete, LeavesARowThatWasMarkedSince) {
    pair.open(At::desktop).exec("update job set note = 'second' where id = 5");
    const TidewayResult run = pair.sync();
    pair.open(At::cloud).exec("update job set is_deleted = true where id = 5");
    EXPECT_EQ(undo(pair, {"--run", run_of(run)}).exit_code, 3);
    EXPECT_ROWS(pair.cloud, "select note, is_deleted from job where id = 5", "second|t");
}

// ------------------------------------------------------------------------------ references by key

// The cloud numbers its own rows, from `first` on.
PairOptions numbered(int first) {
    const std::string schema =
        "create table par (id serial primary key, code text unique, a text); create table ch (cid int "
        "primary key, p int "
        "references par (id), a text); ";
    return {.tables = no_guard +
                      "[[table]]\nname = 'par'\nkey = ['code']\nidentity = 'business_key'\nlocal_id = 'id'\n"
                      "[[table]]\nname = 'ch'\n",
            .schema = schema,
            .cloud_schema = schema + fmt::format("alter sequence par_id_seq restart {}", first)};
}

// Two of four parents and their children are deleted on both sides; returns the run that deleted them in the
// cloud.
TidewayResult delete_two(const HazardPair& pair) {
    Db office = pair.open(At::desktop);
    office.exec(
        "insert into par (code, a) select 'k' || g, 'n' from generate_series(1, 4) g; insert into ch select "
        "g, g, 'x' "
        "from generate_series(1, 4) g");
    EXPECT_SYNC(pair.sync(), 0);
    office.exec("delete from ch where cid <= 2; delete from par where code in ('k1', 'k2')");
    return pair.sync();
}

TEST(UndoByKey, NeverHangsARowOnAStrangerThatHasGotTheNumber) {
    const HazardPair pair("undo_by_key", numbered(1000));
    EXPECT_SYNC(delete_two(pair), 0);
    pair.open(At::cloud).exec("insert into par (id, code, a) values (1000, 'stranger', 's')");
    for (const char* key : {"1", "2"}) {
        const TidewayResult undone = undo(pair, {"--table", "ch", "--key", key});
        EXPECT_EQ(undone.exit_code, 3) << text_of(undone);
        EXPECT_EQ(undone.json["left"].size(), 1U);
    }
    EXPECT_ROWS(pair.cloud, "select cid from ch order by 1", "3\n4");
}

TEST(UndoByKey, BringsBackWhatCanComeAndListsTheRest) {
    const HazardPair pair("undo_by_key", numbered(1));
    const TidewayResult run = delete_two(pair);
    pair.open(At::cloud).exec("insert into par (id, code, a) values (1, 'stranger', 's')");
    const TidewayResult undone = undo(pair, {"--run", run_of(run)});
    EXPECT_EQ(undone.exit_code, 3) << text_of(undone);
    EXPECT_ROWS(pair.cloud, "select c.cid, p.code from ch c join par p on p.id = c.p order by 1",
                "2|k2\n3|k3\n4|k4");
}

// ------------------------------------------------------------------------------ keys and unique values

TEST(UndoOfKeys, ARowThatGotAnotherKeyAndKeptItsUniqueValueGoesBackWithTheOthers) {
    for (const bool new_row : {false, true}) {
        const HazardPair pair("undo_keys",
                              {.tables = no_guard + "[[table]]\nname = 'u'\n",
                               .schema = "create table u (id int primary key, code text unique, a text)"});
        pair.open(At::desktop).exec("insert into u select g, 'c' || g, 'x' from generate_series(1, 6) g");
        EXPECT_SYNC(pair.sync(), 0);
        const std::string before = dump(pair.cloud, "select * from u order by id");
        pair.open(At::desktop)
            .exec(new_row ? "delete from u where id = 3; insert into u values (33, 'c3', 'x'); update u set "
                            "a = 'y' where id = 1"
                          : "update u set id = 33 where id = 3; update u set a = 'y' where id = 1");
        const TidewayResult run = pair.sync();
        EXPECT_SYNC(run, 0);
        const TidewayResult undone = undo(pair, {"--run", run_of(run)});
        EXPECT_EQ(undone.exit_code, 0) << text_of(undone);
        EXPECT_ROWS(pair.cloud, "select * from u order by id", before);
    }
}

TEST(UndoOfKeys, ARowWithChildrenThatWouldGoAlongIsLeft) {
    const HazardPair pair(
        "undo_cascade",
        {.tables = no_guard + "[[table]]\nname = 'par'\n[[table]]\nname = 'ch'\n",
         .schema =
             "create table par (id int primary key, a text); create table ch (id int primary key, p int "
             "references par on delete cascade)"});
    pair.open(At::desktop).exec("insert into par values (1, 'a')");
    EXPECT_SYNC(pair.sync(), 0);
    pair.open(At::desktop).exec("insert into par values (2, 'b'), (3, 'c')");
    const TidewayResult run = pair.sync();
    pair.open(At::cloud).exec("insert into ch values (10, 2)");
    const TidewayResult undone = undo(pair, {"--run", run_of(run)});
    EXPECT_EQ(undone.exit_code, 3) << text_of(undone);
    EXPECT_ROWS(pair.cloud, "select id from par order by 1", "1\n2");
    EXPECT_ROWS(pair.cloud, "select id from ch", "10");
}

// ------------------------------------------------------------------------------ rows that share keys

TEST(UndoOfRepeatedRows, TwiceIsOnce) {
    const HazardPair pair(
        "undo_twice",
        {.tables = no_guard + "[[table]]\nname = 'f'\nidentity = 'full_row'\n[[table]]\nname = 'o'\nkey = "
                              "['k']\nidentity = 'business_key+ordinal'\n",
         .schema = "create table f (a text, b int); create table o (k text, v text)"});
    const std::string rows =
        "select * from (select a, b::text from f union all select k, v from o) x order by 1, 2";
    pair.open(At::desktop)
        .exec(
            "insert into f values ('x', 1), ('x', 1), ('y', 2); insert into o values ('a', '1'), ('a', '1'), "
            "('b', '2')");
    EXPECT_SYNC(pair.sync(), 0);
    const std::string before = dump(pair.cloud, rows);
    pair.open(At::desktop)
        .exec(
            "insert into f values ('x', 1); delete from f where b = 2; insert into o values ('a', '1'); "
            "delete "
            "from o where k = 'b'");
    const TidewayResult run = pair.sync();
    const std::string after = dump(pair.cloud, rows);
    const TidewayResult first = undo(pair, {"--run", run_of(run)});
    EXPECT_EQ(first.exit_code, 0) << text_of(first);
    EXPECT_ROWS(pair.cloud, rows, before);
    const TidewayResult second = undo(pair, {"--run", run_of(run)});
    EXPECT_EQ(second.exit_code, 0) << text_of(second);
    EXPECT_ROWS(pair.cloud, rows, before) << "passed over";
    EXPECT_EQ(undo(pair, {"--run", run_of(first)}).exit_code, 0);
    EXPECT_ROWS(pair.cloud, rows, after);
    EXPECT_EQ(undo(pair, {"--run", run_of(run)}).exit_code, 0);
    EXPECT_ROWS(pair.cloud, rows, before) << "the undo of it was taken back";
}

}  // namespace
}  // namespace tideway::test
