// What a hangup changes while the service runs: where the console listens, and which file the log goes to.
#include "scenario/serving.hpp"

#include <filesystem>

#include "support/free_port.hpp"
#include "support/http_client.hpp"

namespace tideway::test {
namespace {

int status_of(std::uint16_t port) {
    try {
        return ask_http(port, {"GET", "/livez"}).status;
    } catch (const std::runtime_error&) {
        return 0;
    }
}

class Reloaded : public testing::Test {
  protected:
    Reloaded() { pair.both(note_table); }
    std::string listen(std::uint16_t port, const std::string& more = "") {
        return fmt::format("[serve]\nlisten = '127.0.0.1:{}'\n{}{}{}", port, more, seldom, note_config);
    }
    void start(const std::vector<std::string>& arguments = {}) {
        service.emplace(pair.config.path(), systemd.env(), arguments);
        systemd.wait_until_told("READY=1");
    }
    void hang_up(const std::string& toml) {
        pair.configure(toml);
        systemd.forget();
        service->process().signal(SIGHUP);
        systemd.wait_until_told("READY=1");
    }

    LivePair pair{"reload"};
    NotifySocket systemd;
    PortLease first, second;
    std::optional<Serving> service;
};

TEST_F(Reloaded, TheConsoleMovesToTheAddressThatIsNowNamed) {
    pair.configure(listen(first.port()));
    start();
    EXPECT_EQ(status_of(first.port()), 200);
    hang_up(listen(second.port()));
    EXPECT_EQ(status_of(first.port()), 0);
    EXPECT_EQ(status_of(second.port()), 200);
    hang_up(no_console + std::string(seldom) + note_config);
    EXPECT_EQ(status_of(second.port()), 0);
    hang_up(listen(first.port()));
    EXPECT_EQ(status_of(first.port()), 200);
    crossing(pair.desktop, pair.cloud, 1, "office");
    EXPECT_EQ(service->stop().first, 0);
}

TEST_F(Reloaded, TheConsoleStaysWhereItIsWhenTheNewAddressIsTaken) {
    pair.configure(listen(first.port()));
    start();
    LivePair other("reload");
    other.configure(listen(second.port()));
    NotifySocket its;
    Serving neighbour(other.config.path(), its.env());
    its.wait_until_told("READY=1");
    hang_up(listen(second.port()));
    EXPECT_EQ(status_of(first.port()), 200);
    EXPECT_NE(service->process().err().find("TW490"), std::string::npos) << service->process().err();
    EXPECT_EQ(neighbour.stop().first, 0);
    hang_up(listen(second.port()));
    EXPECT_EQ(status_of(second.port()), 200);
}

TEST_F(Reloaded, AnotherHostNameHoldsAtOnce) {
    pair.configure(listen(first.port()));
    start();
    const HttpQuestion by_name{"GET", "/livez", {{"Host", "office.example"}}};
    EXPECT_EQ(ask_http(first.port(), by_name).status, 403);
    hang_up(listen(first.port(), "hosts = ['office.example']\n"));
    EXPECT_EQ(ask_http(first.port(), by_name).status, 200);
}

TEST_F(Reloaded, ATokenFileThatCannotBeUsedLeavesTheConsoleAsItWas) {
    pair.configure(listen(first.port()));
    start();
    hang_up(listen(first.port(), "token_file = '/no/such/folder/token'\n"));
    EXPECT_EQ(status_of(first.port()), 200);
    EXPECT_NE(service->process().err().find("TW491"), std::string::npos) << service->process().err();
}

TEST_F(Reloaded, TheConsoleStaysWhileTheConfigurationCannotBeRead) {
    pair.configure(listen(first.port()));
    start();
    hang_up("nonsense = 1\n" + listen(second.port()));
    EXPECT_EQ(status_of(first.port()), 200);
    EXPECT_EQ(status_of(second.port()), 0);
}

TEST_F(Reloaded, ALogThatWasRenamedGoesOnInANewFile) {
    TempDir logs;
    const std::string log = logs / "log", renamed = logs / "log-yesterday";
    pair.configure(no_console + std::string(seldom) + note_config);
    start({"--log-file", log});
    std::filesystem::rename(log, renamed);
    hang_up(no_console + std::string(seldom) + note_config);
    const std::string yesterday = read_file(renamed);
    EXPECT_NE(yesterday.find("ready"), std::string::npos) << yesterday;
    EXPECT_EQ(service->stop().first, 0);
    EXPECT_NE(read_file(log).find("stopped"), std::string::npos) << read_file(log);
    EXPECT_EQ(read_file(renamed), yesterday);
}

// A folder of two pairs; what is put there holds from the next hangup on.
class ReloadedFolder : public testing::Test {
  protected:
    ReloadedFolder() {
        std::filesystem::create_directory(folder);
        for (LivePair* pair : {&one, &other}) pair->both(note_table);
        write("one", one);
        write("other", other);
        for (const char* name : {"/one.toml", "/other.toml"})
            EXPECT_EXIT_CODE(0, run_tideway({"-c", folder + name, "sync"}));
    }
    void start(Environment env = {}) {
        env.merge(systemd.env());
        service.emplace(folder, env);
        systemd.wait_until_told("READY=1");
    }
    void write(const std::string& name, LivePair& pair) {
        write_file(folder + "/" + name + ".toml",
                   fmt::format("pair = '{}'\n[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}{}{}", name,
                               pair.desktop_url, pair.cloud_url, no_console, seldom, note_config));
    }
    void hang_up() {
        systemd.forget();
        service->process().signal(SIGHUP);
        systemd.wait_until_told("READY=1");
    }
    static bool served(LivePair& pair) { return pair.desktop.number("select count(*) from tideway.service") == 1; }

