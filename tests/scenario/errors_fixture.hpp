// An error is told by its code, in words and as JSON, with what to do, without the password; and nothing is
// changed anywhere.
#pragma once
#include <gtest/gtest.h>

#include "two_sides.hpp"

namespace tideway::test {

constexpr const char* secret = "s3cret-Pa55";  // must never be seen again

inline std::string with_secret(std::string url, const std::string& user = "postgres") {
    const std::string before = user + "@";
    return url.replace(url.find(before), before.size(), fmt::format("{}:{}@", user, secret));
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

struct Told {
    int exit_code;
    std::string code;
    std::vector<std::string> says = {};  // each stands in the message
};

// The same error in words and as JSON.
inline void expect_told(const Told& expected, const TidewayResult& words, const TidewayResult& json) {
    SCOPED_TRACE("in words: " + words.out + words.err + "\nas JSON: " + json.out + json.err);
    EXPECT_EQ(words.out, "") << "results are for stdout, errors are none";
    for (const TidewayResult* result : {&words, &json})
        EXPECT_FALSE(contains(result->out + result->err, secret)) << "the password is shown";
    ASSERT_EQ(words.exit_code, expected.exit_code);
    ASSERT_EQ(json.exit_code, expected.exit_code);
    EXPECT_TRUE(contains(words.err, "error " + expected.code)) << "not " << expected.code;
    EXPECT_TRUE(contains(words.err, "what to do: ")) << "no hint";
    ASSERT_TRUE(json.json.is_object() && json.json.contains("error"));
    EXPECT_EQ(json.json["status"], "failed");
    const nlohmann::json& error = json.json["error"];
    EXPECT_EQ(error["code"], expected.code);
    EXPECT_NE(error["hint"], "");
    const std::string told = error["message"].get<std::string>() + error["hint"].get<std::string>();
    for (const std::string& part : expected.says) {
        EXPECT_TRUE(contains(words.err, part)) << part << " is not in the words";
        EXPECT_TRUE(contains(told, part)) << part << " is not in the JSON";
    }
}

class Errors : public testing::Test {
  protected:
    void SetUp() override { make_jobs(sides, 20); }

    std::string desktop_url() const { return with_secret(sides.desktop_database.url()); }
    std::string cloud_url() const { return with_secret(sides.cloud_database.url()); }
    std::string sides_toml() const { return TwoSides::toml_for(desktop_url(), cloud_url()); }
    std::string good_toml() const { return sides_toml() + jobs_toml; }

    // All that could have been changed: users' rows, and every schema, relation and trigger.
    std::string everything() {
        std::string text;
        for (Db* side : {&sides.desktop, &sides.cloud})
            text += row_versions(*side) + dump(*side, R"(
                select 'schema', nspname::text from pg_namespace where nspname !~ '^(pg_|information_schema)'
                union all
                select 'relation', oid::regclass::text from pg_class
                where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
                union all
                select 'trigger', tgname::text from pg_trigger where not tgisinternal order by 1, 2)") +
                    "\n";
        return text;
    }
    void expect_refused(const std::string& toml, const Told& expected,
                        const std::vector<std::string>& arguments = {"sync"}) {
        SCOPED_TRACE(toml);
        const ConfigFile config(toml);
        const std::string before = everything();
        const TidewayResult words = run_tideway(config, arguments);
        std::vector<std::string> with_json = arguments;
        with_json.push_back("--json");
        expect_told(expected, words, run_tideway(config, with_json));
        EXPECT_EQ(everything(), before);
    }
    void first_sync(const std::string& toml) {
        const TidewayResult run = run_tideway(ConfigFile(toml), {"sync"});
        ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
    }
    // An edit that a wrong run would carry over.
    void edit_both() {
        sides.desktop.exec("update jobshead set status = 'Office' where job_id = 1");
        sides.cloud.exec("update jobshead set status = 'Phone' where job_id = 2");
    }

    TwoSides sides{"err"};
};

}  // namespace tideway::test
