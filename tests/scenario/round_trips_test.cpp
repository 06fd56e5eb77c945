// What a run asks of a far server: how often it waits for an answer once it is connected, and how much the
// server writes down for a run with nothing to do. Fifteen tables, as the first users have.
#include "scenario/live_pair.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

constexpr int tables = 15;
// Of each connection, as the proxy counts: the first message, and the user's name where TLS was declined.
constexpr long to_connect = 2;

class RoundTrips : public testing::Test {
  public:
    void SetUp() override {
        std::string toml = "[sync]\ncapture = { desktop = 'changelog', cloud = 'changelog' }\n";
        for (int i = 1; i <= tables; ++i) {
            pair.both(fmt::format(
                "create table t{} (id int primary key, name text, source char(1) default 'D')", i));
            pair.desktop.exec(
                fmt::format("insert into t{} select g, 'row ' || g from generate_series(1, 200) g", i));
            toml += fmt::format(
                "[[table]]\nname = 't{}'\norigin = {{ column = 'source', desktop = 'D', cloud = 'M' }}\n", i);
        }
        pair.desktop_url = desktop_proxy.url(pair.desktop_database.name());
        pair.cloud_url = cloud_proxy.url(pair.cloud_database.name());
        pair.configure(toml);
        ASSERT_EXIT_CODE(0, pair.sync());
        ASSERT_EQ(pair.sync().json["idle"], true);
        desktop_proxy.reset_counters();
        cloud_proxy.reset_counters();
    }
    // Of the two connections that read and write; a third one keeps the lease of a run fresh that takes
    // longer than five seconds.
    static long round_trips(const TcpProxy& proxy) {
        long sum = 0, counted = 0;
        for (const Traffic& connection : proxy.connections()) {
            if (connection.round_trips < to_connect) continue;  // one of an earlier run that closes late
            if (++counted <= 2) sum += connection.round_trips - to_connect;
        }
        return sum;
    }

    LivePair pair{"round_trips"};
    TcpProxy desktop_proxy{shared_desktop().port()}, cloud_proxy{shared_cloud().port()};
};

TEST_F(RoundTrips, AreSixASideWhereNothingHappenedAndLittleIsLogged) {
    const long long desktop = wal_position(pair.desktop), cloud = wal_position(pair.cloud);
    EXPECT_EQ(pair.sync().json["idle"], true);
    EXPECT_LE(round_trips(desktop_proxy), 6);
    EXPECT_LE(round_trips(cloud_proxy), 6);
    EXPECT_EQ(cloud_proxy.counters().connections, 1);
    EXPECT_LT(wal_position(pair.desktop) - desktop, 10'000);
    EXPECT_LT(wal_position(pair.cloud) - cloud, 10'000);
}

TEST_F(RoundTrips, DoNotGrowWithTheNumberOfChangedTables) {
    const auto edit = [&](const std::string& name) {
        pair.desktop.exec(fmt::format("update {} set name = 'edited ' || id where id <= 33", name));
    };
    edit("t1");
    ASSERT_EXIT_CODE(0, pair.sync());
    const long one = round_trips(cloud_proxy);
    cloud_proxy.reset_counters();
    for (const char* name : {"t1", "t2", "t3"}) edit(name);
    ASSERT_EXIT_CODE(0, pair.sync());
    EXPECT_LE(round_trips(cloud_proxy), one);
    EXPECT_LE(one, 11);
    EXPECT_EQ(pair.cloud.number("select count(*) from t3 where name like 'edited%'"), 33);
}

}  // namespace
}  // namespace tideway::test
