// The commands around sync: plan, guards, status, conflicts, uninstall, config, and being interrupted.
#include <gtest/gtest.h>

#include <csignal>
#include <regex>

#include "support/pause_at.hpp"
#include "two_sides.hpp"

namespace tideway::test {
namespace {

using nlohmann::json;

class Commands : public testing::Test {
  protected:
    TidewayResult run(const std::vector<std::string>& arguments) { return run_tideway(config, arguments); }
    json run_json(std::vector<std::string> arguments, int exit_code) {
        arguments.push_back("--json");
        const TidewayResult result = run(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
        EXPECT_TRUE(result.json.is_object()) << result.out << result.err;
        return result.json;
    }
    void start_with(int rows) {
        make_jobs(sides, rows);
        ASSERT_EQ(run_json({"sync"}, 0)["status"], "ok");
    }
    void expect_same() { EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop)); }
    std::string own_schemas() {
        const std::string sql = "select count(*) from pg_namespace where nspname ~ 'tideway'";
        return sides.desktop.scalar(sql) + sides.cloud.scalar(sql);
    }
    long long jobs(Db& db, const std::string& where = "true") {
        return db.number("select count(*) from jobshead where " + where);
    }

    TwoSides sides{"cmd"};
    ConfigFile config{sides.sides_toml() + jobs_toml};
};

json jobs_of(const json& report) { return table_of(report, "jobshead"); }

// ---- plan -----------------------------------------------------------------------------------------------

class Plan : public Commands {
  protected:
    // New, changed and gone rows on both sides after a first sync; one row in conflict.
    void work_on_both_sides() {
        start_with(200);
        sides.desktop.exec(
            "insert into jobshead (job_id, client_id, job_name) values (301, 1, 'New at the office'); "
            "update jobshead set status = 'Edited' where job_id in (1, 2); delete from jobshead where job_id "
            "= 3; "
            "update jobshead set status = 'On Hold', updated_at = timezone('Asia/Kolkata', now()) where "
            "job_id = 10");
        sides.cloud.exec(
            "insert into jobshead (job_id, client_id, job_name, source) values (401, 1, 'New on the phone', "
            "'M'), (402, 1, 'Newer', 'M'); "
            "update jobshead set status = 'Seen' where job_id = 4; "
            "update jobshead set status = 'Done', updated_at = now() - interval '1 hour' where job_id = 10");
    }
};

TEST_F(Plan, BeforeTheFirstSyncCreatesNothingAndTellsWhatSyncWillDo) {
    make_jobs(sides, 30);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Phone', 'M')");
    const Versions before = versions_of(sides);
    const json planned = run_json({"plan"}, 0);
    run_json({"plan", "--rows"}, 0);
    EXPECT_EQ(own_schemas(), "00");
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(jobs_of(planned)["to_cloud"], writes(30, 0, 0));
    EXPECT_EQ(jobs_of(planned)["to_desktop"], writes(1, 0, 0));
    const json done = run_json({"sync"}, 0);
    for (const char* field : {"to_cloud", "to_desktop", "adopted", "conflicts", "held", "parked", "pending"})
        EXPECT_EQ(jobs_of(done)[field], jobs_of(planned)[field]) << field;
    EXPECT_EQ(done["plan_hash"], planned["plan_hash"]);
}

TEST_F(Plan, TellsWhatSyncWillDoAndWritesNothing) {
    work_on_both_sides();
    const Versions before = versions_of(sides);
    const json planned = run_json({"plan"}, 0);
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(jobs_of(planned)["to_cloud"], writes(1, 3, 1));
    EXPECT_EQ(jobs_of(planned)["to_desktop"], writes(2, 1, 0));
    EXPECT_EQ(jobs_of(planned)["conflicts"], 1);
    const json done = run_json({"sync"}, 0);
    for (const char* field :
         {"to_cloud", "to_desktop", "adopted", "conflicts", "held", "parked", "pending", "rules"})
        EXPECT_EQ(jobs_of(done)[field], jobs_of(planned)[field]) << field;
    EXPECT_EQ(done["plan_hash"], planned["plan_hash"]);
    expect_same();
}

TEST_F(Plan, IsTheSameTwiceAndInFullMode) {
    work_on_both_sides();
    const json first = run_json({"plan"}, 0), second = run_json({"plan"}, 0),
               full = run_json({"plan", "--mode", "full"}, 0);
    EXPECT_NE(first["plan_hash"], "");
    EXPECT_EQ(first["plan_hash"], second["plan_hash"]);
    EXPECT_EQ(first["plan_hash"], full["plan_hash"]);
    EXPECT_EQ(jobs_of(first)["to_cloud"], jobs_of(full)["to_cloud"]);
}

TEST_F(Plan, RowsAreListedWithTheirReasons) {
    work_on_both_sides();
    const json planned = run_json({"plan", "--rows"}, 0);
    std::map<std::string, json> rows;
    for (const json& row : planned["rows"]) {
        EXPECT_EQ(row["table"], "jobshead");
        EXPECT_NE(row["reason"], "");
        EXPECT_NE(row["action"], "");
        rows[row["key"]] = row["rule"];
    }
    EXPECT_EQ(rows, (std::map<std::string, json>{{"301", "R1"},
                                                 {"401", "R2"},
                                                 {"402", "R2"},
                                                 {"1", "R7"},
                                                 {"2", "R7"},
                                                 {"4", "R9"},
                                                 {"10", "R11"},
                                                 {"3", "R13"}}));
    const TidewayResult words = run({"plan", "--rows"});
    for (const char* part : {"301", "402", "edited on both sides", "deleted on the desktop"})
        EXPECT_NE(words.out.find(part), words.out.npos) << part << " is not in\n" << words.out;
}

TEST_F(Plan, OneDirectionLeavesTheOtherPending) {
    work_on_both_sides();
    const json forward = jobs_of(run_json({"plan", "--direction", "forward"}, 0));
    EXPECT_EQ(forward["to_cloud"], writes(1, 3, 1));
    EXPECT_EQ(forward["to_desktop"], writes(0, 0, 0));
    EXPECT_EQ(forward["pending"], 3);
}

TEST_F(Plan, DryRunIsPlan) {
    work_on_both_sides();
    const Versions before = versions_of(sides);
    const json planned = run_json({"plan"}, 0), dry = run_json({"sync", "--dry-run"}, 0);
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(dry["plan_hash"], planned["plan_hash"]);
    EXPECT_EQ(dry["tables"], planned["tables"]);
}

TEST_F(Plan, TableLimitsWhatIsLookedAtAndWritten) {
    config.rewrite(sides.sides_toml() + jobs_toml + "[[table]]\nname = 'client'\n");
    make_jobs(sides, 10);
    sides.on_both("create table client (client_id int primary key, name text)");
    sides.desktop.exec("insert into client values (1, 'One')");
    for (const char* command : {"plan", "sync"}) {
        const json report = run_json({command, "--table", "client"}, 0);
        ASSERT_EQ(report["tables"].size(), 1u) << report;
        EXPECT_EQ(table_of(report, "client")["to_cloud"], writes(1, 0, 0));
    }
    EXPECT_EQ(jobs(sides.cloud), 0);
    EXPECT_ROWS(sides.cloud, "select * from client", "1|One");
    sides.desktop.exec("update client set name = 'Uno'");
    EXPECT_EQ(jobs_of(run_json({"sync", "--table", "jobshead"}, 0))["to_cloud"], writes(10, 0, 0));
    EXPECT_ROWS(sides.cloud, "select * from client", "1|One");
    run_json({"sync", "--table", "jobshead", "--table", "client"}, 0);
    EXPECT_ROWS(sides.cloud, "select * from client", "1|Uno");
}

// ---- guards ---------------------------------------------------------------------------------------------

class Guard : public Commands {
  protected:
    // Stops with exit code 4 and a hash; nothing of users' is written. Gives the report.
    json expect_stop(const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments{"sync"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Versions before = versions_of(sides);
        const json report = run_json(arguments, 4);
        EXPECT_EQ(versions_of(sides), before) << "a stopped run wrote rows";
        EXPECT_EQ(report["status"], "guard");
        EXPECT_FALSE(report["guard"].empty());
        EXPECT_NE(report["plan_hash"], "");
        return report;
    }
};

TEST_F(Guard, FivePercentOfDeletesStopAndAreConfirmedByTheirHash) {
    start_with(1000);
    sides.desktop.exec(
        "delete from jobshead where job_id % 20 = 0; insert into jobshead (job_id, client_id, job_name) "
        "values (2001, 1, 'New')");
    const json stopped = expect_stop();
    ASSERT_EQ(stopped["guard"].size(), 1u);
    EXPECT_EQ(stopped["guard"][0]["table"], "jobshead");
    EXPECT_EQ(stopped["guard"][0]["count"], 50);
    EXPECT_EQ(stopped["guard"][0]["of"], 1000);
    const json planned = run_json({"plan"}, 4);
    EXPECT_EQ(planned["plan_hash"], stopped["plan_hash"]);
    EXPECT_EQ(jobs_of(planned)["to_cloud"], writes(1, 0, 50));
    const TidewayResult words = run({"sync"});
    EXPECT_EQ(words.exit_code, 4);
    EXPECT_NE(words.out.find("--confirm " + stopped["plan_hash"].get<std::string>()), words.out.npos)
        << words.out;
    const json done = run_json({"sync", "--confirm", stopped["plan_hash"]}, 0);
    EXPECT_EQ(jobs_of(done)["to_cloud"], writes(1, 0, 50));
    EXPECT_EQ(jobs(sides.cloud), 951);
    EXPECT_EQ(jobs(sides.cloud, "job_id % 20 = 0 and job_id <= 1000"), 0);
    expect_same();
}

// The hash of a plan from before the first sync is the one that confirms it.
TEST_F(Guard, AFirstContactThatWouldChangeManyRowsStops) {
    make_jobs(sides, 200);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, updated_at) select i, 1, 'Old name', "
        "'2020-01-01' from generate_series(1, 200) i");
    const json planned = run_json({"plan"}, 4);
    EXPECT_EQ(own_schemas(), "00");
    const json stopped = expect_stop();
    EXPECT_EQ(stopped["guard"][0]["count"], 200);
    EXPECT_EQ(stopped["plan_hash"], planned["plan_hash"]);
    run_json({"sync", "--confirm", planned["plan_hash"]}, 0);
    expect_same();
}

