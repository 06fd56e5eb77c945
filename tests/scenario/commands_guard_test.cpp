// What a guard stops is not written, until exactly that plan is confirmed.
#include <gtest/gtest.h>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

class Guard : public Commands {
  protected:
    // Stops with exit code 4 and a hash; nothing of users' is written. Gives the report.
    json expect_stop(const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments{"sync"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Versions before = versions_of(sides);
        const json report = run_json(arguments, 4);
        EXPECT_EQ(versions_of(sides), before) << "a stopped run wrote rows";
        EXPECT_EQ(report["status"], "guard");
        EXPECT_FALSE(report["guard"].empty());
        EXPECT_NE(report["plan_hash"], "");
        return report;
    }
};

TEST_F(Guard, FivePercentOfDeletesStopAndAreConfirmedByTheirHash) {
    start_with(1000);
    sides.desktop.exec(
        "delete from jobshead where job_id % 20 = 0; insert into jobshead (job_id, client_id, job_name) "
        "values (2001, 1, 'New')");
    const json stopped = expect_stop();
    ASSERT_EQ(stopped["guard"].size(), 1u);
    EXPECT_EQ(stopped["guard"][0]["table"], "jobshead");
    EXPECT_EQ(stopped["guard"][0]["count"], 50);
    EXPECT_EQ(stopped["guard"][0]["of"], 1000);
    const json planned = run_json({"plan"}, 4);
    EXPECT_EQ(planned["plan_hash"], stopped["plan_hash"]);
    EXPECT_EQ(jobs_of(planned)["to_cloud"], writes(1, 0, 50));
    const TidewayResult words = run({"sync"});
    EXPECT_EQ(words.exit_code, 4);
    EXPECT_NE(words.out.find("--confirm " + stopped["plan_hash"].get<std::string>()), words.out.npos)
        << words.out;
    const json done = run_json({"sync", "--confirm", stopped["plan_hash"]}, 0);
    EXPECT_EQ(jobs_of(done)["to_cloud"], writes(1, 0, 50));
    EXPECT_EQ(jobs(sides.cloud), 951);
    EXPECT_EQ(jobs(sides.cloud, "job_id % 20 = 0 and job_id <= 1000"), 0);
    expect_same();
}

// The hash of a plan from before the first sync is the one that confirms it.
TEST_F(Guard, AFirstContactThatWouldChangeManyRowsStops) {
    make_jobs(sides, 200);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, updated_at) select i, 1, 'Old name', "
        "'2020-01-01' from generate_series(1, 200) i");
    const json planned = run_json({"plan"}, 4);
    EXPECT_EQ(own_schemas(), "00");
    const json stopped = expect_stop();
    EXPECT_EQ(stopped["guard"][0]["count"], 200);
    EXPECT_EQ(stopped["plan_hash"], planned["plan_hash"]);
    run_json({"sync", "--confirm", planned["plan_hash"]}, 0);
    expect_same();
}

TEST_F(Guard, AStaleHashIsRefused) {
    start_with(1000);
    sides.desktop.exec("delete from jobshead where job_id % 20 = 0");
    const std::string hash = expect_stop()["plan_hash"];
    sides.desktop.exec(
        "insert into jobshead (job_id, client_id, job_name) select i, 1, 'Again' from generate_series(20, 1000, 20) "
        "i; delete from jobshead where job_id % 20 = 1");
    const json refused = expect_stop({"--confirm", hash});
    EXPECT_NE(refused["plan_hash"], hash);
    EXPECT_NE(refused.dump().find("TW404"), std::string::npos) << "the reason is not told: " << refused;
    expect_stop({"--confirm", "0123456789abcdef"});
    run_json({"sync", "--confirm", refused["plan_hash"]}, 0);
    EXPECT_EQ(jobs(sides.cloud), 950);
}

TEST_F(Guard, AConfirmationIsForOneRunOnly) {
    start_with(1000);
    sides.desktop.exec("delete from jobshead where job_id % 20 = 0");
    const std::string hash = expect_stop()["plan_hash"];
    run_json({"sync", "--confirm", hash}, 0);
    sides.desktop.exec("delete from jobshead where job_id % 20 = 1");
    expect_stop({"--confirm", hash});
}

TEST_F(Guard, AFewDeletesPassEvenInASmallTable) {
    start_with(20);
    sides.desktop.exec("delete from jobshead where job_id <= 3");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 0))["to_cloud"], writes(0, 0, 3));
    sides.desktop.exec("delete from jobshead where job_id <= 7");
    expect_stop();
}

