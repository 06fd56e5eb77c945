#include "cli/program.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "report/report_json.hpp"
#include "support/temp_dir.hpp"

namespace tideway::cli {
namespace {

struct Outcome {
    int exit;
    std::string out, err;
};

Outcome run(const std::vector<std::string>& args) {
    std::ostringstream out, err;
    const int exit = run_program(args, out, err);
    return {exit, out.str(), err.str()};
}

class Program : public testing::Test {
  protected:
    std::string configuration(const std::string& table) {
        test::write_file(dir_ / "t.toml",
                         "[desktop]\nurl = \"service=d\"\n[cloud]\nurl = \"service=c\"\n[[table]]\n" + table);
        return (dir_ / "t.toml").string();
    }

  private:
    test::TempDir dir_;
};

TEST_F(Program, an_error_is_two_lines_on_stderr_and_an_exit_code) {
    const Outcome outcome = run({"snyc"});
    EXPECT_EQ(outcome.exit, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err,
              "tideway: error TW106: there is no command \"tideway snyc\"\n"
              "  what to do: did you mean \"tideway sync\"?\n");
}

TEST_F(Program, with_json_an_error_is_one_object_on_stdout) {
    for (const std::vector<std::string>& args :
         {std::vector<std::string>{"snyc", "--json"}, {"--json", "config", "check", "-c", "/nowhere"}}) {
        const Outcome outcome = run(args);
        EXPECT_EQ(outcome.exit, 2);
        EXPECT_EQ(outcome.err, "");
        const Json json = Json::parse(outcome.out);
        EXPECT_EQ(json["version"], 1);
        EXPECT_EQ(json["status"], "failed");
        EXPECT_TRUE(json["error"]["code"].get<std::string>().starts_with("TW1"));
        EXPECT_NE(json["error"]["message"], "");
        EXPECT_NE(json["error"]["hint"], "");
    }
}

TEST_F(Program, help_and_version_go_to_stdout) {
    EXPECT_TRUE(run({"--version"}).out.starts_with("tideway 0."));
    const Outcome help = run({"--help"});
    EXPECT_EQ(help.exit, 0);
    EXPECT_NE(help.out.find("\nExit codes: 0 in sync"), std::string::npos);
    EXPECT_EQ(help.err, "");
}

TEST_F(Program, config_check_says_what_will_not_be_synced) {
    const std::string path = configuration("name = \"jobs\"\nidentity = \"full_row\"\n");
    const Outcome text = run({"config", "check", "-c", path});
    EXPECT_EQ(text.exit, 0);
    EXPECT_EQ(text.out, path + " is fine: pair main, 1 table\n");
    const Json json = Json::parse(run({"config", "check", "--json", "-c", path}).out);
    EXPECT_EQ(json["status"], "ok");
    EXPECT_EQ(json["tables"][0]["desktop"], "jobs");
}

TEST_F(Program, config_show_prints_a_file_that_can_be_read_again) {
    const std::string shown = run({"config", "show", "-c", configuration("name = \"jobs\"\n")}).out;
    EXPECT_NE(shown.find("conflict = \"latest\"\n"), std::string::npos);
    const test::TempDir dir;
    test::write_file(dir / "again.toml", shown);
    EXPECT_EQ(run({"config", "show", "-c", (dir / "again.toml").string()}).out, shown);
}

TEST_F(Program, a_configuration_error_names_the_place) {
    const std::string path = configuration("name = \"jobs\"\nkeyy = [\"id\"]\n");
    EXPECT_EQ(run({"config", "check", "-c", path}).err,
              "tideway: error TW102: " + path +
                  ":7:1: unknown key \"keyy\" in [[table]]\n  what to do: did you mean \"key\"?\n");
}

}  // namespace
}  // namespace tideway::cli
