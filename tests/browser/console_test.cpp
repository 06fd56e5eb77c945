// The console in a browser, on a real pair of servers: every page and every action. Each test brings the
// databases into a state, plays a script in Chromium, and looks at the databases again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "paths.hpp"
#include "scenario/two_sides.hpp"
#include "support/pause_at.hpp"
#include "support/served_console.hpp"

namespace tideway::test {
namespace {

namespace fs = std::filesystem;
const fs::path build = TIDEWAY_BINARY_DIR, source = TIDEWAY_SOURCE_DIR;
const fs::path modules = source / "build" / "browser";

const std::string markup = R"(<script>document.title="owned"</script>)";
const std::string picture = R"(<img src=x onerror=document.title="owned">)";
const fs::path screens = build / "test-logs" / "screenshots";

// The names that a script gives to its pictures; those that it puts together are not among them.
std::vector<std::string> pictures_of(const fs::path& script) {
    static const std::regex shot(R"(shot\(page, '([a-z-]+)'\))");
    const std::string text = read_file(script);
    std::vector<std::string> names;
    for (std::sregex_iterator at(text.begin(), text.end(), shot), end; at != end; ++at) names.push_back((*at)[1]);
    return names;
}

void expect_picture(const std::string& name, fs::file_time_type since) {
    const fs::path file = screens / (name + ".png");
    ASSERT_TRUE(fs::exists(file)) << file;
    EXPECT_GT(fs::file_size(file), 4'000u) << file;
    EXPECT_GE(fs::last_write_time(file), since) << file << " is an old one";
}

class Browser : public testing::Test {
  protected:
    void SetUp() override {
        if (!fs::exists("/usr/bin/chromium") || !fs::exists(modules / "node_modules" / "playwright-core"))
            GTEST_SKIP() << "no browser here: tools/install-packages browser, tools/browser-modules";
        sides.desktop.exec("create table task (id int primary key, client int)");
        sides.cloud.exec(
            "create table client (id int primary key);"
            "create table task (id int primary key, client int references client)");
    }
    void serve(int rows, const Environment& env = {}, const std::string& more = "") {
        make_jobs(sides, rows);
        console = std::make_unique<ServedConsole>(
            sides.sides_toml() + jobs_toml + "conflict = 'manual'\n" + more + "[[table]]\nname = 'task'\n", env);
    }
    void serve_synced(int rows) {
        serve(rows);
        ASSERT_EQ(console->run()["status"], "ok");
    }
    void play(const std::string& script, Environment env = {}) {
        env["TIDEWAY_BROWSER_MODULES"] = modules.string();
        env["TIDEWAY_CONSOLE_URL"] = console->url();
        env["TIDEWAY_CONSOLE_TOKEN"] = console->token();
        env["TIDEWAY_SCREENSHOTS"] = screens.string();
        env["TIDEWAY_SCRIPT"] = script;
        const fs::path file = source / "tests/browser/scripts" / (script + ".mjs");
        const auto begun = fs::file_time_type::clock::now() - std::chrono::seconds(1);
        const Finished played = test::run({"node", file}, {.env = env}, std::chrono::seconds(300));
        EXPECT_EQ(played.exit_code, 0) << script << "\n" << played.out << played.err;
        for (const std::string& name : pictures_of(file)) expect_picture(name, begun);
    }
    void edit_on_both_sides() {
        sides.desktop.exec("update jobshead set status = 'Desktop ' || job_id where job_id <= 4");
        sides.cloud.exec("update jobshead set status = 'Cloud ' || job_id where job_id <= 4");
    }
    std::string statuses() {
        return dump(sides.cloud, "select status from jobshead where job_id between 1 and 4 order by job_id");
    }

    TwoSides sides{"browser"};
    std::unique_ptr<ServedConsole> console;
};

TEST_F(Browser, LogsInAndOut) {
    serve(3);
    play("login");
}

TEST_F(Browser, WithoutScriptsIsToldWhatToUse) {
    serve(3);
    play("without_scripts");
}

TEST_F(Browser, SyncsAndVerifiesAndSeesTheResults) {
    serve(40);
    play("runs");
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Browser, SeesARunThatIsAtWork) {
    const PauseAt pause("M5a.before_commit");
    serve(40, pause.env());
    const std::string spec = pause.spec();
    const std::size_t begin = spec.find("pause:") + 6;
    play("live", {{"TIDEWAY_PAUSE", spec.substr(begin, spec.find('@', begin) - begin)}});
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Browser, ResolvesConflicts) {
    serve_synced(40);
    edit_on_both_sides();
    ASSERT_EQ(console->run()["status"], "attention");
    play("conflicts");
    console->run();
    EXPECT_EQ(statuses(), "Cloud 1\nDesktop 2\nDesktop 3\nCloud 4");
    EXPECT_EQ(
        sides.desktop.scalar("select string_agg(status, ' ' order by job_id) from jobshead where job_id < 5"),
        "Cloud 1 Desktop 2 Desktop 3 Desktop 4");
}

TEST_F(Browser, SeesWhyRowsWaitAndTriesThemAgain) {
    serve_synced(10);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Theirs', 'M')");
    console->run();
    sides.desktop.exec(
        "update jobshead set job_name = 'Ours' where job_id = 99; insert into task values (7, 5)");
    ASSERT_EQ(console->run()["status"], "attention");
    sides.cloud.exec("insert into client values (5)");
    play("waiting");
    console->run();
    EXPECT_EQ(sides.cloud.scalar("select client from task where id = 7"), "5");
}

TEST_F(Browser, LetsAStoppedTableThroughAfterASecondQuestion) {
    serve_synced(40);
    sides.desktop.exec("delete from jobshead where job_id <= 30");
    ASSERT_EQ(console->run()["status"], "guard");
    EXPECT_EQ(sides.cloud.scalar("select count(*) from jobshead"), "40");
    play("guard");
    console->run();
    EXPECT_EQ(sides.cloud.scalar("select count(*) from jobshead"), "10");
}

// The page has to plan and to confirm as the run was that was stopped: no other would find these deletes.
TEST_F(Browser, LetsThroughWhatAFullRunStopped) {
    serve(40, {}, "capture = 'changelog'\n");
    ASSERT_EQ(console->run()["status"], "ok");
    behind_every_trigger(sides.desktop, "delete from jobshead where job_id <= 30");
    ASSERT_EQ(console->run({{"command", "sync"}, {"mode", "full"}})["status"], "guard");
    play("guard");
    console->run();
    EXPECT_EQ(sides.cloud.scalar("select count(*) from jobshead"), "10");
}

TEST_F(Browser, SeesWhichDatabaseIsDown) {
    PgServer server;
    TwoSides fragile(shared_desktop(), server, "browser");
    make_jobs(fragile, 3);
    console = std::make_unique<ServedConsole>(fragile.sides_toml() + jobs_toml);
    ASSERT_EQ(console->run()["status"], "ok");
    server.stop(StopMode::immediate);
    console->run();
    play("outage");
    console->stop();
    server.start();
    fragile.cloud = Db(fragile.cloud_database);
}

TEST_F(Browser, TakesARunBackAndReadsARowsStory) {
    serve_synced(10);
    sides.desktop.exec("update jobshead set status = 'Wrong' where job_id = 3");
    ASSERT_EQ(console->run()["status"], "ok");
    play("journal");
    EXPECT_EQ(sides.cloud.scalar("select count(*) from jobshead where status = 'Wrong'"), "0");
}

TEST_F(Browser, SeesFindingsAndSettingsWithoutSecrets) {
    make_jobs(sides, 10);
    std::string toml = TwoSides::toml_for(sides.desktop_database.url() + "?password=hidden-secret",
                                          sides.cloud_database.url() + "?password=hidden-secret");
    console = std::make_unique<ServedConsole>(toml + jobs_toml);
    play("checks");
}

TEST_F(Browser, H81_ShowsHostileCellsAsText) {
    sides.on_both("create table tag (name text primary key, body text, formula text, escapes text, large text)");
    sides.desktop.exec(fmt::format("insert into tag select {0} || '!' || i from generate_series(1, 40) i; insert into tag "
                                   "values ({0}), ({1})",
                                   quote_literal(markup), quote_literal(picture)));
    serve(5, {}, "[[table]]\nname = 'tag'\nconflict = 'manual'\n");
    ASSERT_EQ(console->run()["status"], "ok");
    sides.desktop.exec("update tag set formula = '=cmd|calc' where formula is null");
    ASSERT_EQ(console->run()["status"], "ok");
    sides.desktop.exec(fmt::format("update tag set body = {0}, escapes = E'\\x1b]0;owned\\x07\\x1b[31mred' where name = {0}",
                                   quote_literal(markup)));
    sides.cloud.exec(fmt::format("update tag set body = {}, escapes = U&'\\202Etxt.exe', large = repeat('y', 1000000) where "
                                 "name = {}",
                                 quote_literal(picture), quote_literal(markup)));
    sides.cloud.exec("alter table tag add constraint fussy check (body <> 'Odd')");
    sides.desktop.exec(fmt::format("update tag set body = 'Odd' where name = {}", quote_literal(picture)));
    ASSERT_EQ(console->run()["status"], "attention");
    sides.desktop.exec("delete from tag where name like '%!1%' or name like '%!2%'");
    ASSERT_EQ(console->run()["status"], "guard");
    play("hostile");
    const std::string log = console->process().err();
    for (const char* text : {"<script", "<img", "\x1b", "\u202e"}) EXPECT_EQ(log.find(text), log.npos) << text << "\n" << log;
}

TEST_F(Browser, ReadsLongListsInParts) {
    serve_synced(5);
    for (const auto& [many, kind] : {std::pair(250, "conflict"), std::pair(150, "parked")})
        sides.desktop.exec(fmt::format(
            "insert into tideway.waiting (pair, tbl, key, kind, rule, reason, run, first_seen) select 'main', 1, "
            "array[({2} + i)::text], '{0}', 'R5', 'why', 'r', now() - i * interval '1 second' from generate_series(1, {1}) i",
            kind, many, 1000 * many));
    play("parts");
}

TEST_F(Browser, EveryPageIsAccessibleInBothSchemesAndOnAPhone) {
    serve_synced(40);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Theirs', 'M')");
    console->run({{"command", "verify"}});
    console->run();
    edit_on_both_sides();
    sides.desktop.exec(
        "update jobshead set job_name = 'Ours' where job_id = 99; insert into task values (7, 5)");
    console->run();
    sides.desktop.exec("delete from jobshead where job_id between 5 and 35");
    ASSERT_EQ(console->run()["status"], "guard");
    const auto begun = fs::file_time_type::clock::now() - std::chrono::seconds(1);
    play("accessibility");
    for (const char* page : {"overview", "pair", "conflicts", "conflict", "waiting", "guard", "guard-dialog", "conflicts-dialog", "journal",
                             "undo-dialog", "row", "story", "run", "table", "doctor", "settings"})
        for (const char* scheme : {"light", "dark", "phone"}) expect_picture(fmt::format("{}-{}", page, scheme), begun);
}

}  // namespace
}  // namespace tideway::test
