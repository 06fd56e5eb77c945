// uninstall leaves the databases as they were, and sync begins again without harm.
#include <gtest/gtest.h>

#include <regex>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

class Uninstall : public Commands {
  protected:
    void SetUp() override {
        if (shared_desktop().version() > 15 || shared_cloud().version() > 15)
            GTEST_SKIP() << "Debian's pg_dump is of version 15";
        make_jobs(sides, 50);
        sides.cloud.exec(
            "create function app() returns trigger language plpgsql as $$ begin return new; end $$; create "
            "trigger app before insert on jobshead for each row execute function app()");
    }
    static std::string schema(const Database& database) {
        const std::string dump = run_checked({"pg_dump", "--schema-only", "-d", database.url()});
        return std::regex_replace(dump, std::regex("\\\\(un)?restrict [^\n]*\n"),
                                  "");  // a random word per dump
    }
    std::string schemas() const { return schema(sides.desktop_database) + schema(sides.cloud_database); }
};

TEST_F(Uninstall, LeavesTheDatabasesAsTheyWere) {
    const std::string before = schemas();
    for (const char* capture : {"xmin", "changelog"}) {
        config.rewrite(sides.sides_toml() + jobs_toml + fmt::format("capture = '{}'\n", capture));
        run_json({"sync"}, 0);
        sides.desktop.exec("update jobshead set status = 'x' where job_id = 1");
        run_json({"sync"}, 0);
        ASSERT_NE(schemas(), before);
        const Versions rows = versions_of(sides);
        run_json({"uninstall"}, 0);
        EXPECT_EQ(schemas(), before);
        EXPECT_EQ(versions_of(sides), rows);
    }
    EXPECT_EQ(run_json({"uninstall"}, 0)["objects"].size(), 0u) << "a second time finds nothing";
}

TEST_F(Uninstall, CheckListsWhatIsThereAndRemovesNothing) {
    EXPECT_EQ(run_json({"uninstall", "--check"}, 0)["objects"].size(), 0u);
    run_json({"sync"}, 0);
    const std::string installed = schemas();
    const json listed = run_json({"uninstall", "--check"}, 1);
    std::string text;
    for (const json& object : listed["objects"]) text += object.get<std::string>() + "\n";
    for (const char* part : {"desktop: ", "cloud: ", "schema tideway", "trigger"})
        EXPECT_NE(text.find(part), text.npos) << part << " is not in\n" << text;
    EXPECT_EQ(schemas(), installed);
    EXPECT_EQ(run_json({"uninstall"}, 0)["objects"], listed["objects"]);
    EXPECT_EQ(run_json({"uninstall", "--check"}, 0)["objects"].size(), 0u);
}

TEST_F(Uninstall, ThenSyncAdoptsEverythingAgain) {
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Phone', 'M')");
    run_json({"sync"}, 0);
    run_json({"uninstall"}, 0);
    const Versions before = versions_of(sides);
    for (const char* direction : {"forward", "reverse", "both"})
        run_json({"sync", "--direction", direction}, 0);
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(jobs_of(run_json({"status"}, 0))["rows"], 51);
    expect_same();
}

TEST_F(Uninstall, ThenWhatEitherSideDeletedMeanwhileIsNotDeletedOnTheOther) {
    run_json({"sync"}, 0);
    run_json({"uninstall"}, 0);
    sides.desktop.exec(
        "delete from jobshead where job_id <= 10; update jobshead set status = 'Office', updated_at = "
        "timezone('Asia/Kolkata', now()) where job_id = 11");
    sides.cloud.exec("delete from jobshead where job_id > 45");
    const json done = jobs_of(run_json({"sync"}, 0));
    EXPECT_EQ(done["adopted"], 34);
    EXPECT_EQ(done["to_cloud"], writes(5, 1, 0));
    EXPECT_EQ(done["to_desktop"], writes(10, 0, 0));
    EXPECT_EQ(jobs(sides.cloud), 50);
    expect_same();
}

}  // namespace
}  // namespace tideway::test
