// The service as systemd runs it: what it tells through the notification socket, credentials, unit files.
#include "scenario/serving.hpp"

#include <filesystem>

#include "paths.hpp"

namespace tideway::test {
namespace {

class Systemd : public testing::Test {
  protected:
    void agree(const std::string& more = "") {
        pair.both(note_table);
        pair.configure(more + no_console + seldom + note_config);
        ASSERT_EXIT_CODE(0, pair.sync());
    }
    LivePair pair{"systemd"};
    NotifySocket systemd;
};

// How often `line` was told.
int times_told(NotifySocket& systemd, const std::string& line) {
    int times = 0;
    for (std::size_t at = 0; (at = systemd.heard().find(line, at)) != std::string::npos; ++at) ++times;
    return times;
}

TEST_F(Systemd, IsToldOfTheStartTheReloadAndTheEnd) {
    agree();
    Serving service(pair, systemd.env());
    systemd.wait_until_told("READY=1\n");
    EXPECT_EQ(times_told(systemd, "WATCHDOG=1"), 0) << "nobody has asked for it";
    systemd.forget();
    service.process().signal(SIGHUP);
    systemd.wait_until_told("READY=1\n");
    const std::string reload = systemd.heard();
    EXPECT_TRUE(reload.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << reload;
    EXPECT_LT(reload.find("RELOADING=1"), reload.find("READY=1"));
    systemd.forget();
    EXPECT_EQ(service.stop().first, 0);
    systemd.wait_until_told("STOPPING=1\n");
}

TEST_F(Systemd, GetsASignOfLifeWithinHalfTheTimeThatItAllows) {
    agree();
    Environment env = systemd.env();
    env["WATCHDOG_USEC"] = "2000000";
    Serving service(pair, env);
    systemd.wait_until_told("READY=1\n");
    for (int i = 0; i < 3; ++i) {
        systemd.forget();
        systemd.wait_until_told("WATCHDOG=1\n", Millis(2'000));
    }
    EXPECT_EQ(service.stop().first, 0);
}

TEST_F(Systemd, IsNotGivenSignsThatAreMeantForAnotherProcess) {
    agree();
    Environment env = systemd.env();
    env["WATCHDOG_USEC"] = "400000";
    env["WATCHDOG_PID"] = "1";
    Serving service(pair, env);
    systemd.wait_until_told("READY=1\n");
    crossing(pair.desktop, pair.cloud, 1, "office");
    EXPECT_EQ(service.stop().first, 0);
    systemd.wait_until_told("STOPPING=1\n");
    EXPECT_EQ(times_told(systemd, "WATCHDOG=1"), 0);
}

TEST_F(Systemd, HandsOverPasswordsAsCredentials) {
    PgServer locked{PgServerOptions{.passwords = true}};
    const std::string password = "only in the credential";
    Db administrator(locked.url("postgres"));
    administrator.exec(fmt::format("create role clerk superuser login password {}", quote_literal(password)));
    administrator.exec("create database office owner clerk");
    TempDir credentials;
    write_file(credentials / "cloud", password + "\n", 0400);
    pair.cloud = Db(locked.url("office"));
    pair.cloud_url = locked.url("office", "clerk");
    pair.both(note_table);
    pair.config.rewrite(
        fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\npassword_file = "
                    "'${{CREDENTIALS_DIRECTORY}}/cloud'\n{}{}{}",
                    pair.desktop_url, pair.cloud_url, no_console, seldom, note_config));
    Environment env = systemd.env();
    env["CREDENTIALS_DIRECTORY"] = credentials.path().string();
    Serving service(pair, env);
    crossing(pair.desktop, pair.cloud, 1, "office");
    EXPECT_EQ(service.stop().first, 0);
    EXPECT_EQ(service.process().err().find(password), std::string::npos);
}

std::string analyze(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"/usr/bin/systemd-analyze"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Finished finished = run(all);
    return finished.exit_code == 0 ? "" : finished.out + finished.err;
}

// In copies that name the program of this build: systemd looks whether it is there.
TEST(SystemdUnits, AreTakenAndHardened) {
    if (!std::filesystem::exists("/usr/bin/systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not there";
    TempDir units;
    std::vector<std::string> services, all;
    for (const auto& each : std::filesystem::directory_iterator(TIDEWAY_SOURCE_DIR "/packaging/systemd")) {
        std::string text = read_file(each.path());
        if (const std::size_t at = text.find("/usr/bin/tideway"); at != std::string::npos)
            text.replace(at, std::string("/usr/bin/tideway").size(), tideway_binary());
        const std::string copy = units / each.path().filename().string();
        write_file(copy, text, 0644);
        all.push_back(copy);
        if (copy.ends_with(".service")) services.push_back(copy);
    }
    ASSERT_EQ(services.size(), 2u);
    all.insert(all.begin(), "verify");
    EXPECT_EQ(analyze(all), "");
    for (const std::string& service : services)
        EXPECT_EQ(analyze({"security", "--offline=true", "--threshold=25", service}), "") << service;
}

}  // namespace
}  // namespace tideway::test
