// The simulation as users run it: the shipped program plays seeds and must find nothing; with a defect put in
// on purpose it must find that. TIDEWAY_TEST_SEEDS=n plays n seeds; TIDEWAY_TEST_LONG=1 plays 200,000 new
// ones.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "support/run_tideway.hpp"

namespace tideway::test {
namespace {

bool is_long() {
    const char* value = std::getenv("TIDEWAY_TEST_LONG");
    return value != nullptr && *value != '\0' && *value != '0';
}

std::string seeds() {
    const char* value = std::getenv("TIDEWAY_TEST_SEEDS");
    return value != nullptr && *value != '\0' ? value : is_long() ? "200000" : "10000";
}

TidewayResult selftest(std::vector<std::string> more) {
    more.insert(more.begin(), {"selftest", "--json", "--jobs", "2"});
    return run_tideway(more, {}, {.deadline = is_long() ? std::chrono::hours(12) : std::chrono::hours(1)});
}

TEST(Selftest, NoSeedBreaksAPromise) {
    const std::string first = is_long() ? std::to_string(std::random_device()() + 1'000'000ULL) : "1";
    const TidewayResult result = selftest({"--seeds", seeds(), "--from", first, "--steps", "12"});
    ASSERT_TRUE(result.json.is_object()) << result.out << result.err;
    EXPECT_EQ(result.exit_code, 0) << result.json.dump(1);
    EXPECT_EQ(result.json["seeds"], std::stoi(seeds()));
    std::cout << result.json["seeds"] << " seeds in " << result.json["duration_ms"]
              << " ms: " << result.json["counts"] << "\n";
}

TEST(Selftest, ADefectIsFoundShrunkAndKeptInAFile) {
    const TempDir folder;
    const TidewayResult result =
        selftest({"--seeds", "50", "--defect", "drops-conflicts", "--output", folder.path().string()});
    EXPECT_EQ(result.exit_code, 70) << result.out << result.err;
    ASSERT_EQ(result.json["status"], "failed");
    EXPECT_EQ(result.json["error"]["code"], "TW471");
    const auto& failure = result.json["failure"];
    EXPECT_LE(failure["steps"], 8) << failure["script"];
    EXPECT_NE(failure["verdict"].get<std::string>().find("I1: "), std::string::npos);
    const std::string kept = read_file(failure["file"].get<std::string>());
    EXPECT_NE(kept.find(failure["script"].get<std::string>()), std::string::npos);
    const TidewayResult again = selftest({"--seed", failure["seed"].dump(), "--defect", "drops-conflicts",
                                          "--output", folder.path().string()});
    EXPECT_EQ(again.json["failure"]["script"], failure["script"]);
    EXPECT_EQ(again.json["failure"]["verdict"], failure["verdict"]);
}

TEST(Selftest, AnUnknownDefectIsRefused) {
    EXPECT_EQ(run_tideway({"selftest", "--defect", "drops-everything"}).exit_code, 2);
}

}  // namespace
}  // namespace tideway::test