TEST_F(Guard, AStaleHashIsRefused) {
    start_with(1000);
    sides.desktop.exec("delete from jobshead where job_id % 20 = 0");
    const std::string hash = expect_stop()["plan_hash"];
    sides.desktop.exec("delete from jobshead where job_id % 20 = 1");
    const json refused = expect_stop({"--confirm", hash});
    EXPECT_NE(refused["plan_hash"], hash);
    EXPECT_NE(refused.dump().find("TW404"), std::string::npos) << "the reason is not told: " << refused;
    expect_stop({"--confirm", "0123456789abcdef"});
    run_json({"sync", "--confirm", refused["plan_hash"]}, 0);
    EXPECT_EQ(jobs(sides.cloud), 900);
}

TEST_F(Guard, AConfirmationIsForOneRunOnly) {
    start_with(1000);
    sides.desktop.exec("delete from jobshead where job_id % 20 = 0");
    const std::string hash = expect_stop()["plan_hash"];
    run_json({"sync", "--confirm", hash}, 0);
    sides.desktop.exec("delete from jobshead where job_id % 20 = 1");
    expect_stop({"--confirm", hash});
}

TEST_F(Guard, AFewDeletesPassEvenInASmallTable) {
    start_with(20);
    sides.desktop.exec("delete from jobshead where job_id <= 3");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 0))["to_cloud"], writes(0, 0, 3));
    sides.desktop.exec("delete from jobshead where job_id <= 7");
    expect_stop();
}

