// A run that hangs: whoever watches the service learns of it, and it still ends when it is told to. Sleeps
// most of its two minutes.
#include "scenario/serving.hpp"

#include "support/free_port.hpp"
#include "support/http_client.hpp"

namespace tideway::test {
namespace {

TEST(ServedHang, EndsTheSignsOfLifeAndStillEndsInTenSeconds) {
    LivePair pair("hang");
    pair.both(note_table);
    const PortLease port;
    pair.configure(fmt::format("[serve]\nlisten = '127.0.0.1:{}'\n{}{}", port.port(), seldom, note_config));
    ASSERT_EXIT_CODE(0, pair.sync());
    NotifySocket systemd;
    const PauseAt pause("M5a.before");
    Environment env = systemd.env();
    env["TIDEWAY_FAILPOINTS"] = pause.spec();
    env["WATCHDOG_USEC"] = "4000000";
    Serving service(pair, env);
    pair.desktop.exec("insert into note values (1, 'office')");
    pause.wait_until_reached();
    EXPECT_EQ(ask_http(port.port(), {"GET", "/livez"}).status, 200);
    systemd.wait_until_told("WATCHDOG=1");
    wait_for(
        "the silence is noticed",
        [&] {
            return ask_http(port.port(), {"GET", "/livez"}).status == 503;
        },
        std::chrono::seconds(150), Millis(200));
    std::this_thread::sleep_for(std::chrono::seconds(2));
    systemd.forget();
    std::this_thread::sleep_for(std::chrono::seconds(6));  // three signs would have been due
    EXPECT_EQ(systemd.heard(), "");
    const auto [code, took] = service.stop();
    EXPECT_EQ(code, 0);
    EXPECT_LT(took, std::chrono::seconds(10));
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
}

}  // namespace
}  // namespace tideway::test
