// Views in the cloud that an app may read.
#include <gtest/gtest.h>
#include <unistd.h>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

class AppViews : public Commands {
  protected:
    void ask_for_views(const std::string& more = "") {
        config.rewrite(sides.sides_toml() +
                       "status_view = 'public._sync_metadata'\nconflicts_view = 'public._sync_conflicts'\n" +
                       more + jobs_toml + "conflict = 'desktop'\n");
    }
    long long there(const std::string& name) {
        return sides.cloud.number("select count(*) from pg_class where relkind = 'v' and relname = '" + name +
                                  "'");
    }
};

TEST_F(AppViews, say_when_tables_were_synchronised_and_which_edits_lost) {
    ask_for_views();
    start_with(5);
    EXPECT_EQ(
        sides.cloud.number("select records_synced from _sync_metadata where table_name = 'jobshead' and "
                           "direction = 'forward'"),
        5);
    sides.desktop.exec("update jobshead set status = 'Office' where job_id = 2");
    sides.cloud.exec("update jobshead set status = 'Phone' where job_id = 2");
    run_json({"sync"}, 0);
    EXPECT_ROWS(
        sides.cloud,
        "select table_name, key[1], kind, status, lost->>'status', holds->>'status' from _sync_conflicts",
        "jobshead|2|update_update|kept|Phone|Office");
    EXPECT_EQ(run_json({"conflicts", "list"}, 0)["conflicts"][0]["id"],
              sides.cloud.number("select id from _sync_conflicts"));
}

TEST_F(AppViews, show_rows_of_which_a_merge_left_a_value_out) {
    config.rewrite(sides.sides_toml() + "conflicts_view = 'public._sync_conflicts'\n" + jobs_toml +
                   "conflict = 'merge'\n[[table.column]]\nname = 'status'\npolicy = 'desktop'\n");
    start_with(5);
    sides.desktop.exec("update jobshead set status = 'Office' where job_id = 2");
    sides.cloud.exec("update jobshead set status = 'Phone', job_name = 'Renamed' where job_id = 2");
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs(sides.cloud, "job_id = 2 and status = 'Office' and job_name = 'Renamed'"), 1);
    EXPECT_ROWS(sides.cloud, "select winner, key[1], lost->>'status', holds is null from _sync_conflicts",
                "merged|2|Phone|t");
}

TEST_F(AppViews, are_made_for_a_pair_that_ran_without_them) {
    start_with(5);
    EXPECT_EQ(there("_sync_metadata"), 0);
    ask_for_views();
    run_json({"doctor"}, 0);
    EXPECT_EQ(there("_sync_metadata"), 0) << "doctor makes nothing";
    run_json({"sync"}, 0);
    run_json({"sync"}, 0);
    EXPECT_EQ(there("_sync_metadata") + there("_sync_conflicts"), 2);
}

TEST_F(AppViews, grant_nothing_by_themselves_and_keep_what_the_owner_grants) {
    const std::string role = "tideway_app_" + std::to_string(::getpid());
    sides.cloud.exec("create role " + role);
    sides.cloud.exec("alter default privileges in schema public grant all on tables to public, " + role);
    ask_for_views();
    start_with(5);
    const auto may_read = [&] {
        return sides.cloud.scalar("select has_table_privilege('" + role + "', '_sync_conflicts', 'select')");
    };
    EXPECT_EQ(may_read(), "f");
    sides.cloud.exec("grant select on _sync_conflicts to " + role);
    run_json({"sync"}, 0);
    EXPECT_EQ(may_read(), "t");
    EXPECT_TRUE(sides.cloud.number("select count(*) from pg_class where relname = '_sync_conflicts' and "
                                   "'security_barrier=true' = any(reloptions)") == 1);
    EXPECT_EQ(sides.cloud.scalar("set role " + role + "; select count(*) from _sync_conflicts"), "0")
        << "without any right on schema tideway";
    sides.cloud.exec("reset role");
    sides.cloud.exec("drop owned by " + role);
    sides.cloud.exec("drop role " + role);
}

// The view of docs/configuration.md for an app whose users see their own rows only.
TEST_F(AppViews, a_view_of_the_owners_shows_each_user_his_lost_edits_and_the_app_restores_them) {
    const std::string suffix = std::to_string(::getpid()), ann = "tideway_ann_" + suffix, bob = "tideway_bob_" + suffix;
    ask_for_views();
    start_with(5);
    sides.cloud.exec("create role " + ann + "; create role " + bob);
    sides.cloud.exec("create view public.my_lost_edits with (security_barrier) as select id, key, lost, holds from "
                     "public._sync_conflicts where table_name = 'jobshead' and lost ->> 'phone_note' = current_user;"
                     "grant select on my_lost_edits to " + ann + ", " + bob);
    sides.cloud.exec("grant select, update on jobshead to " + ann + ", " + bob);
    sides.cloud.exec(fmt::format("update jobshead set phone_note = case job_id when 2 then '{}' else '{}' end", ann, bob));
    run_json({"sync"}, 0);
    sides.desktop.exec("update jobshead set status = 'Office' where job_id in (2, 3)");
    sides.cloud.exec("update jobshead set status = 'Phone' where job_id in (2, 3)");
    run_json({"sync"}, 0);
    const auto as = [&](const std::string& role, const std::string& sql) {
        const std::string found = sides.cloud.scalar("set role " + role + "; " + sql);
        sides.cloud.exec("reset role");
        return found;
    };
    const std::string keys = "select string_agg(key[1], ',' order by key) from my_lost_edits";
    EXPECT_EQ(as(ann, keys), "2");
    EXPECT_EQ(as(bob, keys), "3");
    as(ann, "update jobshead j set status = e.lost ->> 'status' from my_lost_edits e where j.job_id = e.key[1]::numeric "
            "returning j.job_id");
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs(sides.desktop, "job_id = 2 and status = 'Phone'"), 1);
    EXPECT_EQ(jobs(sides.desktop, "job_id = 3 and status = 'Office'"), 1);
    expect_same();
    sides.cloud.exec(fmt::format("drop owned by {0}, {1}; drop role {0}, {1}", ann, bob));
}

TEST_F(AppViews, never_replace_what_somebody_else_made) {
    sides.cloud.exec("create view public._sync_metadata as select 1 as mine");
    ask_for_views();
    make_jobs(sides, 5);
    bool named = false;
    const json examined = run_json({"doctor"}, 1);
    for (const json& finding : examined["findings"]) named |= finding["code"] == "TW460";
    EXPECT_TRUE(named);
    EXPECT_EQ(run_json({"sync"}, 2)["error"]["code"], "TW460");
    EXPECT_EQ(sides.cloud.number("select mine from public._sync_metadata"), 1);
}

TEST_F(AppViews, go_with_uninstall_and_are_listed_by_it) {
    ask_for_views();
    start_with(5);
    const std::string listed = run_json({"uninstall", "--check"}, 1)["objects"].dump();
    EXPECT_NE(listed.find("_sync_metadata"), std::string::npos) << listed;
    run_json({"uninstall"}, 0);
    EXPECT_EQ(there("_sync_metadata") + there("_sync_conflicts"), 0);
}

}  // namespace
}  // namespace tideway::test