TEST_F(Guard, ManyUpdatesStop) {
    start_with(1000);
    sides.desktop.exec("update jobshead set status = 'Mass' where job_id <= 400");
    const json stopped = expect_stop();
    EXPECT_EQ(stopped["guard"][0]["count"], 400);
    run_json({"sync", "--confirm", stopped["plan_hash"]}, 0);
    EXPECT_EQ(jobs(sides.cloud, "status = 'Mass'"), 400);
}

TEST_F(Guard, ManyEditsOfTheSameRowsOnBothSidesStop) {
    start_with(1000);
    sides.desktop.exec(
        "update jobshead set status = 'Office', updated_at = timezone('Asia/Kolkata', now()) where job_id <= "
        "400");
    sides.cloud.exec(
        "update jobshead set status = 'Phone', updated_at = now() - interval '1 hour' where job_id <= 400");
    const json stopped = expect_stop();
    EXPECT_EQ(stopped["guard"][0]["count"], 400);
    EXPECT_EQ(run_json({"plan"}, 4)["plan_hash"], stopped["plan_hash"]);
    run_json({"sync", "--confirm", stopped["plan_hash"]}, 0);
    EXPECT_EQ(jobs(sides.cloud, "status = 'Office'"), 400);
}

TEST_F(Guard, AlsoProtectsTheDesktop) {
    start_with(1000);
    sides.cloud.exec("update jobshead set status = 'Mass' where job_id <= 400");
    expect_stop();
    sides.cloud.exec("update jobshead set status = 'Open' where job_id <= 400");
    config.rewrite(sides.sides_toml() + jobs_toml + "ownership = 'shared'\n");
    sides.cloud.exec("delete from jobshead where job_id <= 100");
    const json stopped = expect_stop();
    EXPECT_EQ(stopped["guard"][0]["count"], 100);
    EXPECT_EQ(jobs(sides.desktop), 1000);
}

