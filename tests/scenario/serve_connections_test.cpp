// Two pairs of one service share the connections that a server grants them: counted on the servers.
#include <gtest/gtest.h>

#include "scenario/serving.hpp"

namespace tideway::test {
namespace {

class SharedConnections : public testing::Test {
  protected:
    SharedConnections() {
        for (LivePair* pair : {&held, &other}) pair->both(note_table);
    }
    void configure(LivePair& pair, const std::string& name, int most) {
        write_file(
            folder / (name + ".toml"),
            fmt::format("pair = '{}'\n[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}max_connections = {}\n"
                        "[[serve.job]]\nevery = '1s'\n{}",
                        name, pair.desktop_url, pair.cloud_url, no_console, most, note_config));
    }
    // Of both pairs on the one of the two servers that has more.
    long long connections() {
        long long most = 0;
        for (Db* side : {&held.desktop, &held.cloud})
            most = std::max(
                most, side->number(fmt::format(
                          "select count(*) from pg_stat_activity where application_name = 'tideway' and "
                          "datname in ({}, {}, {}, {})",
                          quote_literal(name(held.desktop)), quote_literal(name(held.cloud)),
                          quote_literal(name(other.desktop)), quote_literal(name(other.cloud)))));
        return most;
    }
    static std::string name(Db& db) { return db.scalar("select current_database()"); }
    // A run of the one pair waits for a user's lock, with its connections; then the other pair has something
    // to do.
    void hold_one_and_ask_the_other(int most) {
        configure(held, "held", most);
        configure(other, "other", most);
        service = std::make_unique<Serving>(folder.path());
        crossing(held.desktop, held.cloud, 21, "first");
        crossing(other.desktop, other.cloud, 21, "first");
        held.cloud.exec("begin; lock table note in access exclusive mode");
        held.desktop.exec("insert into note values (22, 'waits')");
        Db observer(held.cloud_database);
        wait_until_tideway_blocks(observer);
        other.desktop.exec("insert into note values (22, 'asked')");
    }

    LivePair held{"connections"}, other{"connections"};
    TempDir folder;
    std::unique_ptr<Serving> service;
};

TEST_F(SharedConnections, APairWaitsUntilAnotherOneHasGivenItsConnectionsBack) {
    hold_one_and_ask_the_other(4);
    // Long enough for a run of every second to begin and to end.
    for (const auto end = steady_clock::now() + std::chrono::milliseconds(2'500);
         steady_clock::now() < end;) {
        EXPECT_LE(connections(), 4);
        EXPECT_FALSE(shows(other.cloud, 22, "asked"));
        std::this_thread::sleep_for(Millis(20));
    }
    held.cloud.exec("commit");
    wait_for("both cross", [&] { return shows(other.cloud, 22, "asked") && shows(held.cloud, 22, "waits"); });
    EXPECT_EQ(service->stop().first, 0);
}

TEST_F(SharedConnections, BothWorkAtTheSameTimeWhereThereIsRoom) {
    hold_one_and_ask_the_other(8);
    long long most = 0;
    wait_for("the other one crosses", [&] {
        most = std::max(most, connections());
        return shows(other.cloud, 22, "asked");
    });
    EXPECT_LE(most, 8);
    held.cloud.exec("commit");
    wait_for("the held one crosses", [&] { return shows(held.cloud, 22, "waits"); });
    EXPECT_EQ(service->stop().first, 0);
}

}  // namespace
}  // namespace tideway::test
