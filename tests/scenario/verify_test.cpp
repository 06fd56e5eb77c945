// tideway verify: what it calls equal, what it finds, and what it leaves to the next run.
#include "scenario/verify_fixture.hpp"

namespace tideway::test {
namespace {

TEST(Verify, EqualSidesAreProvenAndStatusSaysWhen) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 500);
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(result.json["status"], "ok");
    EXPECT_EQ(table_in(result)["state"], "equal");
    EXPECT_EQ(table_in(result)["rows"], 500);
    EXPECT_EQ(table_in(result)["differences"], 0);
    const TidewayResult status = run_tideway(pair.config, {"status", "--json"});
    EXPECT_TRUE(status.json["tables"][0]["last_proof"].is_string()) << text_of(status);
    EXPECT_EQ(status.json["tables"][0]["last_proof"], table_in(result)["proven"]);
}

TEST(Verify, ItWritesNothingIntoUsersTablesAndTheNextRunIsIdle) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 50);
    Db desktop(pair.desktop), cloud(pair.cloud);
    const std::string before = row_versions(desktop) + row_versions(cloud);
    EXPECT_SYNC(verify(pair), 0);
    EXPECT_EQ(row_versions(desktop) + row_versions(cloud), before);
    const TidewayResult next = pair.sync();
    EXPECT_EQ(next.json["idle"], true) << text_of(next);
}

TEST(Verify, ARowChangedBehindTheTriggersIsFoundOnEitherSide) {
    for (const At side : {At::desktop, At::cloud}) {
        HazardPair pair("verify", kLogged);
        first_sync(pair, At::desktop, 100);
        behind_the_triggers(pair, side, "update job set note = 'silent' where id = 7");
        EXPECT_SYNC(pair.sync(), 0);  // an ordinary run sees nothing of it
        const TidewayResult result = verify(pair);
        EXPECT_SYNC(result, 5);
        EXPECT_EQ(result.json["status"], "differs");
        EXPECT_EQ(found_in(result), side == At::desktop ? "7 differs R7" : "7 differs R9");
        EXPECT_EQ(table_in(result)["found"][0]["columns"], json::array({"note"}));
        EXPECT_EQ(table_in(result)["found"][0][word(side)]["note"], "silent");
    }
}

TEST(Verify, RowsOnOneSideOnlyAreFound) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 100);
    behind_the_triggers(pair, At::desktop, "delete from job where id = 3");
    behind_the_triggers(pair, At::cloud, "insert into job values (500, 'stray', now())");
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 5);
    EXPECT_EQ(found_in(result), "3 only in the cloud R13, 500 only in the cloud R2");
}

// Both sides' rows are what the base says of them, and still not the same: no run would ever look at them.
TEST(Verify, AWrongBaseIsSeen) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 20);
    behind_the_triggers(pair, At::cloud, "update job set note = 'other' where id = 4");
    pair.open(At::desktop).exec(
        "create table other as select 1 as one");  // an unrelated change of the catalogue does not disturb
    Db desktop(pair.desktop), cloud(pair.cloud);
    const std::string base = desktop.scalar("select relname from pg_class where relname like 'base\\_%' and relkind = 'r'");
    // The cloud's hash as it is now, taken from a run's own words: agree on the wrong row.
    behind_the_triggers(pair, At::desktop, "update job set note = 'other' where id = 4");
    EXPECT_SYNC(pair.sync({"--mode", "full"}), 0);
    behind_the_triggers(pair, At::desktop, "update job set note = 'first 4' where id = 4");
    desktop.exec(fmt::format("update tideway.{} b set hd_a = o.hd_a, hd_b = o.hd_b from tideway.{} o where b.k1 = 4 and "
                             "o.k1 = 4",
                             base, base));
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 5);
    EXPECT_EQ(table_in(result)["differences"], 1);
}

TEST(Verify, WhatUsersChangedSinceTheLastRunIsInFlight) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 100);
    pair.open(At::desktop).exec("update job set note = 'edited' where id <= 3; insert into job values (101, 'new', now())");
    pair.open(At::cloud).exec("delete from job where id = 50; update job set note = 'mobile' where id = 60");
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 3);
    EXPECT_EQ(result.json["status"], "attention");
    EXPECT_EQ(table_in(result)["state"], "waiting");
    EXPECT_EQ(table_in(result)["changing"], 6);
    EXPECT_EQ(table_in(result)["differences"], 0);
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
}