TEST_F(Guard, LimitsAreConfigured) {
    start_with(100);
    config.rewrite(sides.sides_toml() + "[guard]\nmax_deletes = 0\n" + jobs_toml);
    sides.desktop.exec("delete from jobshead where job_id = 1");
    expect_stop();
    config.rewrite(sides.sides_toml() + "[guard]\nmax_deletes = '100%'\n" + jobs_toml);
    sides.desktop.exec("delete from jobshead where job_id <= 50");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 0))["to_cloud"]["deleted"], 50);
}

class EmptiedTable : public Guard,
                     public testing::WithParamInterface<std::tuple<const char*, const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(Ways, EmptiedTable,
                         testing::Combine(testing::Values("delete from", "truncate"),
                                          testing::Values("incremental", "full"),
                                          testing::Values("xmin", "changelog")),
                         [](const auto& way) {
                             return fmt::format("{}_{}_{}", std::string(std::get<0>(way.param)).substr(0, 6),
                                                std::get<1>(way.param), std::get<2>(way.param));
                         });

TEST_P(EmptiedTable, OnTheDesktopStopsTheRun) {
    const auto [emptying, mode, capture] = GetParam();
    config.rewrite(sides.sides_toml() + jobs_toml + fmt::format("capture = {{ desktop = '{}' }}\n", capture));
    start_with(20);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Phone', 'M')");
    run_json({"sync"}, 0);
    sides.desktop.exec(std::string(emptying) + " jobshead");
    for (const char* direction : {"both", "forward"}) {
        const json stopped = expect_stop({"--mode", mode, "--direction", direction});
        EXPECT_EQ(stopped["guard"][0]["count"], 20) << "the mobile row is held, not deleted";
    }
    EXPECT_EQ(jobs(sides.cloud), 21);
    EXPECT_EQ(run_json({"plan"}, 4)["plan_hash"], expect_stop()["plan_hash"]);
}

TEST_P(EmptiedTable, InTheCloudStopsTheRun) {
    const auto [emptying, mode, capture] = GetParam();
    config.rewrite(sides.sides_toml() + jobs_toml +
                   fmt::format("ownership = 'shared'\ncapture = {{ cloud = '{}' }}\n", capture));
    start_with(20);
    sides.cloud.exec(std::string(emptying) + " jobshead");
    expect_stop({"--mode", mode});
    expect_stop({"--mode", mode, "--direction", "reverse"});
    EXPECT_EQ(jobs(sides.desktop), 20);
}

