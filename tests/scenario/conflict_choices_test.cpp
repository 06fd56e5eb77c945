// What people can do with conflicts beyond choosing one: look, filter, choose many, give a row of their own,
// go back.
#include <gtest/gtest.h>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

class ConflictChoices : public Commands {
  protected:
    json list(std::vector<std::string> filters = {}) {
        filters.insert(filters.begin(), {"conflicts", "list"});
        return run_json(filters, 0)["conflicts"];
    }
    std::string id_of(const json& conflict) { return conflict["id"].dump(); }
    void leave_conflicts_to_people() {
        config.rewrite(sides.sides_toml() + jobs_toml + "conflict = 'manual'\n");
    }
    void let_win(const std::string& side) {
        config.rewrite(sides.sides_toml() + jobs_toml + fmt::format("conflict = '{}'\n", side));
    }
    void edit_both(int job) {
        sides.desktop.exec(fmt::format("update jobshead set status = 'Office' where job_id = {}", job));
        sides.cloud.exec(fmt::format("update jobshead set status = 'Phone' where job_id = {}", job));
    }
    std::string status_of(Db& db, int job) {
        return db.scalar(fmt::format("select status from jobshead where job_id = {}", job));
    }
    void expect_status(int job, const std::string& status) {
        EXPECT_EQ(status_of(sides.desktop, job), status);
        EXPECT_EQ(status_of(sides.cloud, job), status);
    }
    // The file that --take gets.
    std::string row_file(const std::string& text) {
        write_file(dir / "row.json", text);
        return dir / "row.json";
    }
    // Job 5, edited on both sides, settled by the policy: this side won.
    json settled_for(const std::string& side) {
        let_win(side);
        start_with(10);
        edit_both(5);
        run_json({"sync"}, 0);
        return list().at(0);
    }
    TempDir dir;
};

TEST_F(ConflictChoices, the_list_is_filtered_by_table_kind_time_and_openness) {
    leave_conflicts_to_people();
    start_with(10);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Theirs', 'M')");
    run_json({"sync"}, 0);
    sides.desktop.exec("update jobshead set job_name = 'Ours' where job_id = 99");
    edit_both(5);
    edit_both(6);
    run_json({"sync"}, 3);
    EXPECT_EQ(list().size(), 3U);
    EXPECT_EQ(list({"--kind", "held"}).size(), 1U);
    EXPECT_EQ(list({"--kind", "conflict", "--table", "jobshead"}).size(), 2U);
    EXPECT_EQ(list({"--table", "other"}).size(), 0U);
    EXPECT_EQ(list({"--since", "1h"}).size(), 3U);
    EXPECT_EQ(list({"--since", "2999-01-01"}).size(), 0U);
    run_json({"conflicts", "resolve", id_of(list({"--kind", "held"}).at(0)), "--take", "cloud"}, 0);
    EXPECT_EQ(list({"--open"}).size(), 2U);
    EXPECT_EQ(run_json({"conflicts", "list", "--kind", "hold"}, 2)["error"]["code"], "TW106");
    EXPECT_EQ(run_json({"conflicts", "list", "--since", "yesterday"}, 2)["error"]["code"], "TW106");
}

