// Hazards of servers that restart, refuse or become read-only under a run (H65): bounded retry, no effect on
// data.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// Servers of this test alone: they are stopped and started.
class Hazard : public testing::Test {
  protected:
    PgServer desktop_server{{.version = desktop_version()}}, cloud_server;
    std::unique_ptr<LivePair> pair = std::make_unique<LivePair>("h65", desktop_server, cloud_server);

    ~Hazard() override {
        for (PgServer* server : {&desktop_server, &cloud_server})
            if (!server->running()) server->start();
    }
    void reconnect() {
        pair->desktop = Db(pair->desktop_database);
        pair->cloud = Db(pair->cloud_database);
    }
    void expect_complete() {
        reconnect();
        pair->expect_equal(notes);
        EXPECT_EQ(pair->cloud.number("select count(*) from tideway.conflict") +
                      pair->desktop.number("select count(*) from tideway.conflict"),
                  0);
        expect_quiet(*pair);
    }
};

TEST_F(Hazard, H65_AServerThatRestartsImmediatelyHasNoEffectOnData) {
    twenty_notes(*pair);
    int round = 0;
    for (const char* where :
         {"S1.read", "S2.recovered", "S3.taken", "M1.hints", "M2.hints", "M3.desktop", "M5a.before",
          "apply.locked", "M5a.before_commit", "M5a.committed", "M6a.before_commit", "M5b.before_commit",
          "M5b.committed", "M7.before_commit", "M7.committed", "M8.changes"})
        for (PgServer* server : {&desktop_server, &cloud_server}) {
            SCOPED_TRACE(
                fmt::format("{}, {} restarts", where, server == &cloud_server ? "cloud" : "desktop"));
            ++round;
            pair->desktop.exec(
                fmt::format("update note set body = 'desktop {}' where id <= 3; insert into note values (100 "
                            "+ {}, 'new')",
                            round, round));
            pair->cloud.exec(
                fmt::format("update note set body = 'phone {}' where id between 4 and 6; insert into note "
                            "values (500 + {}, 'new')",
                            round, round));
            const auto begin = std::chrono::steady_clock::now();
            const TidewayResult result =
                pair->sync_while(where, [&] { server->restart(StopMode::immediate); });
            EXPECT_LE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
            EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1) << told(result);
            reconnect();
            EXPECT_EXIT_CODE(0, pair->sync());
            pair->expect_equal(notes);
            EXPECT_ROWS(pair->cloud,
                        "select count(*) filter (where body like 'desktop%'), count(*) filter (where body "
                        "like 'phone%'), count(*) from note",
                        fmt::format("3|3|{}", 20 + 2 * round));
        }
    expect_complete();
}

TEST_F(Hazard, H65_AServerThatStaysAwayIsNamedSoonAndTheNextRunCarriesOn) {
    twenty_notes(*pair);
    for (const char* where : {"M2.hints", "M5a.before_commit", "M5b.before"})
        for (PgServer* server : {&desktop_server, &cloud_server}) {
            const std::string side = server == &cloud_server ? "cloud" : "desktop";
            SCOPED_TRACE(fmt::format("{}, {} stops", where, side));
            pair->desktop.exec("update note set n = n + 1 where id = 1");
            pair->cloud.exec("update note set n = n + 1 where id = 2");
            const auto begin = std::chrono::steady_clock::now();
            const TidewayResult result = pair->sync_while(where, [&] { server->stop(StopMode::immediate); });
            EXPECT_LE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
            EXPECT_EXIT_CODE(1, result);
            EXPECT_TRUE(error_code(result) == "TW201" || error_code(result) == "TW206" ||
                        error_code(result) == "TW406")
                << told(result);
            const TidewayResult refused = pair->sync();
            EXPECT_EXIT_CODE(1, refused);
            EXPECT_EQ(error_code(refused), "TW201");
            EXPECT_NE(refused.out.find(side), std::string::npos)
                << "the side is not named: " << told(refused);
            EXPECT_LE(refused.duration, std::chrono::seconds(15));
            server->start();
            reconnect();
            EXPECT_EXIT_CODE(0, pair->sync());
            pair->expect_equal(notes);
        }
    expect_complete();
}