// ---- status ---------------------------------------------------------------------------------------------

TEST_F(Commands, StatusBeforeAndAfter) {
    make_jobs(sides, 10);
    const json before = run_json({"status"}, 0);
    EXPECT_EQ(jobs_of(before)["state"], "never synced");
    EXPECT_TRUE(before["last_run"]["run"].is_null());
    EXPECT_EQ(own_schemas(), "00") << "status created something";
    const json done = run_json({"sync"}, 0);
    const json after = run_json({"status"}, 0);
    EXPECT_EQ(jobs_of(after)["state"], "in sync");
    EXPECT_EQ(jobs_of(after)["rows"], 10);
    EXPECT_EQ(after["last_run"]["run"], done["run"]);
    EXPECT_EQ(after["last_run"]["status"], "ok");
    EXPECT_TRUE(jobs_of(after)["last_forward"].is_string());
    EXPECT_TRUE(jobs_of(after)["last_reverse"].is_string());
    EXPECT_TRUE(after["lag_seconds"].is_number());
    EXPECT_NE(run({"status"}).out.find("jobshead"), std::string::npos);
}

TEST_F(Commands, StatusTellsWhatWaits) {
    start_with(10);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Phone', 'M')");
    run_json({"sync"}, 0);
    sides.desktop.exec("update jobshead set job_name = 'Ours' where job_id = 99");
    run_json({"sync"}, 3);
    const json status = run_json({"status"}, 3);
    EXPECT_EQ(jobs_of(status)["state"], "waiting");
    EXPECT_EQ(jobs_of(status)["held"], 1);
    sides.desktop.exec("update jobshead set job_name = 'Phone' where job_id = 99");
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs_of(run_json({"status"}, 0))["state"], "in sync");
}

TEST_F(Commands, StatusTellsThatAGuardStoppedTheLastRun) {
    start_with(20);
    sides.desktop.exec("delete from jobshead");
    run_json({"sync"}, 4);
    EXPECT_EQ(run_json({"status"}, 4)["last_run"]["status"], "guard");
}

// ---- conflicts ------------------------------------------------------------------------------------------

class Conflicts : public Commands, public testing::WithParamInterface<const char*> {
  protected:
    json only_conflict() {
        const json list = run_json({"conflicts", "list"}, 0)["conflicts"];
        EXPECT_EQ(list.size(), 1u) << list;
        return list.empty() ? json() : list[0];
    }
    void resolve(const json& id) {
        const Versions before = versions_of(sides);
        run_json({"conflicts", "resolve", id.dump(), "--take", GetParam()}, 0);
        EXPECT_EQ(versions_of(sides), before) << "the choice itself writes no row; the next sync does";
    }
};
INSTANTIATE_TEST_SUITE_P(Take, Conflicts, testing::Values("desktop", "cloud"),
                         [](const auto& side) { return std::string(side.param); });

TEST_P(Conflicts, OpenOnesAreListedShownAndResolved) {
    config.rewrite(sides.sides_toml() + jobs_toml + "conflict = 'manual'\n");
    start_with(10);
    EXPECT_EQ(run_json({"conflicts", "list"}, 0)["conflicts"].size(), 0u);
    sides.desktop.exec("update jobshead set status = 'Office' where job_id = 5");
    sides.cloud.exec("update jobshead set status = 'Phone' where job_id = 5");
    const Versions before = versions_of(sides);
    for (int again = 0; again < 2; ++again) EXPECT_EQ(jobs_of(run_json({"sync"}, 3))["open_conflicts"], 1);
    EXPECT_EQ(versions_of(sides), before) << "nobody has decided";
    const json conflict = only_conflict();
    EXPECT_EQ(conflict["table"], "jobshead");
    EXPECT_EQ(conflict["key"], "5");
    EXPECT_EQ(conflict["kind"], "conflict");
    const json shown = run_json({"conflicts", "show", conflict["id"].dump()}, 0)["conflict"];
    EXPECT_EQ(shown["desktop"]["status"], "Office");
    EXPECT_EQ(shown["cloud"]["status"], "Phone");
    resolve(conflict["id"]);
    run_json({"sync"}, 0);
    const std::string winner = std::string(GetParam()) == "desktop" ? "Office" : "Phone";
    EXPECT_EQ(jobs(sides.desktop, "job_id = 5 and status = '" + winner + "'"), 1);
    expect_same();
    const json kept = only_conflict();
    EXPECT_EQ(kept["winner"], GetParam());
    EXPECT_EQ(kept["status"] == "open", false) << kept;
    const json loser = run_json({"conflicts", "show", kept["id"].dump()}, 0)["conflict"];
    EXPECT_EQ(loser[winner == "Office" ? "cloud" : "desktop"]["status"],
              winner == "Office" ? "Phone" : "Office")
        << "the loser is not kept";
    EXPECT_EQ(jobs_of(run_json({"status"}, 0))["open_conflicts"], 0);
}

