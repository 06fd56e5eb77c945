// Mistakes in the configuration file and on the command line.
#include <gtest/gtest.h>

#include <algorithm>

#include "errors_fixture.hpp"

namespace tideway::test {
namespace {

TEST_F(Errors, UnknownKeys) {
    const std::string head = good_toml();
    const auto lines = std::count(head.begin(), head.end(), '\n');
    const auto at = [&](long line, int column) {
        return fmt::format("tideway.toml:{}:{}", lines + line, column);
    };
    expect_refused(head + "[sync]\nconflct = 'latest'\n",
                   {2, "TW102", {at(2, 1), "conflct", "\"conflict\""}});
    expect_refused(head + "[[table]]\n  nmae = 'client'\n", {2, "TW102", {at(2, 3), "nmae", "\"name\""}});
    expect_refused(head + "[gaurd]\nmax_deletes = '1%'\n", {2, "TW102", {at(1, 2), "gaurd", "\"guard\""}});
}

TEST_F(Errors, ValuesThatCannotBeUsed) {
    const std::string head = good_toml();
    const auto line = fmt::format("tideway.toml:{}:", std::count(head.begin(), head.end(), '\n') + 2);
    expect_refused(head + "[sync]\nconflict = 'newest'\n", {2, "TW103", {line, "newest", "latest"}});
    expect_refused(head + "[sync]\nconflict = 3\n", {2, "TW103", {line}});
    expect_refused(head + "[guard]\nmax_deletes = 'lots'\n", {2, "TW103", {line}});
    expect_refused(head + "[sync]\nconflict = ", {2, "TW101", {line}});
    expect_refused(head + "[[table]]\nname = '${NO_SUCH_VARIABLE}'\n",
                   {2, "TW105", {line, "NO_SUCH_VARIABLE"}});
    expect_refused(head + "[[table]]\nname = 'jobshead'\n", {2, "TW313", {"jobshead"}});
    expect_refused(head + "[serve]\nlisten = '0.0.0.0:8484'\n", {2, "TW103", {line, "public = true"}});
    expect_refused(sides_toml(), {2, "TW103", {"[[table]]"}});
    expect_refused(jobs_toml, {2, "TW103", {"url"}});
}

TEST_F(Errors, UrlThatIsNone) {
    expect_refused(
        TwoSides::toml_for(desktop_url(), fmt::format("postgresql://me:{}@host:notaport/db", secret)) +
            jobs_toml,
        {2, "TW103", {"cloud"}});
}

TEST(CommandLineErrors, AreUsageErrors) {
    const auto told = [](const std::vector<std::string>& arguments, const Told& expected) {
        std::vector<std::string> with_json{"--json"};
        with_json.insert(with_json.end(), arguments.begin(), arguments.end());
        expect_told(expected, run_tideway(arguments), run_tideway(with_json));
    };
    told({"-c", "/no/such/tideway.toml", "sync"}, {2, "TW104", {"/no/such/tideway.toml"}});
    told({"snyc"}, {2, "TW106", {"snyc"}});
    told({"sync", "--mdoe", "full"}, {2, "TW106", {"--mdoe"}});
    told({"sync", "--mode", "some"}, {2, "TW106", {"some"}});
    told({"sync", "--direction", "up"}, {2, "TW106", {"up"}});
    told({}, {2, "TW106"});
}

}  // namespace
}  // namespace tideway::test
