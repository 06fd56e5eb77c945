// A run that is asked to stop ends at once, with nothing half-done.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <regex>

#include "commands_fixture.hpp"
#include "support/pause_at.hpp"

namespace tideway::test {
namespace {

struct Stop {
    const char* failpoint;
    int signal;
};
void PrintTo(const Stop& stop, std::ostream* out) { *out << stop.failpoint << ", signal " << stop.signal; }

class Interrupted : public Commands, public testing::WithParamInterface<Stop> {};
INSTANTIATE_TEST_SUITE_P(At, Interrupted,
                         testing::Values(Stop{"M1.snapshot", SIGINT}, Stop{"M2.hints", SIGTERM},
                                         Stop{"M3.before", SIGINT}, Stop{"M5a.before", SIGINT},
                                         Stop{"M5a.written", SIGINT}, Stop{"M5a.before_commit", SIGTERM},
                                         Stop{"M6a.before", SIGINT}, Stop{"M5b.before", SIGINT}),
                         [](const auto& stop) {
                             return std::regex_replace(stop.param.failpoint, std::regex("\\."), "_");
                         });

TEST_P(Interrupted, RunEndsWithoutAnythingHalfDoneAndTheNextCompletes) {
    start_with(60);
    sides.desktop.exec(
        "update jobshead set status = 'Office' where job_id <= 10; insert into jobshead (job_id, client_id, "
        "job_name) values (101, 1, 'New')");
    sides.cloud.exec(
        "update jobshead set status = 'Phone' where job_id between 21 and 30; insert into jobshead (job_id, "
        "client_id, job_name, source) values (201, 1, 'New', 'M')");
    const PauseAt pause(GetParam().failpoint);
    const auto process = start_tideway(config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached();
    process->signal(GetParam().signal);
    pause.release();
    const auto exit = process->wait(std::chrono::seconds(15));
    EXPECT_EQ(exit, 1) << process->out() << process->err();
    const json report = json::parse(process->out(), nullptr, false);
    ASSERT_TRUE(report.is_object()) << process->out();
    EXPECT_EQ(report["error"]["code"], "TW407") << report;
    const long long arrived = jobs(sides.cloud, "status = 'Office' or job_id = 101"),
                    came_back = jobs(sides.desktop, "status = 'Phone' or job_id = 201");
    EXPECT_TRUE(arrived == 0 || arrived == 11) << arrived << " of 11 rows are in the cloud";
    EXPECT_TRUE(came_back == 0 || came_back == 11) << came_back << " of 11 rows are on the desktop";
    const json done = run_json({"sync"}, 0);
    EXPECT_EQ(jobs_of(done)["conflicts"], 0);
    EXPECT_EQ(jobs(sides.cloud, "status = 'Office' or job_id = 101"), 11);
    EXPECT_EQ(jobs(sides.desktop, "status = 'Phone' or job_id = 201"), 11);
    EXPECT_EQ(jobs(sides.desktop), 62);
    expect_same();
    EXPECT_EQ(run_json({"conflicts", "list"}, 0)["conflicts"].size(), 0u);
}

TEST_F(Commands, AnInterruptEndsARunThatWaitsForALock) {
    start_with(10);
    sides.desktop.exec("update jobshead set status = 'Office' where job_id = 1");
    Db app(sides.cloud_database);
    app.exec("begin; update jobshead set phone_note = 'typing' where job_id = 1");
    const auto process = start_tideway(config, {"sync"});
    Db observer(shared_cloud().url("postgres"));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const std::string waiting =
        fmt::format("select count(*) from pg_stat_activity where datname = {} and wait_event_type = 'Lock'",
                    quote_literal(sides.cloud_database.name()));
    while (observer.number(waiting) == 0 && std::chrono::steady_clock::now() < end) continue;
    const auto begin = std::chrono::steady_clock::now();
    process->signal(SIGINT);
    EXPECT_EQ(process->wait(std::chrono::seconds(10)), 1) << process->err();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
    EXPECT_NE(process->err().find("TW407"), std::string::npos) << process->err();
    app.exec("commit");
    run_json({"sync"}, 0);
    EXPECT_ROWS(sides.cloud, "select status, phone_note from jobshead where job_id = 1", "Office|typing");
}

}  // namespace
}  // namespace tideway::test