TEST_P(Conflicts, HeldEditsAreResolvedToo) {
    start_with(10);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Theirs', 'M')");
    run_json({"sync"}, 0);
    sides.desktop.exec("update jobshead set job_name = 'Ours' where job_id = 99");
    run_json({"sync"}, 3);
    const json held = only_conflict();
    EXPECT_EQ(held["kind"], "held");
    EXPECT_EQ(held["key"], "99");
    resolve(held["id"]);
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs(sides.cloud, std::string("job_id = 99 and job_name = '") +
                                    (std::string(GetParam()) == "desktop" ? "Ours'" : "Theirs'")),
              1);
    EXPECT_EQ(jobs_of(run_json({"status"}, 0))["held"], 0);
    expect_same();
}

TEST_P(Conflicts, HeldDeletesAreResolvedToo) {
    start_with(10);
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Theirs', 'M')");
    run_json({"sync"}, 0);
    sides.desktop.exec("delete from jobshead where job_id = 99");
    run_json({"sync"}, 3);
    resolve(only_conflict()["id"]);
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs(sides.cloud, "job_id = 99"), std::string(GetParam()) == "desktop" ? 0 : 1);
    expect_same();
}

TEST_P(Conflicts, CollisionsOfTwoCreationsProtectBoth) {
    start_with(10);
    sides.desktop.exec("insert into jobshead (job_id, client_id, job_name) values (50, 1, 'Office 50')");
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (50, 1, 'Phone 50', 'M')");
    const Versions before = versions_of(sides);
    EXPECT_EQ(jobs_of(run_json({"sync"}, 3))["open_conflicts"], 1);
    EXPECT_EQ(versions_of(sides), before);
    resolve(only_conflict()["id"]);
    run_json({"sync"}, 0);
    EXPECT_EQ(jobs(sides.cloud, std::string("job_id = 50 and job_name = '") +
                                    (std::string(GetParam()) == "desktop" ? "Office 50'" : "Phone 50'")),
              1);
    EXPECT_EQ(dump(sides.desktop, "select job_id, job_name from jobshead order by 1"),
              dump(sides.cloud, "select job_id, job_name from jobshead order by 1"));
}

TEST_F(Commands, ConflictsThatAreNotThereAreErrors) {
    make_jobs(sides, 3);
    for (int synced = 0; synced < 2; ++synced) {
        for (const std::vector<std::string>& arguments :
             {std::vector<std::string>{"conflicts", "show", "4711"},
              {"conflicts", "resolve", "4712", "--take", "cloud"},
              {"conflicts", "resolve", "4711", "--take", "cloud"}})
            EXPECT_EQ(run_json(arguments, 2)["error"]["code"], "TW409");
        run_json({"sync"}, 0);
    }
    EXPECT_EQ(run_json({"conflicts", "resolve", "1"}, 2)["error"]["code"], "TW106") << "--take is needed";
}

// ---- uninstall ------------------------------------------------------------------------------------------

