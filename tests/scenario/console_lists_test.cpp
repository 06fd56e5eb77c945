// Lists of the console that grow with the data come in parts, and the service stays small.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "scenario/two_sides.hpp"
#include "support/process_usage.hpp"
#include "support/served_console.hpp"

namespace tideway::test {
namespace {

using nlohmann::json;

constexpr long long most_kib = 64 * 1024;

class ConsoleLists : public testing::Test {
  protected:
    ConsoleLists() {
        make_jobs(sides, 5);
        console = std::make_unique<ServedConsole>(sides.sides_toml() + jobs_toml + "conflict = 'manual'\n");
        console->run();
    }
    // As runs leave them: four of one moment each, rows of some 500 bytes.
    static void keep_conflicts(Db& side, int many) {
        side.exec(fmt::format(R"(
            insert into tideway.conflict (pair, run, tbl, key, kind, policy, winner, reason, desktop_row, cloud_row, at)
            select 'main', 'r', 1, array['k' || i], 'update_update', 'latest', 'cloud', 'the later one wins',
                jsonb_build_object('job_name', repeat('d', 500)), jsonb_build_object('job_name', repeat('c', 500)),
                now() - (i / 4) * interval '1 second' from generate_series(1, {}) i)",
                              many));
    }
    void let_wait(int many, const std::string& kind) {
        sides.desktop.exec(fmt::format(R"(
            insert into tideway.waiting (pair, tbl, key, kind, rule, reason, run, first_seen)
            select 'main', 1, array[(100000 + i)::text], '{1}', 'R9', 'why', 'r', now() - (i / 4) * interval '1 second'
            from generate_series(1, {0}) i)",
                                       many, kind));
    }
    void edit_on_both_sides(const std::string& which) {
        sides.desktop.exec("update jobshead set status = 'Office' where " + which);
        sides.cloud.exec("update jobshead set status = 'Phone' where " + which);
    }
    // Numbers of all entries, part by part.
    std::multiset<std::string> all_of(const std::string& path, const std::string& list,
                                      const std::string& name) {
        std::multiset<std::string> found;
        std::string at_last = "9";
        bool in_order = true;
        json next = "";
        while (!next.is_null()) {
            const json part =
                console->get(path + "&limit=500" + (next == "" ? "" : "&after=" + next.get<std::string>()));
            for (const json& each : part[list]) {
                found.insert(each[name].dump());
                const std::string at = each[list == "parked" ? "since" : "at"];
                in_order = in_order && at <= at_last;
                at_last = at;
            }
            next = part["next"];
        }
        EXPECT_TRUE(in_order) << "the newest first";
        return found;
    }
    static std::size_t different(const std::multiset<std::string>& all) {
        return std::set<std::string>(all.begin(), all.end()).size();
    }
    long memory() { return usage_of(console->process().pid()).peak_kib; }

    TwoSides sides{"lists"};
    std::unique_ptr<ServedConsole> console;
};

