// The benchmark's cases still run: each once, with tables too small to say anything about speed.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "paths.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace tideway::test {
namespace {

constexpr const char* kProgram = TIDEWAY_BINARY_DIR "/bench/tideway_bench";

TEST(Bench, every_case_runs_and_writes_what_it_measured) {
    const TempDir dir;
    const std::string file = dir / "measured.json";
    const Finished bench =
        run({kProgram, "--rows", "1000", "--repeat", "1", "--json", file}, {}, std::chrono::minutes(10));
    EXPECT_EQ(bench.exit_code, 0) << bench.err;
    const auto measured = nlohmann::json::parse(read_file(file));
    EXPECT_GE(measured.at("cases").size(), 30U);
    for (const auto& each : measured.at("cases"))
        EXPECT_TRUE(each.contains("ratio") || each.contains("not_taken")) << each.dump(2);
}

}  // namespace
}  // namespace tideway::test