class Uninstall : public Commands {
  protected:
    void SetUp() override {
        if (shared_desktop().version() > 15 || shared_cloud().version() > 15)
            GTEST_SKIP() << "Debian's pg_dump is of version 15";
        make_jobs(sides, 50);
        sides.cloud.exec(
            "create function app() returns trigger language plpgsql as $$ begin return new; end $$; create "
            "trigger app before insert on jobshead for each row execute function app()");
    }
    static std::string schema(const Database& database) {
        const std::string dump = run_checked({"pg_dump", "--schema-only", "-d", database.url()});
        return std::regex_replace(dump, std::regex("\\\\(un)?restrict [^\n]*\n"),
                                  "");  // a random word per dump
    }
    std::string schemas() const { return schema(sides.desktop_database) + schema(sides.cloud_database); }
};

TEST_F(Uninstall, LeavesTheDatabasesAsTheyWere) {
    const std::string before = schemas();
    for (const char* capture : {"xmin", "changelog"}) {
        config.rewrite(sides.sides_toml() + jobs_toml + fmt::format("capture = '{}'\n", capture));
        run_json({"sync"}, 0);
        sides.desktop.exec("update jobshead set status = 'x' where job_id = 1");
        run_json({"sync"}, 0);
        ASSERT_NE(schemas(), before);
        const Versions rows = versions_of(sides);
        run_json({"uninstall"}, 0);
        EXPECT_EQ(schemas(), before);
        EXPECT_EQ(versions_of(sides), rows);
    }
    EXPECT_EQ(run_json({"uninstall"}, 0)["objects"].size(), 0u) << "a second time finds nothing";
}

TEST_F(Uninstall, CheckListsWhatIsThereAndRemovesNothing) {
    EXPECT_EQ(run_json({"uninstall", "--check"}, 0)["objects"].size(), 0u);
    run_json({"sync"}, 0);
    const std::string installed = schemas();
    const json listed = run_json({"uninstall", "--check"}, 1);
    std::string text;
    for (const json& object : listed["objects"]) text += object.get<std::string>() + "\n";
    for (const char* part : {"desktop: ", "cloud: ", "schema tideway", "trigger"})
        EXPECT_NE(text.find(part), text.npos) << part << " is not in\n" << text;
    EXPECT_EQ(schemas(), installed);
    EXPECT_EQ(run_json({"uninstall"}, 0)["objects"], listed["objects"]);
    EXPECT_EQ(run_json({"uninstall", "--check"}, 0)["objects"].size(), 0u);
}

TEST_F(Uninstall, ThenSyncAdoptsEverythingAgain) {
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Phone', 'M')");
    run_json({"sync"}, 0);
    run_json({"uninstall"}, 0);
    const Versions before = versions_of(sides);
    for (const char* direction : {"forward", "reverse", "both"})
        run_json({"sync", "--direction", direction}, 0);
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(jobs_of(run_json({"status"}, 0))["rows"], 51);
    expect_same();
}

TEST_F(Uninstall, ThenWhatEitherSideDeletedMeanwhileIsNotDeletedOnTheOther) {
    run_json({"sync"}, 0);
    run_json({"uninstall"}, 0);
    sides.desktop.exec(
        "delete from jobshead where job_id <= 10; update jobshead set status = 'Office', updated_at = "
        "timezone('Asia/Kolkata', now()) where job_id = 11");
    sides.cloud.exec("delete from jobshead where job_id > 45");
    const json done = jobs_of(run_json({"sync"}, 0));
    EXPECT_EQ(done["adopted"], 34);
    EXPECT_EQ(done["to_cloud"], writes(5, 1, 0));
    EXPECT_EQ(done["to_desktop"], writes(10, 0, 0));
    EXPECT_EQ(jobs(sides.cloud), 50);
    expect_same();
}

// ---- being interrupted ----------------------------------------------------------------------------------

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

// ---- shapes ---------------------------------------------------------------------------------------------

