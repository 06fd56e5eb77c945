// status, config, and the shape of what commands print.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

TEST_F(Commands, StatusBeforeAndAfter) {
    make_jobs(sides, 10);
    const json before = run_json({"status"}, 0);
    EXPECT_EQ(jobs_of(before)["state"], "never synced");
    EXPECT_TRUE(before["last_run"]["run"].is_null());
    EXPECT_EQ(own_schemas(), "00") << "status created something";
    const json done = run_json({"sync"}, 0);
    const json after = run_json({"status"}, 0);
    EXPECT_EQ(jobs_of(after)["state"], "in sync");
    EXPECT_EQ(jobs_of(after)["rows"], 10);
    EXPECT_EQ(after["last_run"]["run"], done["run"]);
    EXPECT_EQ(after["last_run"]["status"], "ok");
    EXPECT_TRUE(jobs_of(after)["last_forward"].is_string());
    EXPECT_TRUE(jobs_of(after)["last_reverse"].is_string());
    EXPECT_TRUE(after["lag_seconds"].is_number());
    EXPECT_NE(run({"status"}).out.find("jobshead"), std::string::npos);
}

TEST_F(Commands, StatusTellsWhatWaits) {
    start_with(10);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Phone', 'M')");
    run_json({"sync"}, 0);
    sides.desktop.exec("update jobshead set job_name = 'Ours' where job_id = 99");
    run_json({"sync"}, 3);
    const json status = run_json({"status"}, 3);
    EXPECT_EQ(jobs_of(status)["state"], "waiting");
    EXPECT_EQ(jobs_of(status)["held"], 1);
    sides.desktop.exec("update jobshead set job_name = 'Phone' where job_id = 99");
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs_of(run_json({"status"}, 0))["state"], "in sync");
}

TEST_F(Commands, StatusTellsThatAGuardStoppedTheLastRun) {
    start_with(20);
    sides.desktop.exec("delete from jobshead");
    run_json({"sync"}, 4);
    EXPECT_EQ(run_json({"status"}, 4)["last_run"]["status"], "guard");
}

TEST_F(Commands, SyncReportsEveryPromisedField) {
    make_jobs(sides, 5);
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"sync"}, {"sync"}, {"plan"}}) {
        const json report = run_json(arguments, 0);
        const std::map<std::string, json::value_t> fields{
            {"version", json::value_t::number_integer}, {"run", json::value_t::string},
            {"status", json::value_t::string},          {"mode", json::value_t::string},
            {"direction", json::value_t::string},       {"plan_hash", json::value_t::string},
            {"tables", json::value_t::array},           {"guard", json::value_t::array}};
        for (const auto& [name, type] : fields) {
            ASSERT_TRUE(report.contains(name)) << name;
            EXPECT_TRUE(type == json::value_t::number_integer ? report[name].is_number_integer()
                                                              : report[name].type() == type)
                << name << " is " << report[name];
        }
        EXPECT_GE(report["duration_ms"].get<long long>(), 0);
        EXPECT_TRUE(std::regex_match(report["run"].get<std::string>(),
                                     std::regex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")));
        EXPECT_EQ(report["mode"], "incremental");
        EXPECT_EQ(report["direction"], "both");
        const json table = jobs_of(report);
        EXPECT_EQ(table["cloud"], "jobshead");
        for (const char* side : {"to_cloud", "to_desktop"})
            for (const char* count : {"inserted", "updated", "deleted"})
                EXPECT_TRUE(table[side][count].is_number_integer()) << side << count;
        for (const char* count : {"adopted", "conflicts", "held", "parked", "pending"})
            EXPECT_TRUE(table[count].is_number_integer()) << count;
        EXPECT_TRUE(table["protected"]["before"].is_number_integer());
        EXPECT_EQ(table["protected"]["after"].is_number_integer(), arguments[0] == "sync") << table;
    }
}

TEST_F(Commands, ResultsGoToStdoutAndTalkToStderr) {
    make_jobs(sides, 5);
    const TidewayResult run = run_tideway(config, {"sync", "--json"});
    EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1) << "one object, one line";
    for (const char* command : {"plan", "sync", "status"}) {
        const TidewayResult words = run_tideway(config, {command});
        for (const char c : words.out + words.err)
            ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << "not plain ASCII: " << words.out << words.err;
    }
}

TEST(ConfigCommands, CheckConnectsToNothing) {
    const ConfigFile config(
        TwoSides::toml_for("postgresql://nobody@127.0.0.1:1/a", "postgresql://nobody@127.0.0.1:1/b") +
        jobs_toml);
    EXPECT_EQ(run_tideway(config, {"config", "check"}).exit_code, 0);
    const TidewayResult result = run_tideway(config, {"config", "check", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.out;
    EXPECT_EQ(result.json["status"], "ok");
    EXPECT_EQ(result.json["tables"][0]["desktop"], "jobshead");
}

TEST(ConfigCommands, ShowPrintsAFileThatMeansTheSameWithoutPasswords) {
    const ConfigFile config(
        TwoSides::toml_for("postgresql://me:s3cret@h/a", "host=h dbname=b password=s3cret") + jobs_toml);
    const TidewayResult shown = run_tideway(config, {"config", "show"});
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    EXPECT_EQ((shown.out + shown.err).find("s3cret"), std::string::npos) << shown.out;
    const ConfigFile again(shown.out);
    EXPECT_EQ(run_tideway(again, {"config", "check"}).exit_code, 0) << shown.out;
    EXPECT_EQ(run_tideway(again, {"config", "show"}).out, shown.out);
    for (const char* part : {"conflict = \"latest\"", "ownership = \"strict\"", "max_deletes", "jobshead"})
        EXPECT_NE(shown.out.find(part), std::string::npos) << part;
}

TEST(ConfigCommands, TheFileIsFoundWhereDocumented) {
    const ConfigFile config(TwoSides::toml_for("dbname=a", "dbname=b") + jobs_toml);
    EXPECT_EQ(run_tideway({"config", "check"}, {{"TIDEWAY_CONFIG", config.path()}}).exit_code, 0);
    const ConfigFile without_cloud("[desktop]\nurl = 'dbname=a'\n[cloud]\n" + std::string(jobs_toml));
    EXPECT_EQ(run_tideway(without_cloud, {"config", "check"}).exit_code, 2);
    EXPECT_EQ(run_tideway(without_cloud, {"config", "check"}, {{"TIDEWAY_CLOUD_URL", "dbname=b"}}).exit_code,
              0);
}

}  // namespace
}  // namespace tideway::test