TEST_F(ConsoleLists, TwentyThousandConflictsComeInPartsAndEachOnce) {
    for (Db* side : {&sides.desktop, &sides.cloud}) keep_conflicts(*side, 8'000);
    let_wait(4'000, "held");
    const auto all = all_of("/pairs/main/conflicts?x=", "conflicts", "id");
    EXPECT_EQ(all.size(), 20'000u);
    EXPECT_EQ(different(all), 20'000u);
    EXPECT_EQ(all_of("/pairs/main/conflicts?open=1&kind=held", "conflicts", "id").size(), 4'000u);
    EXPECT_EQ(console->get("/pairs/main/conflicts?limit=3")["conflicts"].size(), 3u);
    for (const char* part : {"", "?limit=10000"})
        EXPECT_LE(console->get(fmt::format("/pairs/main/conflicts{}", part))["conflicts"].size(), 500u);
    const std::string one = *all.begin();
    EXPECT_EQ(console->get("/pairs/main/conflicts/" + one)["conflict"]["id"].dump(), one);
    EXPECT_EQ(console->ask({"GET", "/api/v1/pairs/main/conflicts/4711000"}).status, 404);
    EXPECT_EQ(console->ask({"GET", "/api/v1/pairs/main/conflicts?after=yesterday"}).status, 400);
    console->get("/pairs/main/explain?table=jobshead&key=3");
    EXPECT_LT(memory(), most_kib);
}

TEST_F(ConsoleLists, ConflictsOfLargeRowsAreCutByBytes) {
    for (Db* side : {&sides.desktop, &sides.cloud}) {
        keep_conflicts(*side, 14);
        side->exec(
            "update tideway.conflict set cloud_row = jsonb_build_object('job_name', repeat('x', 900000))");
    }
    const auto all = all_of("/pairs/main/conflicts?x=", "conflicts", "id");
    EXPECT_EQ(all.size(), 28u);
    EXPECT_EQ(different(all), 28u);
    EXPECT_LT(memory(), most_kib);
}

TEST_F(ConsoleLists, ParkedRowsComeInParts) {
    let_wait(5'000, "parked");
    const auto all = all_of("/pairs/main/parked?x=", "parked", "key");
    EXPECT_EQ(all.size(), 5'000u);
    EXPECT_EQ(different(all), 5'000u);
    EXPECT_LT(memory(), most_kib);
}

TEST_F(ConsoleLists, RunsOfATableAreThoseThatHadToDoWithIt) {
    const auto runs = [&](const std::string& more = "") {
        return console->get("/pairs/main/tables/jobshead/runs" + more)["runs"];
    };
    EXPECT_EQ(runs().size(), 1u);
    EXPECT_EQ(runs()[0]["to_cloud"], writes(5, 0, 0));
    console->run();
    EXPECT_EQ(runs().size(), 1u) << "nothing was to be done";
    sides.desktop.exec("update jobshead set status = 'Done' where job_id <= 2");
    EXPECT_EQ(run_tideway(console->config(), {"sync", "--json", "--direction", "forward"}).exit_code, 0);
    ASSERT_EQ(runs().size(), 2u);
    EXPECT_EQ(runs()[0]["to_cloud"], writes(0, 2, 0));
    EXPECT_EQ(runs()[0]["direction"], "forward");
    edit_on_both_sides("job_id = 4");
    console->run();
    EXPECT_EQ(runs()[0]["open_conflicts"], 1);
    EXPECT_EQ(runs("?limit=1").size(), 1u);
    EXPECT_EQ(console->ask({"GET", "/api/v1/pairs/main/tables/nothing/runs"}).status, 500);
}

TEST_F(ConsoleLists, MetricsCountConflictsByWhoWon) {
    console->stop();
    console = std::make_unique<ServedConsole>(sides.sides_toml() + jobs_toml + "conflict = 'desktop'\n");
    console->run();
    edit_on_both_sides("job_id <= 3");
    console->run();
    const std::string text = console->ask({"GET", "/metrics"}).body;
    EXPECT_NE(text.find("\ntideway_conflicts_total{pair=\"main\",table=\"jobshead\",policy=\"desktop\","
                        "winner=\"desktop\"} 3\n"),
              std::string::npos)
        << text;
}

TEST_F(ConsoleLists, ThePairTellsTheLagOfTheMetrics) {
    const json before = console->get("/pairs")["pairs"][0]["lag_seconds"];
    std::this_thread::sleep_for(Millis(30));
    const json after = console->get("/pairs/main")["pair"]["lag_seconds"];
    for (const char* way : {"forward", "reverse"}) {
        EXPECT_GT(before[way].get<double>(), 0) << before;
        EXPECT_GE(after[way].get<double>(), before[way].get<double>() + 0.03) << after;
    }
    console->stop();
    console = std::make_unique<ServedConsole>(sides.sides_toml() + jobs_toml);
    EXPECT_EQ(console->get("/pairs")["pairs"][0]["lag_seconds"],
              json({{"forward", nullptr}, {"reverse", nullptr}}));
}

}  // namespace
}  // namespace tideway::test
