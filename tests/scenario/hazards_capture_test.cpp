// Hazards of capture and identity of correctness.md 4: H21, H22, H50, H51, H52, H57.
#include "scenario/hazard_pair.hpp"

namespace tideway::test {
namespace {

class HazardCapture : public CaptureTest {};
class HazardExactCapture : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardCapture, testing::ValuesIn(every_capture()), name_of);
INSTANTIATE_TEST_SUITE_P(Each, HazardExactCapture, testing::ValuesIn(exact_captures()), name_of);

// ---- H21 -------------------------------------------------------------------------------------------------

PairOptions with_children(PairOptions options) {
    options.schema =
        "create table job (id int primary key, note text, updated_at timestamptz default now());"
        "create table step (id int primary key, job int not null references job on update cascade, note "
        "text)";
    options.tables = kJobToml + "[[table]]\nname = 'step'\n";
    return options;
}

const std::string kSteps = "select * from step order by id";

void sync_family(const HazardPair& pair, At here) {
    pair.open(here).exec(
        "insert into job select i, 'job ' || i, now() - interval '1 hour' from generate_series(1, 20) i;"
        "insert into step select 10 * j + n, j, 'step' from generate_series(4, 6) j, generate_series(1, 3) n "
        "where j <> 6");
    EXPECT_SYNC(pair.sync(), 0);
}

TEST_P(HazardExactCapture, H21_a_key_change_takes_its_children_along) {
    const HazardPair pair("h21", with_children(options()));
    sync_family(pair, here());
    pair.open(here()).exec("update job set id = 60 where id = 5");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job where id in (5, 60)", "60|job 5");
    EXPECT_ROWS(pair.on(there()), "select id, job from step order by id",
                "41|4\n42|4\n43|4\n51|60\n52|60\n53|60");
    expect_equal_sides(pair, kSteps);
    expect_in_agreement(pair);
}

TEST_P(HazardExactCapture, H21_an_edit_of_the_old_key_on_the_other_side_is_retained) {
    const HazardPair pair("h21_edit", with_children(options()));
    sync_family(pair, here());
    pair.open(here()).exec("update job set id = 60 where id = 5");
    pair.open(there()).exec("update job set note = 'edited elsewhere', updated_at = now() where id = 5");
    EXPECT_SYNC(pair.sync(), 0);
    for (const At side : {At::desktop, At::cloud}) {
        EXPECT_ROWS(pair.on(side), "select id, note from job where id in (5, 60) order by id",
                    "5|edited elsewhere\n60|job 5");
        EXPECT_ROWS(pair.on(side), "select count(*) from step where job = 60", "3");
    }
    EXPECT_EQ(conflicts(pair), here() == At::desktop ? "5 delete_update kept" : "5 update_delete kept");
    expect_equal_sides(pair, kSteps);
    expect_in_agreement(pair);
}

// ---- H22 -------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H22_a_key_used_again_is_a_new_row) {
    const HazardPair pair("h22", options());
    first_sync(pair, here(), 20);
    pair.open(here()).exec("delete from job where id in (7, 8)");
    if (capture() == "timestamp") EXPECT_SYNC(pair.sync({"--mode", "full"}), 0);  // sees no deletes by itself
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()), "select count(*) from job where id in (7, 8)", "0");
    pair.open(there()).exec(
        "insert into job values (7, 'another entity'), (8, 'first 8')");  // the second as it was
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(here()), "select id, note from job where id in (7, 8) order by id",
                "7|another entity\n8|first 8");
    pair.open(here()).exec("update job set note = 'and edited', updated_at = now() where id = 7");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()), "select note from job where id = 7", "and edited");
    EXPECT_EQ(conflicts(pair), "");
    expect_in_agreement(pair);
}

// ---- H50 -------------------------------------------------------------------------------------------------

TEST_P(HazardExactCapture, H50_writes_of_a_session_in_replica_role_are_found) {
    const HazardPair pair("h50", options());
    first_sync(pair, here(), 20);
    Db user = pair.open(here());
    user.exec(
        "set session_replication_role = replica; insert into job values (31, 'inserted');"
        "update job set note = 'updated' where id = 2; delete from job where id = 3");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job where id in (2, 3, 31) order by id",
                "2|updated\n31|inserted");
    expect_in_agreement(pair);
}

