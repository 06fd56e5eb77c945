// The demo, as a stranger runs it.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "support/run_tideway.hpp"
#include "paths.hpp"

namespace tideway::test {
namespace {

namespace fs = std::filesystem;

const std::string fixture = TIDEWAY_SOURCE_DIR "/fixtures/powerca.sql";

std::set<std::string> demo_directories() {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator("/tmp"))
        if (entry.path().filename().string().starts_with("tideway-demo-")) found.insert(entry.path());
    return found;
}

TEST(Demo, every_edit_ends_as_it_should_and_nothing_is_left_behind) {
    const std::set<std::string> before = demo_directories();
    const TidewayResult result = run_tideway({"demo", "--postgres", "--json", "--fixture", fixture});
    ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
    EXPECT_EQ(demo_directories(), before);

    const nlohmann::json& episodes = result.json["episodes"];
    std::vector<std::pair<std::string, std::string>> outcomes;
    for (const nlohmann::json& episode : episodes) {
        EXPECT_EQ(episode["after"]["desktop"], episode["after"]["cloud"]) << episode;
        EXPECT_NE(episode["edited"], episode["after"]) << episode;
        EXPECT_NE(episode["reason"], "") << episode;
        const nlohmann::json& after = episode["after"]["desktop"];
        outcomes.emplace_back(episode["rule"], after.is_null() ? "gone" : after.get<std::string>());
    }
    ASSERT_EQ(outcomes.size(), 6U);
    EXPECT_EQ(outcomes[0], std::pair(std::string("R7"), std::string("044 5550 100")));
    EXPECT_EQ(outcomes[1], std::pair(std::string("R9"), std::string("status 2")));
    EXPECT_EQ(outcomes[2], std::pair(std::string("R2"), std::string("family function")));
    EXPECT_EQ(outcomes[3], std::pair(std::string("R11"), std::string("phone@example.org")));
    EXPECT_EQ(outcomes[4], std::pair(std::string("R13"), std::string("gone")));
    EXPECT_EQ(outcomes[5].first, "R1");
    EXPECT_EQ(episodes[3]["conflict"]["winner"], "cloud");
    EXPECT_EQ(episodes[3]["conflict"]["desktop"]["clientmail"], "office@example.org");
}

TEST(Demo, without_a_server_it_tells_the_same_story) {
    const std::set<std::string> before = demo_directories();
    const TidewayResult result = run_tideway({"demo", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
    EXPECT_EQ(demo_directories(), before);
    std::string rules, runs;
    for (const nlohmann::json& episode : result.json["episodes"]) {
        EXPECT_EQ(episode["after"]["desktop"], episode["after"]["cloud"]) << episode;
        rules += episode["rule"].get<std::string>() + " ";
    }
    for (const nlohmann::json& run : result.json["runs"]) runs += run["status"].get<std::string>() + " ";
    EXPECT_EQ(rules, "R7 R9 R2 R11 R13 R1 ");
    EXPECT_EQ(runs, "attention ok ok ");
    EXPECT_EQ(result.json["episodes"][3]["conflict"]["winner"], "cloud");
    EXPECT_LT(result.duration, std::chrono::seconds(60));
}

TEST(Demo, its_first_run_parks_its_second_heals_and_its_third_is_idle) {
    const TidewayResult result = run_tideway({"demo", "--postgres", "--json", "--fixture", fixture});
    ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
    const nlohmann::json& runs = result.json["runs"];
    EXPECT_EQ(runs[0]["status"], "attention");
    EXPECT_EQ(runs[1]["status"], "ok");
    EXPECT_EQ(runs[2]["status"], "ok");
    EXPECT_EQ(runs[2]["idle"], true);
}

TEST(Demo, interrupted_it_stops_its_servers_and_removes_them) {
    const std::set<std::string> before = demo_directories();
    const auto demo = start_tideway({"demo", "--postgres", "--fixture", fixture});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (demo->err().find("first run") == std::string::npos &&
           std::chrono::steady_clock::now() < deadline && demo->running())
        std::this_thread::sleep_for(Millis(5));
    demo->signal(SIGINT);
    EXPECT_EQ(demo->wait(std::chrono::seconds(60)), 1) << demo->err();
    EXPECT_NE(demo->err().find("error TW407"), std::string::npos) << demo->err();
    EXPECT_EQ(demo_directories(), before);
}

}  // namespace
}  // namespace tideway::test