TEST(Verify, RowsThatWaitAreListedAndNoDifference) {
    PairOptions options = kLogged;
    options.sync += "conflict = 'manual'\n";
    HazardPair pair("verify", options);
    first_sync(pair, At::desktop, 10);
    pair.open(At::desktop).exec("update job set note = 'office' where id = 1");
    pair.open(At::cloud).exec("update job set note = 'mobile' where id = 1");
    EXPECT_SYNC(pair.sync(), 3);
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 3);
    EXPECT_EQ(table_in(result)["listed"], 1);
    EXPECT_EQ(table_in(result)["differences"], 0);
}

TEST(Verify, WhatTheConfigurationKeepsApartIsNoDifference) {
    PairOptions options = kLogged;
    options.sync += "deletes = 'ignore'\n";
    HazardPair pair("verify", options);
    first_sync(pair, At::desktop, 10);
    pair.open(At::cloud).exec("delete from job where id = 1");
    pair.sync();
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 3);
    EXPECT_EQ(table_in(result)["differences"], 0);
    EXPECT_EQ(table_in(result)["ignored"].get<int>() + table_in(result)["listed"].get<int>(), 1);
}

TEST(Verify, ARowThatIsBeingCarriedOverByARunIsNoDifference) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 20);
    pair.open(At::desktop).exec("update job set note = 'moving' where id = 5");
    PauseAt between("M6a.before");
    auto run = start_tideway(pair.config, {"sync"}, between.env());
    between.wait_until_reached();
    const TidewayResult result = verify(pair);
    between.release();
    EXPECT_EQ(run->wait(std::chrono::seconds(60)), 0);
    EXPECT_SYNC(result, 0);
    EXPECT_SYNC(verify(pair), 0);
}

// The cloud's edit was read by the run, and the desktop does not have it yet.
TEST(Verify, ARowThatIsOnItsWayToTheDesktopIsNoDifference) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 20);
    pair.open(At::cloud).exec("update job set note = 'moving' where id = 5");
    PauseAt before("M5b.before");
    auto run = start_tideway(pair.config, {"sync"}, before.env());
    before.wait_until_reached();
    const TidewayResult result = verify(pair);
    before.release();
    EXPECT_EQ(run->wait(std::chrono::seconds(60)), 0);
    EXPECT_SYNC(result, 3);
    EXPECT_EQ(table_in(result)["changing"], 1);
    EXPECT_SYNC(verify(pair), 0);
}

TEST(Verify, AThrottledOneFindsTheSame) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 2'000);
    behind_the_triggers(pair, At::cloud, "update job set note = 'silent' where id = 3");
    const TidewayResult slow = verify(pair, {"--load", "10", "--rows-at-once", "100"});
    EXPECT_SYNC(slow, 5);
    EXPECT_EQ(found_in(slow), "3 differs R9");
    EXPECT_SYNC(verify(pair, {"--load", "0"}), 2);
    EXPECT_SYNC(verify(pair, {"--load", "101"}), 2);
}

TEST(Verify, WhatDiffersWhileARunIsAtWorkIsNotProven) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 20);
    behind_the_triggers(pair, At::cloud, "update job set note = 'silent' where id = 3");
    pair.open(At::cloud).exec("update job set note = 'moving' where id = 5");
    PauseAt before("M5b.before");
    auto run = start_tideway(pair.config, {"sync"}, before.env());
    before.wait_until_reached();
    const TidewayResult result = verify(pair);
    before.release();
    EXPECT_EQ(run->wait(std::chrono::seconds(60)), 0);
    EXPECT_SYNC(result, 3);
    EXPECT_EQ(table_in(result)["unproven"], 1);
    EXPECT_TRUE(table_in(result)["proven"].is_null()) << text_of(result);
    EXPECT_EQ(table_in(verify(pair))["differences"], 1);
}

// The desktop is read before a run, the cloud after it: neither a hint nor a lock tells why the two differ.
TEST(Verify, ARunThatOvertakesTheSecondLookMakesItVoid) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 20);
    pair.open(At::cloud).exec("update job set note = 'moving' where id = 5");
    PauseAt between("M1.snapshot");
    auto looking = start_tideway(pair.config, {"verify", "--json"}, between.env());
    between.wait_until_reached();
    EXPECT_SYNC(pair.sync(), 0);
    between.release();
    EXPECT_EQ(looking->wait(std::chrono::seconds(60)), 0) << looking->out();
}