// ---- H51 -------------------------------------------------------------------------------------------------

// Timestamp capture does not see it by itself; its full run must not be silent either.
std::vector<std::string> as_the_capture_needs(const std::string& capture) {
    return capture == "timestamp" ? std::vector<std::string>{"--mode", "full"} : std::vector<std::string>{};
}

TEST_P(HazardCapture, H51_truncate_is_stopped_by_the_guard) {
    const HazardPair pair("h51", options());
    first_sync(pair, here(), 20);
    pair.open(here()).exec("truncate job");
    const std::string before = dump(pair.on(there()), kJobs);
    for (int i = 0; i < 2; ++i) {
        const TidewayResult stopped = pair.sync(as_the_capture_needs(capture()));
        ASSERT_EQ(stopped.exit_code, 4) << text_of(stopped);
        EXPECT_EQ(stopped.json["status"], "guard");
        ASSERT_EQ(stopped.json["guard"].size(), 1U);
        EXPECT_EQ(stopped.json["guard"][0]["table"], "job");
        EXPECT_EQ(stopped.json["guard"][0]["count"], 20);
        EXPECT_ROWS(pair.on(there()), kJobs, before);
    }
    const std::string hash = pair.sync(as_the_capture_needs(capture())).json["plan_hash"];
    std::vector<std::string> confirmed = as_the_capture_needs(capture());
    confirmed.insert(confirmed.end(), {"--confirm", hash});
    EXPECT_SYNC(pair.sync(confirmed), 0);
    EXPECT_ROWS(pair.on(there()), "select count(*) from job", "0");
    expect_in_agreement(pair);
}

TEST_P(HazardCapture, H51_truncate_and_the_same_rows_again_is_no_change) {
    const HazardPair pair("h51_refill", options());
    first_sync(pair, here(), 20);
    Db user = pair.open(here()), other = pair.open(there());
    const std::string before = row_versions(other);
    user.exec("begin; create temp table kept as table job; truncate job; insert into job table kept; commit");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_EQ(row_versions(other), before);
    user.exec(
        "begin; truncate job; insert into job table kept; update job set note = 'new', updated_at = now() "
        "where id = 4; commit");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(other, "select count(*), count(*) filter (where note = 'new') from job", "20|1");
    expect_in_agreement(pair);
}

// ---- H52 -------------------------------------------------------------------------------------------------

TEST_P(HazardExactCapture, H52_changes_made_while_triggers_are_off_are_found_while_they_are_off) {
    const HazardPair pair("h52_off", options());
    first_sync(pair, here(), 20);
    pair.open(here()).exec(
        "alter table job disable trigger all; update job set note = 'unseen' where id = 2;"
        "insert into job values (31, 'unseen'); delete from job where id = 3");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job where id in (2, 3, 31) order by id",
                "2|unseen\n31|unseen");
    pair.open(here()).exec("update job set note = 'seen', updated_at = now() where id = 4");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()), "select note from job where id = 4", "seen");
    expect_in_agreement(pair);
}

// As pg_restore --disable-triggers and bulk loads do it.
void change_behind_the_triggers(const HazardPair& pair, At here) {
    first_sync(pair, here, 20);
    pair.open(here).exec(
        "alter table job disable trigger all; update job set note = 'unseen' where id = 2;"
        "insert into job values (31, 'unseen'); alter table job enable trigger all");
}

TEST_P(HazardExactCapture, H52_a_full_run_finds_changes_made_while_triggers_were_off) {
    const HazardPair pair("h52_full", options());
    change_behind_the_triggers(pair, here());
    EXPECT_SYNC(pair.sync({"--mode", "full"}), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job where id in (2, 31) order by id",
                "2|unseen\n31|unseen");
    expect_in_agreement(pair);
}