TEST_F(ConflictChoices, show_tells_who_wrote_what_and_when) {
    leave_conflicts_to_people();
    start_with(10);
    sides.desktop.exec(
        "update jobshead set status = 'Office', updated_at = '2025-11-01 15:30' where job_id = 5");
    sides.cloud.exec(
        "update jobshead set status = 'Phone', updated_at = '2025-11-01 10:30Z' where job_id = 5");
    const json report = run_json({"sync"}, 3);
    json shown = run_json({"conflicts", "show", id_of(list().at(0))}, 0)["conflict"];
    EXPECT_EQ(shown["written"]["desktop"]["stamp"], "2025-11-01T10:00:00Z");
    EXPECT_EQ(shown["written"]["cloud"]["stamp"], "2025-11-01T10:30:00Z");
    EXPECT_TRUE(shown["written"]["cloud"]["captured"].is_string())
        << "the cloud's triggers saw it: " << shown;
    EXPECT_EQ(shown["origin"], "desktop");
    EXPECT_EQ(shown["run"], report["run"]);
    EXPECT_TRUE(shown["rule"].is_string()) << shown;
    run_json({"sync"}, 3);
    EXPECT_TRUE(
        run_json({"conflicts", "show", id_of(list().at(0))}, 0)["conflict"]["written"]["cloud"]["captured"]
            .is_string())
        << "a later run does not forget what triggers saw";
    run_json({"conflicts", "resolve", id_of(list().at(0)), "--take", "cloud"}, 0);
    const json settling = run_json({"sync"}, 0);
    shown = run_json({"conflicts", "show", id_of(list().at(0))}, 0)["conflict"];
    EXPECT_EQ(shown["status"], "kept");
    EXPECT_EQ(shown["run"], settling["run"]);
    EXPECT_EQ(shown["written"]["cloud"]["stamp"], "2025-11-01T10:30:00Z");
    EXPECT_NE(run({"conflicts", "show", id_of(list().at(0))}).out.find("2025-11-01T10:00:00Z"),
              std::string::npos);
}

TEST_F(ConflictChoices, many_are_resolved_at_once_after_a_look_at_what_that_means) {
    leave_conflicts_to_people();
    start_with(10);
    for (int job : {2, 3, 4}) edit_both(job);
    run_json({"sync"}, 3);
    const std::vector<std::string> all{"conflicts", "resolve",  "--table", "jobshead",
                                       "--kind",    "conflict", "--take",  "cloud"};
    const json preview = run_json(all, 0);
    EXPECT_EQ(preview["status"], "preview");
    EXPECT_EQ(preview["would_resolve"].size(), 3U);
    EXPECT_EQ(list({"--open"}).size(), 3U) << "nothing was chosen yet";
    std::vector<std::string> now = all;
    now.push_back("--yes");
    EXPECT_EQ(run_json(now, 0)["resolved"].size(), 3U);
    EXPECT_EQ(list({"--open"}).size(), 0U);
    run_json({"sync"}, 0);
    for (int job : {2, 3, 4}) expect_status(job, "Phone");
    expect_same();
}

TEST_F(ConflictChoices, several_numbers_are_resolved_or_none_when_one_is_wrong) {
    leave_conflicts_to_people();
    start_with(10);
    for (int job : {2, 3}) edit_both(job);
    run_json({"sync"}, 3);
    const json found = list();
    EXPECT_EQ(
        run_json({"conflicts", "resolve", id_of(found[0]), "4711", "--take", "cloud"}, 2)["error"]["code"],
        "TW409");
    EXPECT_EQ(list({"--open"}).size(), 2U);
    run_json({"conflicts", "resolve", id_of(found[0]), id_of(found[1]), "--take", "desktop"}, 0);
    run_json({"sync"}, 0);
    for (int job : {2, 3}) expect_status(job, "Office");
}

TEST_F(ConflictChoices, P1_a_row_of_ones_own_takes_both_sides_and_both_old_rows_are_kept) {
    leave_conflicts_to_people();
    start_with(10);
    edit_both(5);
    run_json({"sync"}, 3);
    const std::string file = row_file(R"({"status": "Agreed", "client_id": 3})");
    EXPECT_EQ(
        run_json({"conflicts", "resolve", id_of(list().at(0)), "--take", file}, 0)["resolved"][0]["outcome"],
        "written_back");
    EXPECT_EQ(status_of(sides.cloud, 5), "Phone") << "the next sync takes it there";
    run_json({"sync"}, 0);
    expect_status(5, "Agreed");
    expect_same();
    EXPECT_EQ(sides.desktop.scalar("select before->>'status' from tideway.journal where rule = 'resolve'"),
              "Office");
    EXPECT_EQ(list().at(0)["cloud"]["status"], "Phone");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 0))["to_cloud"], writes(0, 0, 0)) << "quiet";
}

