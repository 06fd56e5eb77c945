// H79: what a service is entrusted with shows nowhere: not in its processes, its answers, its messages or its
// logs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "scenario/two_sides.hpp"
#include "support/served_console.hpp"

namespace tideway::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* in_the_url = "secret-in-the-url";
constexpr const char* by_command = "secret-by-command";
constexpr const char* of_the_webhook = "secret-of-the-webhook";

std::string sides_with_secrets(const std::string& desktop_url, const std::string& cloud_url) {
    return fmt::format(
        "[desktop]\nurl = '{}?password={}'\n[cloud]\nurl = '{}'\npassword_command = 'printf %s%s secret-by "
        "-command'\n"
        "[alert]\nwebhook = 'http://127.0.0.1:1/{}'\n",
        desktop_url, in_the_url, cloud_url, of_the_webhook);
}

void expect_no_secret(const std::string& where, const std::string& text,
                      const std::string& token = "no token") {
    for (const std::string& each :
         {std::string(in_the_url), std::string(by_command), std::string(of_the_webhook), token})
        EXPECT_EQ(text.find(each), text.npos) << where << " tells " << each << "\n" << text;
}

// Of the process and of its children, whatever they are for.
std::string seen_in_proc(pid_t pid) {
    std::string seen;
    for (const char* file : {"cmdline", "environ"})
        seen += read_file(fmt::format("/proc/{}/{}", pid, file)) + "\n";
    for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid))) {
        std::istringstream children(read_file((task.path() / "children").string()));
        for (pid_t child; children >> child;) seen += seen_in_proc(child);
    }
    return seen;
}

TEST(Secrets, H79_ShowNowhereInAServiceAndItsConsole) {
    TwoSides sides("secrets");
    make_jobs(sides, 40);
    ServedConsole console(sides_with_secrets(sides.desktop_database.url(), sides.cloud_database.url()) +
                          jobs_toml);
    console.run();
    sides.desktop.exec("update jobshead set status = 'Office' where job_id = 4");
    sides.cloud.exec("update jobshead set status = 'Phone' where job_id = 4");
    console.run();
    sides.desktop.exec("delete from jobshead where job_id > 5");
    EXPECT_EQ(console.run()["exit_code"], 4);
    expect_no_secret("/proc", seen_in_proc(console.process().pid()), console.token());
    for (const char* path :
         {"pairs", "pairs/main", "pairs/main/status", "pairs/main/runs", "pairs/main/runs/1",
          "pairs/main/runs/3", "pairs/main/tables/jobshead/runs", "pairs/main/plan", "pairs/main/doctor",
          "pairs/main/settings", "pairs/main/conflicts", "pairs/main/parked", "pairs/main/journal",
          "pairs/main/explain?table=jobshead&key=4", "pairs/main/explain?table=nothing&key=4", "pairs/nobody",
          "session"})
        expect_no_secret(path, console.ask({"GET", std::string("/api/v1/") + path}).body, console.token());
    for (const char* path : {"/", "/pairs/main", "/login", "/metrics", "/livez", "/readyz", "/nothing"})
        expect_no_secret(path, console.ask({"GET", path}).body, console.token());
    EXPECT_EQ(console.stop(), 0);
    expect_no_secret("the log", console.process().err() + console.process().out(), console.token());
}

TEST(Secrets, H79_ShowInNoMessageOfACommandThatFails) {
    const ConfigFile config(
        sides_with_secrets("postgresql://somebody@127.0.0.1:1/x", "postgresql://somebody@127.0.0.1:1/y") +
        jobs_toml);
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"sync"},
                                               {"sync", "--json"},
                                               {"status"},
                                               {"doctor"},
                                               {"doctor", "--json"},
                                               {"plan"},
                                               {"verify"},
                                               {"config", "show"},
                                               {"config", "check"},
                                               {"alert", "test"},
                                               {"conflicts", "list"},
                                               {"uninstall", "--check"}}) {
        const TidewayResult told = run_tideway(config, command);
        expect_no_secret(command.front(), told.out + told.err);
    }
}

}  // namespace
}  // namespace tideway::test