// As a hosting service does when a quota is reached. It is a brake that somebody pulled, not one to release.
TEST_F(Hazard, H65_AReadOnlyServerIsLeftAloneUntilItCanBeWrittenAgain) {
    twenty_notes(*pair);
    for (const bool cloud : {true, false}) {
        SCOPED_TRACE(cloud ? "cloud" : "desktop");
        Db& side = cloud ? pair->cloud : pair->desktop;
        Db& other = cloud ? pair->desktop : pair->cloud;
        other.exec("update note set body = 'edited' where id = 3");
        side.exec("update note set body = 'edited here' where id = 4");
        const std::string switch_it =
            "do $$ begin execute format('alter database %I set default_transaction_read_only = {}', "
            "current_database()); end $$";
        side.exec(fmt::format(fmt::runtime(switch_it), "on"));
        const std::string before = row_versions(pair->desktop) + row_versions(pair->cloud);
        const TidewayResult result = pair->sync();
        EXPECT_EXIT_CODE(1, result);
        EXPECT_NE((result.out + result.err).find("read-only"), std::string::npos) << told(result);
        EXPECT_EQ(row_versions(pair->desktop) + row_versions(pair->cloud), before);
        side.exec("set default_transaction_read_only = off; " + fmt::format(fmt::runtime(switch_it), "off"));
        EXPECT_EXIT_CODE(0, pair->sync());
        EXPECT_ROWS(side, "select body from note where id = 3", "edited");
        EXPECT_ROWS(other, "select body from note where id = 4", "edited here");
    }
    expect_complete();
}

// In the middle of a run: the switch reaches the next transaction of a session that is open.
TEST_F(Hazard, H65_AServerThatBecomesReadOnlyDuringARunStopsItCleanly) {
    twenty_notes(*pair);
    for (const char* where : {"M2.hints", "M5a.before", "M5a.committed"}) {
        SCOPED_TRACE(where);
        pair->desktop.exec("update note set n = n + 1 where id = 1");
        pair->cloud.exec("update note set n = n + 1 where id = 2");
        const TidewayResult result = pair->sync_while(where, [&] {
            pair->cloud.exec("alter system set default_transaction_read_only = on");
            pair->cloud.exec("select pg_reload_conf()");
            std::this_thread::sleep_for(
                Millis(300));  // backends take the new setting when they are next idle
        });
        EXPECT_TRUE(result.exit_code == 1 || result.exit_code == 0) << told(result);
        EXPECT_TRUE(result.exit_code == 0 || (result.out + result.err).find("read-only") != std::string::npos)
            << told(result);
        pair->cloud.exec("set default_transaction_read_only = off");
        pair->cloud.exec("alter system reset default_transaction_read_only");
        pair->cloud.exec("select pg_reload_conf()");
        std::this_thread::sleep_for(Millis(300));
        reconnect();
        EXPECT_EXIT_CODE(0, pair->sync());
        pair->expect_equal(notes);
    }
    expect_complete();
}

TEST_F(Hazard, H65_ABackendThatIsTerminatedAtAnyStepCostsNothing) {
    twenty_notes(*pair);
    for (const char* where : {"M1.snapshot", "M2.hints", "M3.cloud", "M5a.before", "apply.locked",
                              "M5a.before_commit", "M5b.before_commit", "M7.before_commit"})
        for (const bool cloud : {true, false}) {
            SCOPED_TRACE(fmt::format("{} {}", where, cloud ? "cloud" : "desktop"));
            pair->desktop.exec("update note set n = n + 1 where id = 1");
            pair->cloud.exec("update note set n = n + 1 where id = 2");
            Db& side = cloud ? pair->cloud : pair->desktop;
            const TidewayResult result = pair->sync_while(where, [&] {
                side.query(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = "
                    "'tideway'");
            });
            EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1) << told(result);
            EXPECT_EXIT_CODE(0, pair->sync());
            pair->expect_equal(notes);
        }
    expect_complete();
}

}  // namespace
}  // namespace tideway::test