// ENABLE TRIGGER ALL does not bring ENABLE ALWAYS back: that trace must not be overlooked.
TEST_P(HazardExactCapture, H52_capture_is_whole_again_after_triggers_were_off) {
    const HazardPair pair("h52_again", options());
    change_behind_the_triggers(pair, here());
    EXPECT_SYNC(pair.sync(), 0);
    pair.open(here()).exec(
        "set session_replication_role = replica; update job set note = 'replica' where id = 4");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()), "select id, note from job where id in (2, 4, 31) order by id",
                "2|unseen\n4|replica\n31|unseen");
    expect_in_agreement(pair);
}

TEST_P(HazardExactCapture, H52_a_full_run_finds_what_rewriting_a_table_changed) {
    const HazardPair pair("h52_rewrite", options());
    first_sync(pair, here(), 20);
    pair.open(here()).exec("alter table job alter note type text using upper(note)");
    EXPECT_SYNC(pair.sync({"--mode", "full"}), 0);
    EXPECT_ROWS(pair.on(there()), "select count(*) from job where note like 'FIRST%'", "20");
    expect_in_agreement(pair);
}

// The triggers are as they were afterwards, so nothing tells.
void change_unseen(const HazardPair& pair, const std::string& sql, At side = At::cloud) {
    Db user = pair.open(side);
    const std::string on_again = user.scalar(
        "select string_agg(format('alter table job enable always trigger %I', tgname), ';') from pg_trigger where tgrelid = "
        "'job'::regclass and tgname like 'tideway%'");
    user.exec("alter table job disable trigger all; " + sql + "; " + on_again);
}

PairOptions logged(const std::string& more = "") { return {.sync = capture_toml("changelog", At::cloud) + more}; }

// Rows that the desktop has changed as well are found by the write itself.
TEST(Hazard, H52_what_was_changed_behind_the_triggers_of_the_cloud_is_not_written_over) {
    const HazardPair pair("h52_behind", logged());
    first_sync(pair, At::desktop, 20);
    change_unseen(pair, "update job set note = 'phone', updated_at = now() where id in (2, 4); delete from job where id in (3, 5)");
    pair.open(At::desktop).exec("update job set note = 'office', updated_at = now() + interval '1 minute' where id in (2, 3, 6);"
                                "delete from job where id in (4, 5, 7)");
    EXPECT_SYNC(pair.sync(), 0);
    for (const At side : {At::desktop, At::cloud})
        EXPECT_ROWS(pair.on(side), "select id, note from job where id between 2 and 7 order by id",
                    "2|office\n3|office\n4|phone\n6|office");
    EXPECT_EQ(conflicts(pair), "2 update_update kept\n3 update_delete kept\n4 delete_update kept");
    expect_in_agreement(pair);
}

TEST(Hazard, H52_a_run_that_died_when_all_its_rows_had_raced_is_no_restore) {
    const HazardPair pair("h52_died", logged("[guard]\nrestored = 'stop'\n"));
    first_sync(pair, At::desktop, 20);
    change_unseen(pair, "update job set note = 'phone', updated_at = now() where id = 2");
    pair.open(At::desktop).exec("update job set note = 'office', updated_at = now() + interval '1 minute' where id = 2");
    pair.sync({}, {{"TIDEWAY_FAILPOINTS", "M6a.before=kill9"}});
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_EQ(conflicts(pair), "2 update_update kept");
    expect_in_agreement(pair);
}

// The office's program does not move its stamp: when the changelog saw the edit decides.
TEST(Hazard, H52_the_moment_of_an_edit_is_known_after_its_row_has_raced) {
    const HazardPair pair("h52_moment", logged());
    first_sync(pair, At::desktop, 20);
    change_unseen(pair, "update job set note = 'phone', updated_at = now() - interval '10 minutes' where id = 2");
    pair.open(At::desktop).exec("update job set note = 'office' where id = 2");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(At::cloud), "select note from job where id = 2", "office");
    EXPECT_EQ(conflicts(pair), "2 update_update kept");
    expect_in_agreement(pair);
}

