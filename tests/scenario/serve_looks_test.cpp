// A run that a change has started and that finds nothing new after all: it says nothing about what waits.
#include "scenario/serving.hpp"
#include "support/receiver.hpp"
#include "support/served_console.hpp"

namespace tideway::test {
namespace {

class FruitlessLook : public testing::Test {
  protected:
    // The value of the first sample of that name.
    std::string sample(const std::string& name) {
        const std::string text = console->ask({"GET", "/metrics"}).body;
        const std::size_t at = text.find("\n" + name + "{");
        if (at == std::string::npos) return "none";
        const std::size_t value = text.find("} ", at) + 2;
        return text.substr(value, text.find('\n', value) - value);
    }
    nlohmann::json state() { return console->get("/pairs/main")["pair"]; }
    std::size_t requests(const std::string& method) {
        std::size_t count = 0;
        for (const WebRequest& request : web.requests()) count += request.method == method;
        return count;
    }
    // Somebody writes to a table that is nothing to the pair; returns when the service has looked. It looks at
    // once where the change before was one of the pair's.
    void have_it_look() {
        crossing(pair.desktop, pair.cloud, 2, "of the pair");
        const std::string before = sample("tideway_busy_seconds_total");
        pair.desktop.exec("create table if not exists elsewhere (id int); insert into elsewhere values (1)");
        wait_for("it looks", [&] { return sample("tideway_busy_seconds_total") != before; }, std::chrono::seconds(60));
    }

    LivePair pair{"look"};
    WebReceiver web;
    std::unique_ptr<ServedConsole> console;
};

TEST_F(FruitlessLook, LeavesWhatIsKnownAsItWas) {
    pair.both(note_table);
    pair.desktop.exec("insert into note values (1, 'agreed')");
    const std::string toml = fmt::format(
        "[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[sync]\nconflict = 'manual'\n"
        "capture = {{ desktop = 'xmin', cloud = 'changelog' }}\n[alert]\nwebhook = '{}'\nheartbeat_url = '{}'\n{}",
        pair.desktop_url, pair.cloud_url, web.url("/hook"), web.url("/alive"), note_config);
    console = std::make_unique<ServedConsole>(toml, Environment{}, seldom);
    wait_for("the row crosses", [&] { return shows(pair.cloud, 1, "agreed"); });
    wait_for("all is well", [&] { return state()["last"]["status"] == "ok" && requests("GET") > 0; });
    pair.desktop.exec("update note set body = 'office'");
    pair.cloud.exec("update note set body = 'phone'");
    console->run();
    EXPECT_EQ(sample("tideway_open_conflicts"), "1");
    ASSERT_EQ(requests("POST"), 1u);
    const std::size_t beats = requests("GET");
    have_it_look();
    EXPECT_EQ(sample("tideway_open_conflicts"), "1");
    EXPECT_EQ(state()["last"]["status"], "attention");
    EXPECT_EQ(console->run()["exit_code"], 3);
    EXPECT_EQ(requests("POST"), 1u) << web.requests().back().body;
    EXPECT_EQ(requests("GET"), beats) << "the heartbeat says that all is well";
}

// Nothing is written that a question could find: only who listens learns of it.
TEST_F(FruitlessLook, IsWhatANotificationCallsFor) {
    pair.both(note_table);
    const std::string toml = fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[sync]\ncapture = 'changelog'\n{}",
                                         pair.desktop_url, pair.cloud_url, note_config);
    pair.configure("[sync]\ncapture = 'changelog'\n" + std::string(note_config));
    ASSERT_EXIT_CODE(0, pair.sync());
    console = std::make_unique<ServedConsole>(toml, Environment{}, seldom);
    wait_for("it listens", [&] {
        const nlohmann::json listens = state()["listens"];
        return listens["desktop"] == true && listens["cloud"] == true && state()["last"].is_object();
    });
    for (Db* side : {&pair.desktop, &pair.cloud}) {
        const std::string before = sample("tideway_busy_seconds_total");
        side->exec("notify tideway_1");
        wait_for("it looks", [&] { return sample("tideway_busy_seconds_total") != before; }, std::chrono::seconds(60));
    }
}

}  // namespace
}  // namespace tideway::test