TEST(Verify, BeforeTheFirstRunEverythingIsChanging) {
    HazardPair pair("verify", kLogged);
    pair.open(At::desktop).exec("insert into job select i, 'x', now() from generate_series(1, 5) i");
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 3);
    EXPECT_EQ(table_in(result)["changing"], 5);
    EXPECT_ROWS(pair.desktop, "select count(*) from pg_namespace where nspname = 'tideway'", "0");
}

TEST(Verify, ACaptureOfXminKnowsOfAWriteWithoutTriggers) {
    HazardPair pair("verify", {.sync = "capture = { desktop = 'xmin', cloud = 'changelog' }\n"});
    first_sync(pair, At::desktop, 20);
    pair.open(At::desktop).exec("alter table job disable trigger all; update job set note = 'x' where id = 1");
    EXPECT_SYNC(verify(pair), 3);
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
}

TEST(Verify, AnInterruptedOneGoesOnWhereItWas) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 2000);
    pair.open(At::desktop).exec("analyze job");
    const std::vector<std::string> in_slices{"--rows-at-once", "500"};
    const TidewayResult killed = verify(pair, in_slices, {{"TIDEWAY_FAILPOINTS", "verify.slice=kill9@3"}});
    EXPECT_EQ(killed.exit_code, -SIGKILL);
    TempDir dir;
    const auto traced = [&](const char* name, bool resumed) {
        const std::string trace = (dir / name).string();
        const TidewayResult result = verify(pair, in_slices, {{"TIDEWAY_FAILPOINT_TRACE", trace}});
        EXPECT_SYNC(result, 0);
        EXPECT_EQ(table_in(result)["resumed"], resumed);
        EXPECT_EQ(table_in(result)["rows"], 2000);
        const std::string passed = read_file(trace);
        int slices = 0;
        for (std::size_t at = 0; (at = passed.find("verify.slice", at)) != std::string::npos; ++at) ++slices;
        return slices;
    };
    const int left = traced("left", true), all = traced("all", false);
    EXPECT_GE(all, 4);
    EXPECT_EQ(left, all - 3) << "three slices were proven before";
}

TEST(Verify, AnInterruptedOneFindsAgainWhatItHadFound) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 2000);
    pair.open(At::desktop).exec("analyze job");
    behind_the_triggers(pair, At::cloud, "update job set note = note || '!' where id % 100 = 0");
    const std::vector<std::string> in_slices{"--rows-at-once", "500"};
    EXPECT_EQ(verify(pair, in_slices, {{"TIDEWAY_FAILPOINTS", "verify.slice=kill9@3"}}).exit_code, -SIGKILL);
    const TidewayResult result = verify(pair, in_slices);
    EXPECT_SYNC(result, 5);
    EXPECT_EQ(table_in(result)["differences"], 20);
}

TEST(Verify, OnlyTheNamedTablesAreCompared) {
    PairOptions options = kLogged;
    options.schema = kJob + "; create table client (id int primary key, name text)";
    options.tables = kJobToml + "[[table]]\nname = 'client'\n";
    HazardPair pair("verify", options);
    first_sync(pair, At::desktop, 5);
    behind_the_triggers(pair, At::cloud, "delete from job where id = 1");
    const TidewayResult client = verify(pair, {"--table", "client"});
    EXPECT_SYNC(client, 0);
    EXPECT_EQ(client.json["tables"].size(), 1U);
    EXPECT_SYNC(verify(pair), 5);
    EXPECT_SYNC(verify(pair, {"--table", "nothing"}), 2);
}

TEST(Verify, TheReportForPeopleStandsAloneAndEscapesValues) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 5);
    behind_the_triggers(pair, At::cloud, "update job set note = '<script>alert(1)</script>' where id = 2");
    TempDir dir;
    const std::string file = (dir / "report.html").string();
    EXPECT_SYNC(verify(pair, {"--report", file}), 5);
    const std::string page = read_file(file);
    EXPECT_NE(page.find("&lt;script&gt;alert(1)"), std::string::npos) << page;
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_EQ(page.find("http"), std::string::npos);
    EXPECT_NE(page.find("first 2"), std::string::npos);
}

TEST(Verify, CountsAreExactWhereOnlySomeDifferencesAreShown) {
    HazardPair pair("verify", kLogged);
    first_sync(pair, At::desktop, 3000);
    behind_the_triggers(pair, At::cloud, "update job set note = note || '!' where id <= 2500");
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 5);
    EXPECT_EQ(table_in(result)["differences"], 2500);
    EXPECT_EQ(table_in(result)["found"].size(), 100U);
}

}  // namespace
}  // namespace tideway::test
