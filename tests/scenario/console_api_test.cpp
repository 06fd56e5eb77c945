// The API under /api/v1 says what the command line says, and does what it does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scenario/two_sides.hpp"
#include "support/served_console.hpp"

namespace tideway::test {
namespace {

using nlohmann::json;

class ConsoleApi : public testing::Test {
  protected:
    void serve(int rows, const std::string& more = "") {
        make_jobs(sides, rows);
        console = std::make_unique<ServedConsole>(sides.sides_toml() + jobs_toml + "conflict = 'manual'\n" + more);
    }
    json said_by(std::vector<std::string> command) {
        command.emplace_back("--json");
        return run_tideway(console->config(), command).json;
    }
    void edit_on_both_sides(int last) {
        sides.desktop.exec(fmt::format("update jobshead set status = 'Office' where job_id <= {}", last));
        sides.cloud.exec(fmt::format("update jobshead set status = 'Phone' where job_id <= {}", last));
    }
    int status_of(const std::string& path) { return console->ask({"GET", "/api/v1" + path}).status; }

    TwoSides sides{"api"};
    std::unique_ptr<ServedConsole> console;
};

TEST_F(ConsoleApi, RunsAreAskedForAndReported) {
    serve(10);
    const json run = console->run({{"command", "sync"}, {"mode", "full"}});
    EXPECT_EQ(run["status"], "ok");
    EXPECT_EQ(run["why"], "console");
    EXPECT_EQ(run["report"]["mode"], "full");
    EXPECT_EQ(table_of(run["report"], "jobshead")["to_cloud"], writes(10, 0, 0));
    EXPECT_EQ(run["sums"]["to_cloud"], 10);
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
    const json proof = console->run({{"command", "verify"}});
    EXPECT_EQ(proof["command"], "verify");
    EXPECT_EQ(proof["report"]["tables"][0]["state"], "equal");
    EXPECT_EQ(console->get("/pairs/main/runs")["runs"].size(), 2u);
    EXPECT_EQ(console->get("/pairs")["pairs"][0]["last"]["number"], proof["number"]);
}

TEST_F(ConsoleApi, ReadsWhatTheCommandLinePrints) {
    serve(10);
    console->run();
    EXPECT_EQ(console->get("/pairs/main/doctor"), said_by({"doctor"}));
    for (const auto& [path, command] : {std::pair("conflicts", "conflicts"), std::pair("parked", "parked")}) {
        const json part = console->get(fmt::format("/pairs/main/{}", path));
        EXPECT_EQ(part[path], said_by({command, "list"})[path]);
        EXPECT_TRUE(part["next"].is_null());
    }
    EXPECT_EQ(console->get("/pairs/main/status")["tables"], said_by({"status"})["tables"]);
    sides.desktop.exec("update jobshead set status = 'Done' where job_id = 3");
    EXPECT_EQ(console->get("/pairs/main/plan?mode=full")["rows"],
              said_by({"plan", "--rows", "--mode", "full"})["rows"]);
    EXPECT_NE(console->get("/pairs/main/settings")["toml"].get<std::string>().find("jobshead"),
              std::string::npos);
}

TEST_F(ConsoleApi, ConflictsAreShownColumnByColumnAndResolvedTogether) {
    serve(10);
    console->run();
    edit_on_both_sides(3);
    EXPECT_EQ(console->run()["exit_code"], 3);
    json ids = json::array();
    const json found = console->get("/pairs/main/conflicts?open=1&table=jobshead");
    for (const json& each : found["conflicts"]) ids.push_back(each["id"]);
    ASSERT_EQ(ids.size(), 3u);
    const json shown = console->get(fmt::format("/pairs/main/conflicts/{}", ids[0].dump()))["conflict"];
    for (const json& column : shown["columns"]) {
        if (column["name"] == "status") {
            EXPECT_EQ(column["differs"], true) << column;
        }
        if (column["name"] == "job_name") {
            EXPECT_EQ(column["differs"], false) << column;
        }
    }
    const HttpAnswer answer =
        console->post("/pairs/main/conflicts/resolve", {{"ids", ids}, {"take", "cloud"}});
    EXPECT_EQ(json::parse(answer.body)["resolved"].size(), 3u) << answer.body;
    EXPECT_EQ(console->run()["status"], "ok");
    EXPECT_ROWS(sides.desktop, "select count(*) from jobshead where status = 'Phone'", "3");
}

TEST_F(ConsoleApi, ARowOfOnesOwnIsTaken) {
    serve(10);
    console->run();
    edit_on_both_sides(1);
    console->run();
    const json id = console->get("/pairs/main/conflicts?open=1")["conflicts"][0]["id"];
    const auto refused = console->post("/pairs/main/conflicts/resolve",
                                       {{"ids", {id}}, {"row", {{"status", {{"nested", 1.5}}}}}});
    EXPECT_EQ(refused.status, 400) << refused.body;
    const auto answer =
        console->post("/pairs/main/conflicts/resolve", {{"ids", {id}}, {"row", {{"status", "Agreed"}}}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    console->run();
    EXPECT_ROWS(sides.cloud, "select status from jobshead where job_id = 1", "Agreed");
    EXPECT_EQ(console->post("/pairs/main/conflicts/resolve", {{"ids", {4711}}, {"take", "cloud"}}).status,
              404);
}

TEST_F(ConsoleApi, AStoppedPlanIsConfirmedByItsHash) {
    serve(40);
    console->run();
    sides.desktop.exec("delete from jobshead where job_id <= 30");
    const json stopped = console->run();
    EXPECT_EQ(stopped["exit_code"], 4);
    const json hash = console->get("/pairs/main/status")["stopped_plan"];
    EXPECT_EQ(hash, stopped["report"]["plan_hash"]);
    EXPECT_EQ(console->run({{"command", "sync"}, {"confirm", hash}})["status"], "ok");
    EXPECT_ROWS(sides.cloud, "select count(*) from jobshead", "10");
}

// No capture saw the deletes, so only a full run finds them, and only a full run can let them through.
TEST_F(ConsoleApi, AStopThatAFullRunFoundStaysUntilAFullRunIsWithinTheLimits) {
    serve(40, "capture = 'changelog'\n");
    console->run();
    behind_every_trigger(sides.desktop, "delete from jobshead where job_id <= 30");
    const json full = {{"command", "sync"}, {"mode", "full"}};
    const json stopped = console->run(full);
    EXPECT_EQ(stopped["exit_code"], 4);
    EXPECT_EQ(stopped["mode"], "full");
    const json hash = stopped["report"]["plan_hash"];
    const auto stopped_plan = [&] { return console->get("/pairs/main/status")["stopped_plan"]; };
    sides.cloud.exec("update jobshead set status = 'Phone' where job_id = 40");
    EXPECT_EQ(console->run()["status"], "ok") << "it cannot see them";
    EXPECT_EQ(stopped_plan(), hash);
    EXPECT_EQ(console->run({{"command", "sync"}, {"confirm", hash}})["exit_code"], 4) << "nor let them through";
    EXPECT_EQ(stopped_plan(), hash);
    const json plan = console->get("/pairs/main/plan?mode=full&limit=5");
    EXPECT_EQ(plan["plan_hash"], hash);
    EXPECT_EQ(plan["rows"].size(), 5u);
    EXPECT_EQ(plan["more_rows"], true);
    EXPECT_EQ(console->get("/pairs/main/plan?mode=full")["rows"].size(), 30u);
    json confirmed = full;
    confirmed["confirm"] = hash;
    EXPECT_EQ(console->run(confirmed)["status"], "ok");
    EXPECT_ROWS(sides.cloud, "select count(*) from jobshead", "10");
    EXPECT_EQ(stopped_plan(), nullptr);
}

// No other run comes by itself here.
TEST_F(ConsoleApi, WhatIsParkedIsTriedAgainWhenSomebodyAsks) {
    serve(10);
    console->run();
    sides.cloud.exec("alter table jobshead add constraint fussy check (status <> 'Odd')");
    sides.desktop.exec("update jobshead set status = 'Odd' where job_id = 3");
    EXPECT_EQ(console->run()["exit_code"], 3);
    EXPECT_EQ(console->get("/pairs/main/parked")["parked"].size(), 1u);
    sides.cloud.exec("alter table jobshead drop constraint fussy");
    EXPECT_EQ(console->post("/pairs/main/parked/retry", json::object()).status, 202);
    const std::string odd = "select count(*) from jobshead where status = 'Odd'";
    for (int i = 0; i < 1'000 && sides.cloud.number(odd) == 0; ++i) std::this_thread::sleep_for(Millis(20));
    EXPECT_EQ(sides.cloud.number(odd), 1);
}

TEST_F(ConsoleApi, ARunIsTakenBackAndARowTellsItsStory) {
    serve(10);
    console->run();
    sides.desktop.exec("update jobshead set status = 'Wrong' where job_id <= 3");
    const json run = console->run();
    const std::string id = run["report"]["run"];
    EXPECT_EQ(console->get("/pairs/main/journal")["runs"][0]["run"], id);
    const json preview = json::parse(console->post("/pairs/main/undo", {{"run", id}, {"dry_run", true}}).body);
    EXPECT_EQ(preview["tables"][0]["to_cloud"], writes(0, 3, 0));
    EXPECT_ROWS(sides.cloud, "select count(*) from jobshead where status = 'Wrong'", "3");
    const json undone = json::parse(console->post("/pairs/main/undo", {{"run", id}}).body);
    EXPECT_EQ(undone["left"].size(), 0u);
    EXPECT_ROWS(sides.cloud, "select count(*) from jobshead where status = 'Wrong'", "0");
    EXPECT_EQ(console->get("/pairs/main/explain?table=jobshead&key=2"), said_by({"explain", "jobshead", "2"}));
    EXPECT_EQ(console->post("/pairs/main/undo", json::object()).status, 400);
    EXPECT_EQ(status_of("/pairs/main/explain?table=jobshead"), 400);
}

TEST_F(ConsoleApi, WhatIsNotUnderstoodIsRefusedWithACode) {
    serve(2);
    const auto code = [&](const std::string& path, const json& body) {
        return json::parse(console->post(path, body).body)["error"]["code"].get<std::string>();
    };
    EXPECT_EQ(code("/pairs/main/runs", {{"comand", "sync"}}), "TW495");
    EXPECT_EQ(code("/pairs/main/runs", {{"command", "uninstall"}}), "TW495");
    EXPECT_EQ(code("/pairs/main/runs", {{"mode", 7}}), "TW495");
    EXPECT_EQ(code("/pairs/main/runs", json::array()), "TW495");
    EXPECT_EQ(code("/pairs/main/conflicts/resolve", {{"ids", {"1"}}, {"take", "cloud"}}), "TW495");
    EXPECT_EQ(code("/pairs/other/runs", json::object()), "TW496");
    EXPECT_EQ(status_of("/pairs/other"), 404);
    EXPECT_EQ(status_of("/pairs/main/runs/99"), 404);
    EXPECT_EQ(status_of("/pairs/main/runs?limit=many"), 400);
    EXPECT_EQ(status_of("/nothing"), 404);
}

TEST_F(ConsoleApi, EventsAreTakenUpWhereTheyWereLeft) {
    serve(3);
    console->run();
    const auto watch = [&](const std::string& more) {
        auto watcher = std::make_unique<HttpConnection>(console->port());
        watcher->say(fmt::format(
            "GET /api/v1/events{} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n\r\n", more,
            console->token()));
        return watcher;
    };
    const std::string all = watch("?after=1")->hear("event: finished");
    EXPECT_NE(all.find("\nevent: finished"), std::string::npos) << all;
    EXPECT_NE(all.find("id: 2\n"), std::string::npos) << all;
    EXPECT_EQ(all.find("id: 1\n"), std::string::npos) << all;
    EXPECT_EQ(ask_http(console->port(), {"GET", "/readyz"}).body, "ok\n");
    EXPECT_NE(console->ask({"GET", "/metrics"}).body.find("tideway_"), std::string::npos);
}

}  // namespace
}  // namespace tideway::test
