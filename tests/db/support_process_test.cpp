// Child processes of tests: what they hand back, and that none of them outlives the test.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "support/db.hpp"
#include "support/pause_at.hpp"
#include "support/pg_server.hpp"
#include "support/process.hpp"
#include "support/run_tideway.hpp"

namespace tideway::test {
namespace {

constexpr auto kSoon = std::chrono::seconds(30);

// Puts a shell script in the place of the program.
class StandIn {
  public:
    explicit StandIn(const std::string& script) {
        if (const char* value = std::getenv("TIDEWAY_BINARY")) before_ = value;
        write_file(dir_ / "tideway", "#!/bin/sh\n" + script, 0700);
        setenv("TIDEWAY_BINARY", (dir_ / "tideway").c_str(), 1);
    }
    ~StandIn() { before_ ? setenv("TIDEWAY_BINARY", before_->c_str(), 1) : unsetenv("TIDEWAY_BINARY"); }

  private:
    TempDir dir_;
    std::optional<std::string> before_;
};

TEST(SupportRun, HandsBackCodeOutputAndJson) {
    const StandIn program("cat; echo \"{\\\"args\\\": \\\"$*\\\"}\"; echo talk >&2; exit 3");
    const ConfigFile config("pair = 'main'");
    const TidewayResult result = run_tideway(config, {"sync", "--json"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err, "talk\n");
    EXPECT_EQ(result.json["args"], "-c " + config.path() + " sync --json");
    EXPECT_TRUE(run_tideway({"x"}, {}, {.input = "no json"}).json.is_null());
}

TEST(SupportRun, ConfigIsPrivate) {
    const ConfigFile config("pair = 'main'");
    EXPECT_EQ(read_file(config.path()), "pair = 'main'");
    EXPECT_EQ(std::filesystem::status(config.path()).permissions(), std::filesystem::perms(0600));
}

TEST(SupportRun, HidesTheSurroundingsOfTheTest) {
    setenv("PGHOST", "nowhere", 1);
    const StandIn program("echo $PGHOST,$PGPORT");
    EXPECT_EQ(run_tideway({}, {{"PGPORT", "5"}}).out, ",5\n");
    unsetenv("PGHOST");
}

TEST(SupportRun, DeadlineAndSignalsEndIt) {
    const StandIn program("echo up; exec sleep 1000");
    EXPECT_THROW(run_tideway({}, {}, {.deadline = Millis(50)}), std::runtime_error);
    const auto running = start_tideway({"serve"});
    EXPECT_EQ(running->wait(Millis(20)), std::nullopt);
    running->signal(SIGTERM);
    EXPECT_EQ(running->wait(kSoon), -SIGTERM);
    EXPECT_THROW(Process({"/nonexistent"}), std::system_error);
}

TEST(SupportRun, PauseAtHoldsTheProgramUntilReleased) {
    const StandIn program(R"(
file=${TIDEWAY_FAILPOINTS#here=pause:}; file=${file%@2}
touch $file.reached
while [ ! -e $file.go ]; do sleep 0.01; done
echo released)");
    PauseAt pause("here", 2);
    EXPECT_FALSE(pause.reached());
    const auto running = start_tideway({}, pause.env());
    pause.wait_until_reached();
    EXPECT_EQ(running->wait(Millis(50)), std::nullopt);
    pause.release();
    EXPECT_EQ(running->wait(kSoon), 0);
    EXPECT_EQ(running->out(), "released\n");
}

constexpr const char* kVictim = "TIDEWAY_TEST_VICTIM";

void serve_until_killed() {
    PgServer server;
    const Db open(server.url("postgres"));
    std::cout << server.data_directory().string() << std::endl;
    std::this_thread::sleep_for(kSoon);
}

// Runs itself in a second process, which it kills.
TEST(SupportJanitor, ClearsUpAfterATestProcessThatIsKilled) {
    if (std::getenv(kVictim) != nullptr) return serve_until_killed();
    Process victim({"/proc/self/exe", "--gtest_brief=1", "--gtest_filter=SupportJanitor.*"},
                   {.env = {{kVictim, "1"}}});
    const auto end = std::chrono::steady_clock::now() + kSoon;
    std::string data;
    while (data.empty() && std::chrono::steady_clock::now() < end) {
        std::istringstream lines(victim.out());
        for (std::string line; std::getline(lines, line) && !lines.eof();)
            if (line.starts_with("/")) data = line;
        std::this_thread::sleep_for(Millis(10));
    }
    ASSERT_TRUE(std::filesystem::exists(data));
    const pid_t postmaster = std::stoi(read_file(data + "/postmaster.pid"));
    victim.signal(SIGKILL);
    EXPECT_EQ(victim.wait(kSoon), -SIGKILL);
    while (std::filesystem::exists(data) && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(Millis(10));
    EXPECT_FALSE(std::filesystem::exists(data));
    const std::string state = read_file("/proc/" + std::to_string(postmaster) + "/status");
    EXPECT_TRUE(state.empty() || state.find("State:\tZ") != std::string::npos) << state;
}

}  // namespace
}  // namespace tideway::test
