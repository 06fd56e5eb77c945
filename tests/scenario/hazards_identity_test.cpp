// Hazards of identity: keys made twice, keys that the cloud makes, numbers that the server makes (H17, H19,
// H20, H25).
#include "scenario/first_users.hpp"

namespace tideway::test {
namespace {

// ---- H17: the same id on both sides ----------------------------------------------------------------------

class Twins : public testing::Test {
  protected:
    Twins() {
        pair.both("create table job (id int primary key, name text, source char(1), updated_at timestamptz)");
        pair.configure(
            "[[table]]\nname = 'job'\norigin = { column = 'source' }\ntimestamps = { updated = 'updated_at' "
            "}\n");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    void make_both(const std::string& cloud_source) {
        pair.desktop.exec("insert into job values (99999, 'Office', 'D', now() - interval '1 minute')");
        pair.cloud.exec(fmt::format("insert into job values (99999, 'Phone', {}, now())", cloud_source));
    }
    LivePair pair{"h17"};
};

TEST_F(Twins, H17_APhoneRowUnderAnOfficeIdStaysAsItIsAndBothAreListed) {
    make_both("'M'");
    const std::string phone = row_versions(pair.cloud), office = row_versions(pair.desktop);
    for (const char* direction : {"forward", "reverse", "both", "both"}) {
        const TidewayResult result = pair.sync({"--direction", direction});
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(reported(result, "open_conflicts"), 1) << told(result);
        EXPECT_EQ(row_versions(pair.cloud), phone);
        EXPECT_EQ(row_versions(pair.desktop), office);
    }
    const TidewayResult list = pair.run({"conflicts", "list"});
    ASSERT_EQ(list.json["conflicts"].size(), 1U) << told(list);
    const TidewayResult shown = pair.run({"conflicts", "show", list.json["conflicts"][0]["id"].dump()});
    for (const char* version : {"Office", "Phone"})
        EXPECT_NE(shown.out.find(version), std::string::npos) << told(shown);
}

TEST_F(Twins, H17_WithoutAMarkTheLaterOneHoldsAndTheOtherIsKept) {
    for (const char* source : {"'D'", "null"}) {
        make_both(source);
        EXPECT_EXIT_CODE(0, pair.sync());
        for (Db* side : {&pair.desktop, &pair.cloud}) EXPECT_ROWS(*side, "select name from job", "Phone");
        expect_accounted(pair, "job", "Office");
        expect_quiet(pair);
        pair.desktop.exec("delete from job");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
}

// ---- H19, H20: ids that the cloud makes ------------------------------------------------------------------

class CloudIds : public OfficeAndPhones {};

TEST_F(CloudIds, H19_StayThroughAThousandEditsAndThePhoneFindsItsRowByThem) {
    use({taskchecklist}, "[guard]\nmax_updates = '100%'\n");
    pair.desktop.exec(
        "insert into taskchecklist (task_id, checklistdesc, checkliststatus) select i / 10, 'Check ' || i, 0 "
        "from generate_series(1, 1000) i");
    sync();
    const std::string ids = "select tc_id, checklistdesc from taskchecklist order by 1";
    const std::string before = dump(pair.cloud, ids);
    for (int round = 1; round <= 5; ++round) {
        pair.desktop.exec(fmt::format("update taskchecklist set checkliststatus = {}", round));
        forward();
        EXPECT_EQ(dump(pair.cloud, ids), before);
    }
    const std::string id =
        pair.cloud.scalar("select tc_id from taskchecklist where checklistdesc = 'Check 500'");
    pair.desktop.exec("update taskchecklist set checkliststatus = 6 where checklistdesc <> 'Check 500'");
    const TidewayResult result = pair.sync_while("M3.before", [&] {
        pair.cloud.exec(fmt::format("update taskchecklist set checkliststatus = 9 where tc_id = {}", id));
    });
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(in_cloud(fmt::format("taskchecklist where tc_id = {} and checkliststatus = 9", id)), 1);
    sync();
    EXPECT_EQ(at_office("taskchecklist where checklistdesc = 'Check 500' and checkliststatus = 9"), 1);
    expect_settled();
}

TEST_F(CloudIds, H20_DoubleNothingInWhateverOrderTheDirectionsRun) {
    OfficeTable without_ids = jobtasks;
    without_ids.desktop_columns =
        "job_id numeric(10), task_id numeric(7), task_desc varchar(40), actual_man_min "
        "numeric(10)";
    use({without_ids, taskchecklist});
    for (const char* rows : {ten_tasks, ten_checks}) pair.desktop.exec(rows);
    pair.cloud.exec("insert into jobtasks (job_id, task_id, source) values (900, 1, 'M')");
    for (int round = 0; round < 2; ++round)
        for (const char* direction : {"forward", "reverse", "forward", "reverse"}) {
            sync(0, {"--direction", direction});
            EXPECT_EQ(in_cloud("jobtasks"), 11);
            EXPECT_EQ(in_cloud("taskchecklist"), 10);
        }
    EXPECT_EQ(at_office("jobtasks"), 11);
    EXPECT_EQ(at_office("taskchecklist"), 10);
    expect_settled();
}

// ---- H25: numbers and columns that the server makes ------------------------------------------------------

TEST(Hazard, H25_TheAppsNextInsertSucceedsAfterOfficeIdsArrived) {
    LivePair pair("h25");
    pair.desktop.exec("create table job (id int primary key, name text, net numeric)");
    pair.cloud.exec(
        "create table job (id serial primary key, name text, net numeric); insert into job (name, net) "
        "values "
        "('Phone 1', 1)");
    pair.configure("[[table]]\nname = 'job'\n");
    pair.desktop.exec("insert into job values (2, 'Office 2', 2), (3, 'Office 3', 3)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.try_exec("insert into job (name, net) values ('Phone', 4)"), "00000");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from job order by id");
    EXPECT_EQ(pair.desktop.number("select count(*) from job"), 4);
}

TEST(Hazard, H25_IdentityAlwaysAndStoredGeneratedColumnsAreWritten) {
    LivePair pair("h25_always");
    pair.both(
        "create table job (id int generated always as identity primary key, net numeric, gross numeric "
        "generated always as (net * 2) stored)");
    pair.configure("[[table]]\nname = 'job'\n");
    pair.desktop.exec("insert into job (net) values (1), (2)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.try_exec("insert into job (net) values (3)"), "00000");
    pair.desktop.exec("update job set net = 10 where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    for (Db* side : {&pair.desktop, &pair.cloud})
        EXPECT_ROWS(*side, "select * from job order by id", "1|10|20\n2|2|4\n3|3|6");
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
