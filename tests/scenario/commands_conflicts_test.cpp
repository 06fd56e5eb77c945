// Rows that wait for a person: listed, shown, resolved by the next sync.
#include <gtest/gtest.h>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

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

// An app that was fed by other means before: what it made stays its own.
TEST_F(Commands, P3_APhonesRowThatBothSidesHeldBeforeTheFirstSyncIsThePhonesFromThenOn) {
    make_jobs(sides, 5);
    sides.desktop.exec("insert into jobshead values (99, 1, 'Theirs', 'Open', 'M', '2025-10-01 09:00', '2025-10-01 09:00')");
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, status, source, created_at, updated_at) values "
        "(99, 1, 'Theirs', 'Open', 'M', '2025-10-01 09:00+05:30', '2025-10-01 09:00+05:30')");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 0))["adopted"], 1);
    sides.desktop.exec("update jobshead set job_name = 'Ours' where job_id = 99");
    EXPECT_EQ(jobs_of(run_json({"sync"}, 3))["held"], 1);
    EXPECT_EQ(jobs(sides.cloud, "job_id = 99 and job_name = 'Theirs'"), 1);
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

}  // namespace
}  // namespace tideway::test
