// What a run reads over the network and what it writes follow the number of changed rows, not the size of the
// tables: the first users' fifteen tables at full size, one working day in them.
#include "scenario/powerca_pair.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

class ProportionalWork : public testing::Test {
  public:
    void SetUp() override {
        pair.create(1, "current");
        ASSERT_EXIT_CODE(3, pair.sync());
        pair.desktop_url = desktop_proxy.url(pair.desktop_database.name());
        pair.cloud_url = cloud_proxy.url(pair.cloud_database.name());
    }

    struct Run {
        TidewayResult result;
        long long to_desktop, to_cloud;  // rows written in users' tables, by the servers' account
        long long received;              // bytes from both servers to the program
    };
    Run run() {
        const long long desktop = write_counters(pair.desktop), cloud = write_counters(pair.cloud);
        desktop_proxy.reset_counters();
        cloud_proxy.reset_counters();
        Run run{pair.sync(), 0, 0, 0};
        run.received = desktop_proxy.counters().bytes_to_client + cloud_proxy.counters().bytes_to_client;
        run.to_desktop = write_counters(pair.desktop) - desktop;
        run.to_cloud = write_counters(pair.cloud) - cloud;
        return run;
    }
    // Of all users' rows as text, about as much as COPY would send.
    static long long bytes(Db& db) {
        long long sum = 0;
        for (const auto& table : db.query("select relname from pg_class where relkind = 'r' and "
                                          "relnamespace = 'public'::regnamespace"))
            sum +=
                db.number(fmt::format("select coalesce(sum(octet_length(t::text)), 0) from {} t", *table[0]));
        return sum;
    }
    template <typename Work>
    long long rows_changed(Db& db, const Work& work) {
        const long long before = write_counters(db);
        work();
        return write_counters(db) - before;
    }

    PowercaPair pair{"proportional"};
    TcpProxy desktop_proxy{shared_desktop().port()}, cloud_proxy{shared_cloud().port()};
};

TEST_F(ProportionalWork, FollowsTheChangesAndNotTheSizeOfTheTables) {
    const long long size = bytes(pair.desktop) + bytes(pair.cloud);
    const Run idle = run();
    pair.refill();  // every row of the office is a new one now, and none has changed
    const Run refilled = run();
    EXPECT_EQ(refilled.to_desktop + refilled.to_cloud, 0);
    EXPECT_LT(refilled.received, idle.received + 10'000);

    const long long office =
        rows_changed(pair.desktop, [&] { powerca(pair.desktop_database, "desktop_activity", {.scale = 1}); });
    const long long phones =
        rows_changed(pair.cloud, [&] { powerca(pair.cloud_database, "mobile_activity", {.scale = 1}); });
    const Run day = run();
    EXPECT_EXIT_CODE(3, day.result);
    EXPECT_GT(office, 800);
    // Six of the edited jobs name a location that does not exist, two of the deleted reminders have replies.
    EXPECT_EQ(day.to_cloud, office - 6 - 2);
    EXPECT_EQ(day.to_desktop, phones);
    EXPECT_LT(day.received - idle.received, 1'000 * (office + phones));
    EXPECT_LT(day.received, size / 10);
    RecordProperty("received", fmt::format("idle {}, refilled {}, day {} of {}", idle.received,
                                           refilled.received, day.received, size));
}

}  // namespace
}  // namespace tideway::test