// The later edit is the unseen one, so the run in the direction of the other one cannot settle it.
TEST(Hazard, H52_a_forward_run_keeps_in_sight_what_the_other_direction_has_to_settle) {
    for (const At seen : {At::desktop, At::cloud}) {
        const At unseen = seen == At::desktop ? At::cloud : At::desktop;
        const HazardPair pair("h52_forward", logged());
        first_sync(pair, At::desktop, 20);
        change_unseen(pair, "update job set note = 'later', updated_at = now() + interval '1 minute' where id = 2", unseen);
        pair.open(seen).exec("update job set note = 'earlier', updated_at = now() where id = 2");
        EXPECT_SYNC(pair.sync_from(seen), 0);
        EXPECT_SYNC(pair.sync(), 0);
        EXPECT_ROWS(pair.on(seen), "select note from job where id = 2", "later");
        EXPECT_EQ(conflicts(pair), "2 update_update kept");
        expect_in_agreement(pair);
    }
}

TEST(Hazard, H52_doctor_reports_triggers_that_are_off) {
    for (const At here : {At::desktop, At::cloud}) {
        const HazardPair pair("h52_doctor", {.sync = capture_toml("changelog", here)});
        first_sync(pair, here);
        EXPECT_EQ(findings_about(pair, "disabled"), "");
        pair.open(here).exec("alter table job disable trigger all");
        EXPECT_NE(findings_about(pair, word(here) + ".job"), "");
    }
}

// ---- H57 -------------------------------------------------------------------------------------------------

TEST_P(HazardCapture, H57_purging_the_changelog_spares_what_is_not_yet_committed) {
    const HazardPair pair("h57", options());
    first_sync(pair, here());
    Db open = pair.open(here()), user = pair.open(here());
    open.exec(
        "begin; insert into job values (11, 'open'); update job set note = 'open', updated_at = now() where "
        "id = 1");
    for (int i = 0; i < 3; ++i) {
        user.exec(fmt::format("insert into job values ({}, 'purged')", 20 + i));
        EXPECT_SYNC(pair.sync(), 0);
    }
    open.exec("commit");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.on(there()), "select string_agg(id || note, ' ' order by id) from job",
                "1open 11open 20purged 21purged 22purged");
    expect_in_agreement(pair);
}

// It commits between the moment that the mark stands for and the purge.
TEST_P(HazardCapture, H57_purging_the_changelog_spares_what_commits_meanwhile) {
    for (const char* moment : {"M7.before", "M7.committed"}) {
        const HazardPair pair("h57_meanwhile", options());
        first_sync(pair, here());
        Db open = pair.open(here()), user = pair.open(here());
        open.exec("begin; insert into job values (11, 'open')");
        user.exec("insert into job values (12, 'found')");
        const PauseAt pause(moment);
        const auto run = start_tideway(pair.config, {"sync", "--json"}, pause.env());
        pause.wait_until_reached();
        open.exec("commit");
        user.exec("insert into job values (13, 'after the snapshot')");
        pause.release();
        ASSERT_EQ(run->wait(std::chrono::seconds(60)), 0) << run->err();
        EXPECT_SYNC(pair.sync(), 0);
        EXPECT_ROWS(pair.on(there()), "select string_agg(id::text, ',' order by id) from job", "1,11,12,13")
            << moment;
        expect_in_agreement(pair);
    }
}

// A direction that does not run keeps its side's changes for later.
TEST_P(HazardCapture, H57_a_run_in_one_direction_purges_nothing_of_the_other) {
    const HazardPair pair("h57_direction", options());
    first_sync(pair, here());
    Db user = pair.open(here()), other = pair.open(there());
    user.exec("insert into job values (11, 'waits')");
    for (int i = 0; i < 2; ++i) {
        other.exec(fmt::format("insert into job values ({}, 'goes')", 20 + i));
        EXPECT_SYNC(pair.sync_from(there()), 0);
        EXPECT_ROWS(other, "select count(*) from job where id = 11", "0");
    }
    EXPECT_SYNC(pair.sync_from(here()), 0);
    EXPECT_ROWS(other, "select note from job where id = 11", "waits");
    expect_in_agreement(pair);
}

}  // namespace
}  // namespace tideway::test
