// What the first users asked for holds in both modes, whichever direction runs first.
#pragma once
#include <gtest/gtest.h>

#include "two_sides.hpp"

namespace tideway::test {

struct Way {
    const char* mode;
    const char* first;  // the direction that runs first after users were at work
};

inline void PrintTo(const Way& way, std::ostream* out) { *out << way.mode << ", first " << way.first; }

constexpr Way ways[] = {{"incremental", "forward"}, {"incremental", "reverse"}, {"incremental", "both"},
                        {"full", "forward"},        {"full", "reverse"},        {"full", "both"}};

inline std::string name_of(const testing::TestParamInfo<Way>& way) {
    return fmt::format("{}_{}_first", way.param.mode, way.param.first);
}

inline std::vector<std::string> directions(const Way& way) {
    const std::string first = way.first;
    if (first == "forward") return {"forward", "reverse"};
    if (first == "reverse") return {"reverse", "forward"};
    return {"both"};
}

class SeedCases : public testing::TestWithParam<Way> {
  protected:
    TidewayResult sync(const std::string& direction) {
        const long long before = mobile_rows();
        TidewayResult result =
            run_tideway(config, {"sync", "--json", "--mode", GetParam().mode, "--direction", direction});
        EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
        EXPECT_EQ(result.json["status"], "ok") << result.out;
        const nlohmann::json table = table_of(result.json, "jobshead");
        if (!table.is_null()) expect_protected(table, before);
        return result;
    }
    // Counts of protected rows are true, and never fall but for deletes that users made.
    void expect_protected(const nlohmann::json& table, long long before) {
        EXPECT_EQ(table["protected"]["before"], before) << table;
        EXPECT_EQ(table["protected"]["after"], mobile_rows()) << table;
        EXPECT_GE(mobile_rows() + table["to_cloud"]["deleted"].get<long long>(), before) << table;
    }
    long long mobile_rows() { return sides.cloud.number("select count(*) from jobshead where source = 'M'"); }

    // One round of runs, in the order under test.
    std::vector<TidewayResult> sync_round() {
        std::vector<TidewayResult> results;
        for (const std::string& direction : directions(GetParam())) results.push_back(sync(direction));
        return results;
    }
    void start_with(int rows) {
        make_jobs(sides, rows);
        sync("both");
        ASSERT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
    }
    void expect_same() {
        EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
        const Versions before = versions_of(sides);
        for (const char* direction : {"forward", "reverse", "both"}) sync(direction);
        EXPECT_EQ(versions_of(sides), before) << "an echo: a run on a quiet pair wrote rows";
    }
    std::string job(Db& db, int id, const std::string& columns) {
        return dump(db, fmt::format("select {} from jobshead where job_id = {}", columns, id));
    }

    TwoSides sides{"seed"};
    ConfigFile config{sides.sides_toml() + jobs_toml};
};

}  // namespace tideway::test
