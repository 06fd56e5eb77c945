// Several offices in one cloud (entries 55 to 57): none of them touches another's rows, and none needs more
// rights than its own tables give.
#include "scenario/first_users.hpp"

namespace tideway::test {
namespace {

// A second desktop beside the fixture's, with the same cloud. Both say which rows are theirs.
class FirstUsers : public OfficeAndPhones {
  protected:
    FirstUsers() {
        office2.exec(touch_function);
        for (Db* side : {&pair.desktop, &office2, &pair.cloud})
            for (const char* table :
                 {"climaster (org_id numeric(3), client_id numeric(7), clientname varchar(80)",
                  "jobshead (org_id numeric(3), job_id numeric(10), sporg_id numeric(8)",
                  "jobtasks (org_id numeric(3), job_id numeric(10), task_id numeric(7)"})
                side->exec(fmt::format("create table {}, source char(1) default 'D')", table));
        pair.cloud.exec("alter table climaster add primary key (client_id)");
        pair.config.rewrite(config_of(1, pair.desktop_url));
        config2.rewrite(config_of(2, office2_database.url()));
        fill(pair.desktop, 1, 20);
        fill(office2, 2, 5);
    }
    std::string config_of(int org, const std::string& desktop_url) const {
        std::string toml = fmt::format("pair = 'office{}'\n[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n", org,
                                       desktop_url, pair.cloud_url);
        for (const char* table : {"name = 'climaster'\nkey = ['client_id']\n",
                                  "name = 'jobshead'\nkey = ['org_id', 'job_id', 'sporg_id']\nidentity = "
                                  "'business_key+ordinal'\n",
                                  "name = 'jobtasks'\nkey = ['org_id', 'job_id', 'task_id']\nidentity = "
                                  "'business_key'\n"})
            toml += fmt::format("[[table]]\n{}where = 'org_id = {}'\n", table, org);
        return toml;
    }
    // Both number their jobs from 1, and they share the ids of some clients.
    static void fill(Db& office, int org, int jobs) {
        office.exec(fmt::format(
            "insert into climaster select {0}, {0} * 100 + i, 'Client of {0}' from generate_series(1, 5) i; "
            "insert into climaster values ({0}, 7, 'Seven of office {0}'); "
            "insert into jobshead select {0}, i, 1 from generate_series(1, {1}) i; insert into jobtasks "
            "select "
            "{0}, i, 1 from generate_series(1, {1}) i",
            org, jobs));
    }
    TidewayResult sync2(int exit_code) {
        TidewayResult result = run_tideway(config2, {"sync", "--json"});
        EXPECT_EXIT_CODE(exit_code, result);
        return result;
    }
    std::string cloud_rows_of(int org) {
        return dump(pair.cloud,
                    fmt::format("select ctid, xmin, 'c', client_id from climaster where org_id = "
                                "{0} union all select ctid, xmin, 'j', job_id from jobshead where "
                                "org_id = {0} union all select ctid, xmin, 't', job_id from "
                                "jobtasks where org_id = {0} order by 3, 4",
                                org));
    }

    Database office2_database = fresh_database(shared_desktop(), "office2");
    Db office2{office2_database};
    ConfigFile config2{""};
};

TEST_F(FirstUsers, entry_55_one_offices_run_leaves_the_others_rows_alone) {
    sync();
    const std::string first = cloud_rows_of(1);
    const TidewayResult second = sync2(3);  // client 7 is the first office's: held and listed
    EXPECT_EQ(reported(second, "held"), 1) << told(second);
    EXPECT_EQ(cloud_rows_of(1), first);
    EXPECT_EQ(in_cloud("jobshead"), 25);
    EXPECT_EQ(in_cloud("jobtasks"), 25);
    EXPECT_EQ(in_cloud("climaster where clientname = 'Seven of office 1'"), 1);
    office2.exec("delete from jobshead where job_id = 1; delete from jobtasks where job_id = 1");
    sync2(3);
    EXPECT_EQ(cloud_rows_of(1), first);
    EXPECT_EQ(in_cloud("jobshead"), 24);
    sync();
    EXPECT_EQ(at_office("jobshead"), 20);
    EXPECT_EQ(office2.number("select count(*) from jobshead"), 4);
}

TEST_F(FirstUsers, entry_56_an_office_is_a_filter_that_acts_and_any_other_word_for_it_is_refused) {
    const std::string before = row_versions(pair.cloud);
    pair.config.rewrite("org_id = 1\n" + config_of(1, pair.desktop_url));
    EXPECT_EQ(error_code(sync(2)), "TW102");
    pair.config.rewrite(config_of(1, pair.desktop_url));
    EXPECT_EQ(error_code(sync(2, {"--org-id", "1"})), "TW106");
    EXPECT_EQ(row_versions(pair.cloud), before);
    sync2(0);
    EXPECT_EQ(in_cloud("jobshead where org_id = 2"), 5);
    EXPECT_EQ(in_cloud("jobshead where org_id <> 2"), 0);
    // A row of the other office that stands at the wrong desktop does not travel.
    office2.exec("insert into jobshead values (1, 999, 1)");
    sync2(0);
    EXPECT_EQ(in_cloud("jobshead where job_id = 999"), 0);
}

TEST_F(FirstUsers, entry_57_an_office_works_with_a_role_that_has_its_tables_and_nothing_else) {
    pair.cloud.exec("create table app_sessions (token text); insert into app_sessions values ('secret')");
    pair.cloud.exec("create role office_57 login");
    const std::string as_superuser = pair.run({"doctor"}).out;
    EXPECT_NE(as_superuser.find("superuser"), std::string::npos) << as_superuser;
    pair.cloud_url = pair.cloud_database.url("office_57");
    pair.config.rewrite(config_of(1, pair.desktop_url));
    const TidewayResult printed = run_tideway(pair.config, {"doctor", "--print-grants"});
    const std::size_t middle = printed.out.find("-- cloud side");
    ASSERT_NE(middle, std::string::npos) << told(printed);
    pair.cloud.exec(printed.out.substr(middle));
    sync();
    EXPECT_EQ(in_cloud("jobshead"), 20);
    pair.cloud.exec("insert into climaster values (1, 900, 'Phone', 'M')");
    sync();
    EXPECT_EQ(at_office("climaster where client_id = 900"), 1);
    {
        Db office(pair.cloud_url);
        EXPECT_EQ(office.try_exec("select * from app_sessions"), "42501");
        EXPECT_EQ(office.try_exec("create role another"), "42501");
        EXPECT_EQ(office.try_exec("truncate jobshead"), "42501");
    }
    pair.cloud.exec("drop schema tideway cascade; drop owned by office_57; drop role office_57");
}

}  // namespace
}  // namespace tideway::test