TEST_F(Guard, ManyUpdatesStop) {
    start_with(1000);
    sides.desktop.exec("update jobshead set status = 'Mass' where job_id <= 400");
    const json stopped = expect_stop();
    EXPECT_EQ(stopped["guard"][0]["count"], 400);
    run_json({"sync", "--confirm", stopped["plan_hash"]}, 0);
    EXPECT_EQ(jobs(sides.cloud, "status = 'Mass'"), 400);
}

TEST_F(Guard, ManyEditsOfTheSameRowsOnBothSidesStop) {
    start_with(1000);
    sides.desktop.exec(
        "update jobshead set status = 'Office', updated_at = timezone('Asia/Kolkata', now()) where job_id <= "
        "400");
    sides.cloud.exec(
        "update jobshead set status = 'Phone', updated_at = now() - interval '1 hour' where job_id <= 400");
    const json stopped = expect_stop();
    EXPECT_EQ(stopped["guard"][0]["count"], 400);
    EXPECT_EQ(run_json({"plan"}, 4)["plan_hash"], stopped["plan_hash"]);
    run_json({"sync", "--confirm", stopped["plan_hash"]}, 0);
    EXPECT_EQ(jobs(sides.cloud, "status = 'Office'"), 400);
}

TEST_F(Guard, AlsoProtectsTheDesktop) {
    start_with(1000);
    sides.cloud.exec("update jobshead set status = 'Mass' where job_id <= 400");
    expect_stop();
    sides.cloud.exec("update jobshead set status = 'Open' where job_id <= 400");
    config.rewrite(sides.sides_toml() + jobs_toml + "ownership = 'shared'\n");
    sides.cloud.exec("delete from jobshead where job_id <= 100");
    const json stopped = expect_stop();
    EXPECT_EQ(stopped["guard"][0]["count"], 100);
    EXPECT_EQ(jobs(sides.desktop), 1000);
}

TEST_F(Guard, LimitsAreConfigured) {
    start_with(100);
    config.rewrite(sides.sides_toml() + "[guard]\nmax_deletes = 0\n" + jobs_toml);
    sides.desktop.exec("delete from jobshead where job_id = 1");
    expect_stop();
    config.rewrite(sides.sides_toml() + "[guard]\nmax_deletes = '100%'\n" + jobs_toml);
    sides.desktop.exec("delete from jobshead where job_id <= 50");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 0))["to_cloud"]["deleted"], 50);
}

class EmptiedTable : public Guard,
                     public testing::WithParamInterface<std::tuple<const char*, const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(Ways, EmptiedTable,
                         testing::Combine(testing::Values("delete from", "truncate"),
                                          testing::Values("incremental", "full"),
                                          testing::Values("xmin", "changelog")),
                         [](const auto& way) {
                             return fmt::format("{}_{}_{}", std::string(std::get<0>(way.param)).substr(0, 6),
                                                std::get<1>(way.param), std::get<2>(way.param));
                         });

TEST_P(EmptiedTable, OnTheDesktopStopsTheRun) {
    const auto [emptying, mode, capture] = GetParam();
    config.rewrite(sides.sides_toml() + jobs_toml + fmt::format("capture = {{ desktop = '{}' }}\n", capture));
    start_with(20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Phone', 'M')");
    run_json({"sync"}, 0);
    sides.desktop.exec(std::string(emptying) + " jobshead");
    for (const char* direction : {"both", "forward"}) {
        const json stopped = expect_stop({"--mode", mode, "--direction", direction});
        EXPECT_EQ(stopped["guard"][0]["count"], 20) << "the mobile row is held, not deleted";
    }
    EXPECT_EQ(jobs(sides.cloud), 21);
    EXPECT_EQ(run_json({"plan"}, 4)["plan_hash"], expect_stop()["plan_hash"]);
}

TEST_P(EmptiedTable, InTheCloudStopsTheRun) {
    const auto [emptying, mode, capture] = GetParam();
    config.rewrite(sides.sides_toml() + jobs_toml +
                   fmt::format("ownership = 'shared'\ncapture = {{ cloud = '{}' }}\n", capture));
    start_with(20);
    sides.cloud.exec(std::string(emptying) + " jobshead");
    expect_stop({"--mode", mode});
    expect_stop({"--mode", mode, "--direction", "reverse"});
    EXPECT_EQ(jobs(sides.desktop), 20);
}

}  // namespace
}  // namespace tideway::test