TEST_F(ConflictChoices, P1_a_choice_is_void_when_either_row_is_edited_after_it) {
    leave_conflicts_to_people();
    start_with(10);
    edit_both(5);
    edit_both(6);
    edit_both(7);
    run_json({"sync"}, 3);
    for (const json& each : list()) run_json({"conflicts", "resolve", id_of(each), "--take", "cloud"}, 0);
    sides.desktop.exec("update jobshead set job_name = 'Later at the office' where job_id = 5");
    sides.cloud.exec("update jobshead set job_name = 'Later on the phone' where job_id = 6");
    const json report = jobs_of(run_json({"sync"}, 3));
    EXPECT_EQ(report["open_conflicts"], 2);
    expect_status(7, "Phone");
    EXPECT_EQ(sides.desktop.scalar("select job_name from jobshead where job_id = 5"), "Later at the office");
    EXPECT_EQ(sides.cloud.scalar("select job_name from jobshead where job_id = 6"), "Later on the phone");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 3))["open_conflicts"], 2);
    for (const json& each : list({"--open"}))
        run_json({"conflicts", "resolve", id_of(each), "--take", "cloud"}, 0);
    run_json({"sync"}, 0);
    expect_same();
}

TEST_F(ConflictChoices, P1_what_was_edited_since_the_last_run_is_neither_chosen_against_nor_overwritten) {
    leave_conflicts_to_people();
    start_with(10);
    edit_both(5);
    run_json({"sync"}, 3);
    const std::string id = id_of(list().at(0));
    const std::string file = row_file(R"({"status": "Agreed"})");
    sides.desktop.exec("update jobshead set status = 'Newer' where job_id = 5");
    for (const std::string& take : {std::string("desktop"), std::string("cloud"), file})
        EXPECT_EQ(run_json({"conflicts", "resolve", id, "--take", take}, 3)["error"]["code"], "TW456") << take;
    EXPECT_EQ(status_of(sides.desktop, 5), "Newer");
    EXPECT_EQ(list({"--open"}).size(), 1U);
    run_json({"sync"}, 3);
    run_json({"conflicts", "resolve", id, "--take", file}, 0);
    sides.cloud.exec("update jobshead set status = 'Newest' where job_id = 5");
    run_json({"sync"}, 3);
    EXPECT_EQ(status_of(sides.cloud, 5), "Newest") << "the row of one's own was chosen against another row";
}

TEST_F(ConflictChoices, P1_a_row_of_ones_own_comes_back_where_the_desktop_had_deleted_it_and_not_over_one_that_is_there_again) {
    config.rewrite(sides.sides_toml() + jobs_toml + "deletes = 'hold'\n");
    start_with(10);
    sides.desktop.exec("delete from jobshead where job_id in (5, 6)");
    run_json({"sync"}, 3);
    const std::string file = row_file(R"({"client_id": 3, "job_name": "Both", "status": "Agreed", "source": "D"})");
    json open = list({"--open"});
    ASSERT_EQ(open.size(), 2U) << open;
    sides.desktop.exec("insert into jobshead (job_id, client_id, job_name) values (6, 4, 'Entered anew')");
    for (const json& each : open)
        run_json({"conflicts", "resolve", id_of(each), "--take", file}, each["key"] == "5" ? 0 : 3);
    EXPECT_EQ(sides.desktop.scalar("select job_name from jobshead where job_id = 6"), "Entered anew");
    run_json({"sync"}, 0);
    expect_status(5, "Agreed");
    expect_same();
}