    TempDir place;
    std::string folder = place / "pairs";
    LivePair one{"reload"}, other{"reload"};
    NotifySocket systemd;
    std::optional<Serving> service;
};

TEST_F(ReloadedFolder, ThatIsAwayLeavesAllItsPairsAsTheyWere) {
    start();
    crossing(one.desktop, one.cloud, 1, "office");
    crossing(other.cloud, other.desktop, 1, "phone");
    std::filesystem::rename(folder, folder + ".away");
    hang_up();
    std::filesystem::create_directory(folder);  // a file system that is not mounted
    hang_up();
    EXPECT_TRUE(served(one) && served(other)) << service->process().err();
    crossing(one.cloud, one.desktop, 2, "phone");
    crossing(other.desktop, other.cloud, 2, "office");
    EXPECT_EQ(service->stop().first, 0);
}

// Else systemd would end the service in the middle of that run.
TEST_F(ReloadedFolder, GivesSignsOfLifeWhileAPairThatIsGoneFinishesItsRun) {
    const PauseAt pause("M5a.before");
    Environment env = pause.env();
    env["WATCHDOG_USEC"] = "2000000";
    start(env);
    other.desktop.exec("insert into note values (1, 'office')");
    pause.wait_until_reached();
    std::filesystem::remove(folder + "/other.toml");
    systemd.forget();
    service->process().signal(SIGHUP);
    systemd.wait_until_told("RELOADING=1");
    for (int i = 0; i < 3; ++i) {
        systemd.forget();
        systemd.wait_until_told("WATCHDOG=1", Millis(2'500));
    }
    EXPECT_EQ(systemd.heard().find("READY=1"), std::string::npos) << "the run is not over";
    pause.release();
    systemd.wait_until_told("READY=1");
    EXPECT_TRUE(shows(other.cloud, 1, "office"));
    crossing(one.desktop, one.cloud, 1, "office");
}

TEST_F(ReloadedFolder, IsFollowedFileByFile) {
    start();
    crossing(one.desktop, one.cloud, 1, "office");
    crossing(other.desktop, other.cloud, 1, "office");
    std::filesystem::remove(folder + "/other.toml");
    write_file(folder + "/one.toml", "pair = \n");
    hang_up();
    EXPECT_TRUE(served(one)) << "its file cannot be read, and so says nothing";
    EXPECT_FALSE(served(other));
    crossing(one.cloud, one.desktop, 2, "phone");
    write("other", other);
    hang_up();
    crossing(other.cloud, other.desktop, 2, "phone");
}

}  // namespace
}  // namespace tideway::test
