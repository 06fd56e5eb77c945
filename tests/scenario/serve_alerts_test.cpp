// What the service tells people of runs that a change has started.
#include "scenario/serving.hpp"
#include "support/receiver.hpp"

namespace tideway::test {
namespace {

TEST(ServeAlerts, ConflictsThatARunOfAChangeSettlesAreTold) {
    LivePair pair("serve");
    WebReceiver web;
    pair.both(note_table);
    pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
    pair.configure(fmt::format("[sync]\ncapture = 'changelog'\nconflict = 'desktop'\n{}{}[alert]\nwebhook = '{}'\n"
                               "events = ['settled']\n{}",
                               no_console, seldom, web.url("/hook"), note_config));
    ASSERT_EXIT_CODE(0, pair.sync());
    const PauseAt both_sides_are_read("M2.snapshot");
    Serving service(pair, both_sides_are_read.env());
    // The service watches when this crosses; both sides of the next row are written before it looks again.
    pair.desktop.exec("update note set body = 'first' where id = 1");
    both_sides_are_read.wait_until_reached();
    pair.desktop.exec("update note set body = 'office' where id = 2");
    pair.cloud.exec("update note set body = 'phone' where id = 2");
    both_sides_are_read.release();
    wait_for("somebody is told", [&] {
        for (const WebRequest& request : web.requests())
            if (request.body.find("\"settled\"") != std::string::npos) return true;
        return false;
    });
    EXPECT_EQ(service.stop().first, 0);
}

}  // namespace
}  // namespace tideway::test