TEST_F(ConflictChoices, P2_a_row_of_ones_own_that_was_written_without_its_choice_leaves_the_conflict_open) {
    leave_conflicts_to_people();
    start_with(10);
    edit_both(5);
    run_json({"sync"}, 3);
    const std::string file = row_file(R"({"status": "Agreed"})"), id = id_of(list().at(0));
    run_tideway(config, {"conflicts", "resolve", id, "--take", file}, {{"TIDEWAY_FAILPOINTS", "resolve.written=kill9"}});
    EXPECT_EQ(status_of(sides.desktop, 5), "Agreed");
    run_json({"sync"}, 3);
    EXPECT_EQ(status_of(sides.cloud, 5), "Phone") << "nobody chose between these two rows";
    run_json({"conflicts", "resolve", id, "--take", file}, 0);
    run_json({"sync"}, 0);
    expect_status(5, "Agreed");
    expect_same();
}

TEST_F(ConflictChoices, a_row_that_does_not_fit_is_refused_and_nothing_is_written) {
    leave_conflicts_to_people();
    start_with(10);
    edit_both(5);
    run_json({"sync"}, 3);
    const std::string id = id_of(list().at(0));
    const Versions before = versions_of(sides);
    for (const char* text : {"not json", "[1]", "{}", R"({"statsu": "x"})", R"({"phone_note": "x"})",
                             R"({"client_id": "many"})", R"({"job_id": 6, "status": "x"})",
                             R"({"status": "longer than the twenty characters of its column"})"}) {
        EXPECT_EQ(run_json({"conflicts", "resolve", id, "--take", row_file(text)}, 2)["error"]["code"],
                  "TW455")
            << text;
    }
    EXPECT_EQ(run_json({"conflicts", "resolve", id, "--take", dir / "none"}, 2)["error"]["code"], "TW106");
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(list({"--open"}).size(), 1U);
}

class Reversed : public ConflictChoices, public testing::WithParamInterface<const char*> {
  protected:
    std::string winner = GetParam();
    std::string loser = winner == "desktop" ? "cloud" : "desktop";
    Db& losing_side() { return winner == "desktop" ? sides.cloud : sides.desktop; }
    Db& winning_side() { return winner == "desktop" ? sides.desktop : sides.cloud; }
    std::string losing_status() { return winner == "desktop" ? "Phone" : "Office"; }
    std::string winning_status() { return winner == "desktop" ? "Office" : "Phone"; }
};
INSTANTIATE_TEST_SUITE_P(Winner, Reversed, testing::Values("desktop", "cloud"),
                         [](const auto& side) { return std::string(side.param); });

TEST_P(Reversed, P1_the_loser_comes_back_and_the_winner_is_kept) {
    const json conflict = settled_for(winner);
    expect_status(5, winning_status());
    const json done = run_json({"conflicts", "resolve", id_of(conflict), "--take", loser}, 0);
    EXPECT_EQ(done["resolved"][0]["outcome"], "written_back");
    run_json({"sync"}, 0);
    expect_status(5, losing_status());
    expect_same();
    EXPECT_EQ(losing_side().scalar("select before->>'status' from tideway.journal where rule = 'resolve'"),
              winning_status());
    EXPECT_EQ(list().at(0)["status"], "reversed");
    const Versions before = versions_of(sides);
    EXPECT_EQ(run_json({"conflicts", "resolve", id_of(conflict), "--take", loser}, 3)["error"]["code"],
              "TW456");
    run_json({"sync"}, 0);
    EXPECT_EQ(versions_of(sides), before) << "once is enough";
}

TEST_P(Reversed, P1_a_reversal_that_dies_before_its_choice_loses_neither_row) {
    const json conflict = settled_for(winner);
    run_tideway(config, {"conflicts", "resolve", id_of(conflict), "--take", loser},
                {{"TIDEWAY_FAILPOINTS", "resolve.written=kill9"}});
    EXPECT_EQ(status_of(losing_side(), 5), losing_status());
    run({"sync"});
    EXPECT_EQ(status_of(losing_side(), 5), losing_status()) << "it is an edit like any other";
    EXPECT_EQ(losing_side().scalar("select before->>'status' from tideway.journal where rule = 'resolve'"),
              winning_status());
}

