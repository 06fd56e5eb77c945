// The first users' table of jobs with a configuration, for tests of single commands.
#pragma once
#include <gtest/gtest.h>

#include "two_sides.hpp"

namespace tideway::test {

using nlohmann::json;

class Commands : public testing::Test {
  protected:
    TidewayResult run(const std::vector<std::string>& arguments) { return run_tideway(config, arguments); }
    json run_json(std::vector<std::string> arguments, int exit_code) {
        arguments.push_back("--json");
        const TidewayResult result = run(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
        EXPECT_TRUE(result.json.is_object()) << result.out << result.err;
        return result.json;
    }
    void start_with(int rows) {
        make_jobs(sides, rows);
        ASSERT_EQ(run_json({"sync"}, 0)["status"], "ok");
    }
    void expect_same() { EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop)); }
    std::string own_schemas() {
        const std::string sql = "select count(*) from pg_namespace where nspname ~ 'tideway'";
        return sides.desktop.scalar(sql) + sides.cloud.scalar(sql);
    }
    long long jobs(Db& db, const std::string& where = "true") {
        return db.number("select count(*) from jobshead where " + where);
    }

    TwoSides sides{"cmd"};
    ConfigFile config{sides.sides_toml() + jobs_toml};
};

inline json jobs_of(const json& report) { return table_of(report, "jobshead"); }

}  // namespace tideway::test
