// Servers that go and come under the service, and times that passed while it was down.
#include "scenario/serving.hpp"

#include <ctime>

#include "support/served_console.hpp"

namespace tideway::test {
namespace {

constexpr const char* by_log = "[sync]\ncapture = 'changelog'\n";

class Outage : public testing::Test {
  protected:
    std::string toml(LivePair& pair) {
        return fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}{}", pair.desktop_url,
                           pair.cloud_url, by_log, note_config);
    }
    void agree(LivePair& pair) {
        pair.both(note_table);
        pair.configure(by_log + std::string(note_config));
        ASSERT_EXIT_CODE(0, pair.sync());
    }
};

// "2026-11-26T12:00:00Z", from now on.
long seconds_until(const nlohmann::json& moment) {
    std::tm parts{};
    if (!moment.is_string() ||
        ::strptime(moment.get<std::string>().c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr)
        return 0;
    return static_cast<long>(::timegm(&parts) - std::time(nullptr));
}

std::string phase_of(ServedConsole& console) { return console.get("/pairs/main")["pair"]["phase"]; }

// It would have tried again by itself only much later.
TEST_F(Outage, AServerThatIsBackIsTakenUpAtOnceHoweverLongTheServiceWouldHaveWaited) {
    PgServer server;
    LivePair pair("outage", shared_desktop(), server);
    agree(pair);
    ServedConsole console(toml(pair), {}, "[[serve.job]]\nevery = '2s'\n");
    crossing(pair.desktop, pair.cloud, 1, "before");
    pair.cloud.close();
    server.stop();
    pair.desktop.exec("insert into note values (2, 'while it was down')");
    const auto waits_for = [&] {
        const nlohmann::json state = console.get("/pairs/main")["pair"];
        return state["phase"] == "backing off" ? seconds_until(state["until"]) : 0;
    };
    wait_for(
        "it waits for long", [&] { return waits_for() > 12; }, std::chrono::seconds(60), Millis(100));
    server.start();
    pair.cloud = Db(pair.cloud_database);
    const Millis took =
        wait_for("the pair goes on", [&] { return shows(pair.cloud, 2, "while it was down"); });
    EXPECT_LT(took, std::chrono::seconds(8)) << console.process().err();
    wait_for("all is well", [&] { return phase_of(console) == "idle"; });
}

// Nothing has to run for that.
TEST_F(Outage, AServerThatIsDownIsShownBetweenRuns) {
    PgServer server;
    LivePair pair("outage", shared_desktop(), server);
    agree(pair);
    pair.cloud.close();
    server.stop();
    ServedConsole console(toml(pair));
    wait_for("the pair waits for its cloud", [&] { return phase_of(console) == "backing off"; });
    EXPECT_EQ(console.ask({"GET", "/readyz"}).status, 503);
    const std::string reason = console.get("/pairs/main")["pair"]["reason"];
    EXPECT_NE(reason.find("cloud"), std::string::npos) << reason;
    server.start();
    wait_for("all is well", [&] { return phase_of(console) == "idle"; });
    EXPECT_EQ(console.ask({"GET", "/readyz"}).status, 200);
    pair.cloud = Db(pair.cloud_database);
}

// Whoever lost its connection holds its leases for twenty seconds more; not so a service that lives.
TEST_F(Outage, ARunThatBrokeOffGivesItsLeasesBackOnceTheServerIsThere) {
    PgServer server;
    LivePair pair("outage", shared_desktop(), server);
    agree(pair);
    const PauseAt pause("M5a.before");
    ServedConsole console(toml(pair), pause.env(), seldom);
    pair.desktop.exec("insert into note values (1, 'office')");
    pause.wait_until_reached();
    pair.cloud.close();
    server.stop(StopMode::immediate);
    pause.release();
    wait_for("the run has failed", [&] { return phase_of(console) == "backing off"; });
    server.start();
    pair.cloud = Db(pair.cloud_database);
    const Millis took = wait_for("the pair goes on", [&] { return shows(pair.cloud, 1, "office"); });
    EXPECT_LT(took, std::chrono::seconds(10)) << console.process().err();
}

// What is due only now and then runs at the start if its time passed meanwhile, once, and not otherwise.
TEST_F(Outage, ATimeThatWasMissedRunsOnceAtTheStart) {
    LivePair pair("outage");
    agree(pair);
    TempDir folder;
    const std::string memory = folder / "jobs";
    const std::string serve = fmt::format(
        "memory = '{}'\npush = false\n[[serve.job]]\ncron = '0 3 29 2 *'\nmode = 'full'\n[[serve.job]]\ncron "
        "= '0 4 29 2 "
        "*'\nrun = 'verify'\n",
        memory);
    const long long now = std::chrono::duration_cast<std::chrono::microseconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count();
    std::map<std::string, std::string> names;
    {
        ServedConsole console(toml(pair), {}, serve);
        const nlohmann::json known = console.get("/pairs/main");
        for (const auto& job : known["pair"]["jobs"])
            names[job["command"].get<std::string>()] = job["name"].get<std::string>();
        EXPECT_TRUE(console.get("/pairs/main/runs")["runs"].empty())
            << "nothing is known to have been missed";
    }
    write_file(memory,
               fmt::format("{} {}\n{} {}\n", 1'400'000'000'000'000, names["sync"], now, names["verify"]));
    const auto runs_of_a_start = [&] {
        ServedConsole console(toml(pair), {}, serve);
        std::this_thread::sleep_for(std::chrono::seconds(3));
        return console.get("/pairs/main/runs")["runs"];
    };
    const nlohmann::json first = runs_of_a_start();
    ASSERT_EQ(first.size(), 1u) << first;
    EXPECT_EQ(first[0]["why"], "missed");
    EXPECT_EQ(first[0]["job"], names["sync"]);
    EXPECT_TRUE(runs_of_a_start().empty());
}

}  // namespace
}  // namespace tideway::test
