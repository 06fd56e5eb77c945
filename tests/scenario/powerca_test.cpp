// The first users' fifteen tables at full size, with examples/powerca/tideway.toml (DESIGN.md section 9).
#include <map>

#include "scenario/powerca_pair.hpp"

namespace tideway::test {
namespace {

struct TableAtBothSides {
    const char *desktop, *cloud;
};
constexpr TableAtBothSides tables[] = {{"orgmaster", "orgmaster"},         {"locmaster", "locmaster"},
                                       {"conmaster", "conmaster"},         {"climaster", "climaster"},
                                       {"cliunimaster", "cliunimaster"},   {"taskmaster", "taskmaster"},
                                       {"jobmaster", "jobmaster"},         {"mbstaff", "mbstaff"},
                                       {"jobshead", "jobshead"},           {"jobtasks", "jobtasks"},
                                       {"taskchecklist", "taskchecklist"}, {"workdiary", "workdiary"},
                                       {"mbreminder", "reminder"},         {"mbremdetail", "remdetail"},
                                       {"learequest", "learequest"}};
class PowerCa : public testing::Test {
  public:
    // Every row that one side alone has is listed with a reason: new ones, and deleted ones that others still
    // refer to.
    void expect_counts_to_add_up() {
        std::map<std::string, long long> waiting;
        for (const auto& row : pair.desktop.query("select u.desktop_table, count(*) filter (where w.rule in "
                                                  "('R1', 'R21')) - count(*) filter (where w.rule = "
                                                  "'R13') from tideway.waiting w join tideway.tables u on "
                                                  "u.pair = w.pair and u.id = w.tbl where w.kind = "
                                                  "'parked' and w.sqlstate is not null group by 1"))
            waiting[*row[0]] = std::stoll(*row[1]);
        for (const TableAtBothSides& table : tables)
            EXPECT_EQ(pair.desktop.number(fmt::format("select count(*) from {}", table.desktop)),
                      pair.cloud.number(fmt::format("select count(*) from {}", table.cloud)) +
                          waiting[table.desktop])
                << table.desktop;
    }
    void expect_nothing_more_to_write(int exit_code) {
        const std::string desktop = row_versions(pair.desktop), cloud = row_versions(pair.cloud);
        EXPECT_EXIT_CODE(exit_code, pair.sync());
        EXPECT_EQ(row_versions(pair.desktop), desktop);
        EXPECT_EQ(row_versions(pair.cloud), cloud);
    }
    PowercaPair pair{"powerca"};
};

TEST_F(PowerCa, AllFifteenTablesBothWaysAtFullSize) {
    pair.create(1, "current");
    EXPECT_EXIT_CODE(3, pair.sync());  // 3 clients and 6 jobs name a location that does not exist
    expect_counts_to_add_up();
    EXPECT_EQ(pair.cloud.number("select count(*) from jobshead"), 24'562);
    EXPECT_EQ(pair.cloud.number("select count(*) from jobtasks"), 64'711);
    EXPECT_EQ(pair.cloud.number("select count(*) from jobtasks where client_id is not null"), 64'542);
    expect_nothing_more_to_write(3);
    pair.cloud.exec(
        "create schema before; create table before.jobtasks as select jt_id, job_id from jobtasks; create "
        "table "
        "before.taskchecklist as select tc_id from taskchecklist");
    const std::string ticked = pair.cloud.scalar(
        "select string_agg(x.tc_id::text, ',') from (select tc_id from taskchecklist where source = 'D' "
        "order by task_id, "
        "checklistdesc limit 10) x");

    powerca(pair.cloud_database, "mobile_activity", {.scale = 1});
    powerca(pair.desktop_database, "desktop_activity", {.scale = 1});
    for (const char* direction : {"forward", "reverse", "both", "reverse", "forward", "forward", "both",
                                  "reverse", "both", "forward"}) {
        const TidewayResult result = pair.sync({"--direction", direction});
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
    }
    expect_counts_to_add_up();
    expect_nothing_more_to_write(3);
    // What phones made has reached the office, once.
    for (const auto& [sql, rows] : std::map<std::string, long long>{
             {"select count(*) from workdiary", 80},
             {"select count(*) from workdiary where timefrom is not null and timefrom::date = date", 60},
             {"select count(*) from learequest", 4},
             {"select count(*) from mbreminder where rem_id > 800000", 3},
             {"select count(*) from mbremdetail where remdetid > 800000", 3},
             {"select count(*) from jobshead where job_id = 9999999", 1},
             {"select count(*) from jobtasks where job_id = 9999999", 1},
             {"select count(*) from taskchecklist where checkliststatus = 1", 10},
             {"select count(*) from climaster where clientphone = '+91 90000 00001'", 1}})
        EXPECT_EQ(pair.desktop.number(sql), rows) << sql;
    // What the office did has reached the phones.
    for (const auto& [sql, rows] : std::map<std::string, long long>{
             {"select count(*) from jobshead where job_id > 6000000 and job_id < 9000000", 50},
             {"select count(*) from jobtasks where job_id > 6000000 and job_id < 9000000", 250},
             {"select count(*) from jobtasks where job_id between 401 and 420", 0},
             {"select count(*) from climaster where client_id > 600000", 3},
             {"select count(*) from climaster where client_id in (30, 31)", 0},
             {"select count(*) from reminder where rem_id in (5, 6)",
              2},  // replies refer to them: listed, and waiting
             {"select count(*) from workdiary where char_length(tasknotes) > 50", 44}})
        EXPECT_EQ(pair.cloud.number(sql), rows) << sql;
    // Cloud ids are what they were, and the phone finds its rows by them.
    EXPECT_EQ(pair.cloud.number(
                  "select count(*) from before.jobtasks b where job_id not between 401 and 420 and not "
                  "exists (select from jobtasks t where t.jt_id = b.jt_id and t.job_id = b.job_id)"),
              0);
    EXPECT_EQ(pair.cloud.number(
                  "select count(*) from before.taskchecklist b where not exists (select from taskchecklist t "
                  "where t.tc_id = b.tc_id)"),
              0);
    EXPECT_EQ(pair.cloud.number(fmt::format(
                  "select count(*) from taskchecklist where tc_id in ({}) and checkliststatus = 1", ticked)),
              10);
}

TEST_F(PowerCa, WithEveryReferenceDeclaredOrphansWaitAndTheRestFlows) {
    pair.create(0.05, "full");
    EXPECT_EXIT_CODE(3, pair.sync());
    expect_counts_to_add_up();
    EXPECT_GT(pair.cloud.number("select count(*) from jobshead"), 0);
    EXPECT_EQ(pair.desktop.number(
                  "select count(*) from tideway.waiting where kind = 'parked' and sqlstate is null"),
              0);
    expect_nothing_more_to_write(3);
    // The missing tasks arrive, and what waited for them follows by itself.
    pair.desktop.exec(
        "insert into taskmaster (org_id, con_id, loc_id, task_id, task_desc, source) select 1, 1, 1, i, "
        "'task ' || i, 'D' from "
        "generate_series(1, 350) i");
    const long long before = pair.cloud.number("select count(*) from jobtasks");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_GT(pair.cloud.number("select count(*) from jobtasks"), before);
    expect_counts_to_add_up();
}

TEST_F(PowerCa, ARefillOfTheTenTablesWritesNothing) {
    pair.create(0.2, "none");
    EXPECT_EXIT_CODE(0, pair.sync());
    const std::string cloud = row_versions(pair.cloud);
    for (int i = 0; i < 3; ++i) {
        pair.refill();
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(writes_reported(result), 0);
    }
    EXPECT_EQ(row_versions(pair.cloud), cloud);
}

}  // namespace
}  // namespace tideway::test
