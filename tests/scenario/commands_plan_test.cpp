// plan tells what sync will do, under the same name, and writes nothing.
#include <gtest/gtest.h>

#include <map>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

class Plan : public Commands {
  protected:
    // New, changed and gone rows on both sides after a first sync; one row in conflict.
    void work_on_both_sides() {
        start_with(200);
        sides.desktop.exec(
            "insert into jobshead (job_id, client_id, job_name) values (301, 1, 'New at the office'); "
            "update jobshead set status = 'Edited' where job_id in (1, 2); delete from jobshead where job_id "
            "= 3; "
            "update jobshead set status = 'On Hold', updated_at = timezone('Asia/Kolkata', now()) where "
            "job_id = 10");
        sides.cloud.exec(
            "insert into jobshead (job_id, client_id, job_name, source) values (401, 1, 'New on the phone', "
            "'M'), (402, 1, 'Newer', 'M'); "
            "update jobshead set status = 'Seen' where job_id = 4; "
            "update jobshead set status = 'Done', updated_at = now() - interval '1 hour' where job_id = 10");
    }
};

TEST_F(Plan, BeforeTheFirstSyncCreatesNothingAndTellsWhatSyncWillDo) {
    make_jobs(sides, 30);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Phone', 'M')");
    const Versions before = versions_of(sides);
    const json planned = run_json({"plan"}, 0);
    run_json({"plan", "--rows"}, 0);
    EXPECT_EQ(own_schemas(), "00");
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(jobs_of(planned)["to_cloud"], writes(30, 0, 0));
    EXPECT_EQ(jobs_of(planned)["to_desktop"], writes(1, 0, 0));
    const json done = run_json({"sync"}, 0);
    for (const char* field : {"to_cloud", "to_desktop", "adopted", "conflicts", "held", "parked", "pending"})
        EXPECT_EQ(jobs_of(done)[field], jobs_of(planned)[field]) << field;
    EXPECT_EQ(done["plan_hash"], planned["plan_hash"]);
}

TEST_F(Plan, TellsWhatSyncWillDoAndWritesNothing) {
    work_on_both_sides();
    const Versions before = versions_of(sides);
    const json planned = run_json({"plan"}, 0);
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(jobs_of(planned)["to_cloud"], writes(1, 3, 1));
    EXPECT_EQ(jobs_of(planned)["to_desktop"], writes(2, 1, 0));
    EXPECT_EQ(jobs_of(planned)["conflicts"], 1);
    const json done = run_json({"sync"}, 0);
    for (const char* field :
         {"to_cloud", "to_desktop", "adopted", "conflicts", "held", "parked", "pending", "rules"})
        EXPECT_EQ(jobs_of(done)[field], jobs_of(planned)[field]) << field;
    EXPECT_EQ(done["plan_hash"], planned["plan_hash"]);
    expect_same();
}

TEST_F(Plan, IsTheSameTwiceAndInFullMode) {
    work_on_both_sides();
    const json first = run_json({"plan"}, 0), second = run_json({"plan"}, 0),
               full = run_json({"plan", "--mode", "full"}, 0);
    EXPECT_NE(first["plan_hash"], "");
    EXPECT_EQ(first["plan_hash"], second["plan_hash"]);
    EXPECT_EQ(first["plan_hash"], full["plan_hash"]);
    EXPECT_EQ(jobs_of(first)["to_cloud"], jobs_of(full)["to_cloud"]);
}

TEST_F(Plan, RowsAreListedWithTheirReasons) {
    work_on_both_sides();
    const json planned = run_json({"plan", "--rows"}, 0);
    std::map<std::string, json> rows;
    for (const json& row : planned["rows"]) {
        EXPECT_EQ(row["table"], "jobshead");
        EXPECT_NE(row["reason"], "");
        EXPECT_NE(row["action"], "");
        rows[row["key"]] = row["rule"];
    }
    EXPECT_EQ(rows, (std::map<std::string, json>{{"301", "R1"},
                                                 {"401", "R2"},
                                                 {"402", "R2"},
                                                 {"1", "R7"},
                                                 {"2", "R7"},
                                                 {"4", "R9"},
                                                 {"10", "R11"},
                                                 {"3", "R13"}}));
    const TidewayResult words = run({"plan", "--rows"});
    for (const char* part : {"301", "402", "edited on both sides", "deleted on the desktop"})
        EXPECT_NE(words.out.find(part), words.out.npos) << part << " is not in\n" << words.out;
}

TEST_F(Plan, OneDirectionLeavesTheOtherPending) {
    work_on_both_sides();
    const json forward = jobs_of(run_json({"plan", "--direction", "forward"}, 0));
    EXPECT_EQ(forward["to_cloud"], writes(1, 3, 1));
    EXPECT_EQ(forward["to_desktop"], writes(0, 0, 0));
    EXPECT_EQ(forward["pending"], 3);
}

TEST_F(Plan, DryRunIsPlan) {
    work_on_both_sides();
    const Versions before = versions_of(sides);
    const json planned = run_json({"plan"}, 0), dry = run_json({"sync", "--dry-run"}, 0);
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(dry["plan_hash"], planned["plan_hash"]);
    EXPECT_EQ(dry["tables"], planned["tables"]);
}

TEST_F(Plan, TableLimitsWhatIsLookedAtAndWritten) {
    config.rewrite(sides.sides_toml() + jobs_toml + "[[table]]\nname = 'client'\n");
    make_jobs(sides, 10);
    sides.on_both("create table client (client_id int primary key, name text)");
    sides.desktop.exec("insert into client values (1, 'One')");
    for (const char* command : {"plan", "sync"}) {
        const json report = run_json({command, "--table", "client"}, 0);
        ASSERT_EQ(report["tables"].size(), 1u) << report;
        EXPECT_EQ(table_of(report, "client")["to_cloud"], writes(1, 0, 0));
    }
    EXPECT_EQ(jobs(sides.cloud), 0);
    EXPECT_ROWS(sides.cloud, "select * from client", "1|One");
    sides.desktop.exec("update client set name = 'Uno'");
    EXPECT_EQ(jobs_of(run_json({"sync", "--table", "jobshead"}, 0))["to_cloud"], writes(10, 0, 0));
    EXPECT_ROWS(sides.cloud, "select * from client", "1|One");
    run_json({"sync", "--table", "jobshead", "--table", "client"}, 0);
    EXPECT_ROWS(sides.cloud, "select * from client", "1|Uno");
}

}  // namespace
}  // namespace tideway::test