TEST_P(Reversed, an_edit_made_since_is_not_overwritten) {
    const json conflict = settled_for(winner);
    losing_side().exec("update jobshead set job_name = 'Edited since' where job_id = 5");
    EXPECT_EQ(run_json({"conflicts", "resolve", id_of(conflict), "--take", loser}, 3)["error"]["code"],
              "TW456");
    EXPECT_EQ(losing_side().scalar("select job_name from jobshead where job_id = 5"), "Edited since");
    EXPECT_EQ(list().at(0)["status"], "kept");
}

TEST_P(Reversed, P1_an_edit_of_the_winner_that_no_run_has_seen_yet_is_not_chosen_against) {
    const json conflict = settled_for(winner);
    winning_side().exec("update jobshead set job_name = 'Edited since' where job_id = 5");
    EXPECT_EQ(run_json({"conflicts", "resolve", id_of(conflict), "--take", loser}, 3)["error"]["code"], "TW456");
    EXPECT_EQ(status_of(losing_side(), 5), winning_status());
    run_json({"sync"}, 0);
    EXPECT_EQ(losing_side().scalar("select job_name from jobshead where job_id = 5"), "Edited since");
}

TEST_P(Reversed, P1_an_edit_of_the_winner_after_the_reversal_waits_for_a_choice_of_its_own) {
    const json conflict = settled_for(winner);
    leave_conflicts_to_people();
    run_json({"conflicts", "resolve", id_of(conflict), "--take", loser}, 0);
    winning_side().exec("update jobshead set job_name = 'Edited after' where job_id = 5");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 3))["open_conflicts"], 1);
    EXPECT_EQ(winning_side().scalar("select job_name from jobshead where job_id = 5"), "Edited after");
    EXPECT_EQ(status_of(losing_side(), 5), losing_status());
}

TEST_P(Reversed, taking_the_winner_changes_nothing) {
    const json conflict = settled_for(winner);
    const Versions before = versions_of(sides);
    EXPECT_EQ(
        run_json({"conflicts", "resolve", id_of(conflict), "--take", winner}, 0)["resolved"][0]["outcome"],
        "holds_already");
    run_json({"sync"}, 0);
    EXPECT_EQ(versions_of(sides), before);
}

TEST_F(ConflictChoices, a_delete_that_lost_against_an_edit_can_be_carried_out_after_all) {
    start_with(10);
    sides.desktop.exec("delete from jobshead where job_id = 5");
    sides.cloud.exec("update jobshead set status = 'Phone', updated_at = now() where job_id = 5");
    run_json({"sync"}, 0);
    expect_status(5, "Phone");
    run_json({"conflicts", "resolve", id_of(list().at(0)), "--take", "desktop"}, 0);
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs(sides.desktop, "job_id = 5") + jobs(sides.cloud, "job_id = 5"), 0);
}

TEST_F(ConflictChoices, a_lost_office_edit_of_a_strict_phone_row_comes_back_without_being_held) {
    start_with(10);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Theirs', 'M')");
    run_json({"sync"}, 0);
    sides.desktop.exec("update jobshead set job_name = 'Ours' where job_id = 99");
    run_json({"sync"}, 3);
    run_json({"conflicts", "resolve", id_of(list().at(0)), "--take", "cloud"}, 0);
    run_json({"sync"}, 0);
    run_json({"conflicts", "resolve", id_of(list().at(0)), "--take", "desktop"}, 0);
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs(sides.cloud, "job_id = 99 and job_name = 'Ours'"), 1);
    EXPECT_EQ(list({"--open"}).size(), 0U);
}

}  // namespace
}  // namespace tideway::test