TEST_F(Commands, SyncReportsEveryPromisedField) {
    make_jobs(sides, 5);
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"sync"}, {"sync"}, {"plan"}}) {
        const json report = run_json(arguments, 0);
        const std::map<std::string, json::value_t> fields{
            {"version", json::value_t::number_integer}, {"run", json::value_t::string},
            {"status", json::value_t::string},          {"mode", json::value_t::string},
            {"direction", json::value_t::string},       {"plan_hash", json::value_t::string},
            {"tables", json::value_t::array},           {"guard", json::value_t::array}};
        for (const auto& [name, type] : fields) {
            ASSERT_TRUE(report.contains(name)) << name;
            EXPECT_TRUE(type == json::value_t::number_integer ? report[name].is_number_integer()
                                                              : report[name].type() == type)
                << name << " is " << report[name];
        }
        EXPECT_GE(report["duration_ms"].get<long long>(), 0);
        EXPECT_TRUE(std::regex_match(report["run"].get<std::string>(),
                                     std::regex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")));
        EXPECT_EQ(report["mode"], "incremental");
        EXPECT_EQ(report["direction"], "both");
        const json table = jobs_of(report);
        EXPECT_EQ(table["cloud"], "jobshead");
        for (const char* side : {"to_cloud", "to_desktop"})
            for (const char* count : {"inserted", "updated", "deleted"})
                EXPECT_TRUE(table[side][count].is_number_integer()) << side << count;
        for (const char* count : {"adopted", "conflicts", "held", "parked", "pending"})
            EXPECT_TRUE(table[count].is_number_integer()) << count;
        EXPECT_TRUE(table["protected"]["before"].is_number_integer());
        EXPECT_EQ(table["protected"]["after"].is_number_integer(), arguments[0] == "sync") << table;
    }
}

TEST_F(Commands, ResultsGoToStdoutAndTalkToStderr) {
    make_jobs(sides, 5);
    const TidewayResult run = run_tideway(config, {"sync", "--json"});
    EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1) << "one object, one line";
    for (const char* command : {"plan", "sync", "status"}) {
        const TidewayResult words = run_tideway(config, {command});
        for (const char c : words.out + words.err)
            ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << "not plain ASCII: " << words.out << words.err;
    }
}

// ---- config ---------------------------------------------------------------------------------------------

TEST(ConfigCommands, CheckConnectsToNothing) {
    const ConfigFile config(
        TwoSides::toml_for("postgresql://nobody@127.0.0.1:1/a", "postgresql://nobody@127.0.0.1:1/b") +
        jobs_toml);
    EXPECT_EQ(run_tideway(config, {"config", "check"}).exit_code, 0);
    const TidewayResult result = run_tideway(config, {"config", "check", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.out;
    EXPECT_EQ(result.json["status"], "ok");
    EXPECT_EQ(result.json["tables"][0]["desktop"], "jobshead");
}

TEST(ConfigCommands, ShowPrintsAFileThatMeansTheSameWithoutPasswords) {
    const ConfigFile config(
        TwoSides::toml_for("postgresql://me:s3cret@h/a", "host=h dbname=b password=s3cret") + jobs_toml);
    const TidewayResult shown = run_tideway(config, {"config", "show"});
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    EXPECT_EQ((shown.out + shown.err).find("s3cret"), std::string::npos) << shown.out;
    const ConfigFile again(shown.out);
    EXPECT_EQ(run_tideway(again, {"config", "check"}).exit_code, 0) << shown.out;
    EXPECT_EQ(run_tideway(again, {"config", "show"}).out, shown.out);
    for (const char* part : {"conflict = \"latest\"", "ownership = \"strict\"", "max_deletes", "jobshead"})
        EXPECT_NE(shown.out.find(part), std::string::npos) << part;
}

TEST(ConfigCommands, TheFileIsFoundWhereDocumented) {
    const ConfigFile config(TwoSides::toml_for("dbname=a", "dbname=b") + jobs_toml);
    EXPECT_EQ(run_tideway({"config", "check"}, {{"TIDEWAY_CONFIG", config.path()}}).exit_code, 0);
    const ConfigFile without_cloud("[desktop]\nurl = 'dbname=a'\n[cloud]\n" + std::string(jobs_toml));
    EXPECT_EQ(run_tideway(without_cloud, {"config", "check"}).exit_code, 2);
    EXPECT_EQ(run_tideway(without_cloud, {"config", "check"}, {{"TIDEWAY_CLOUD_URL", "dbname=b"}}).exit_code,
              0);
}

}  // namespace
}  // namespace tideway::test
