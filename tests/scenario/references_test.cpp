// What becomes of a row whose parent is missing at the target: it waits, its reference is left empty until
// the parent comes, or it is written as it is; and tables that refer to each other (H23).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// Jobs refer to clients; the desktop's clients have no key that the server would check.
struct Jobs {
    explicit Jobs(const std::string& column, const std::string& cloud_reference = "references client") {
        pair.desktop.exec(
            "create table client (client_id int primary key, name text);"
            "create table job (job_id int primary key, client_id int, title text)");
        pair.cloud.exec(
            fmt::format("create table client (client_id int primary key, name text);"
                        "create table job (job_id int primary key, client_id int {}, title text)",
                        cloud_reference));
        pair.desktop.exec("insert into client values (1, 'one'); insert into job values (10, 1, 'ten')");
        pair.configure(
            "[[table]]\nname = 'client'\n[[table]]\nname = 'job'\n[[table.column]]\nname = 'client_id'\n" +
            column);
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    void orphan() { pair.desktop.exec("insert into job values (20, 2, 'twenty')"); }
    void parent_comes() { pair.desktop.exec("insert into client values (2, 'two')"); }
    std::string jobs(Db& db) { return dump(db, "select job_id, client_id, title from job order by 1"); }

    LivePair pair{"references"};
};

TEST(Orphans, null_writes_the_row_without_its_reference_lists_it_and_fills_it_when_the_parent_comes) {
    Jobs office("orphans = 'null'\n");
    office.orphan();
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 1) << told(result);
    EXPECT_EQ(office.jobs(office.pair.cloud), "10|1|ten\n20|(null)|twenty");
    expect_quiet(office.pair, 3);
    expect_quiet(office.pair, 3, {"--mode", "full"});
    const TidewayResult list = office.pair.run({"parked", "list"});
    ASSERT_EQ(list.json["parked"].size(), 1u) << told(list);
    EXPECT_EQ(list.json["parked"][0]["key"], "20");
    office.parent_comes();
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.cloud), "10|1|ten\n20|2|twenty");
    expect_quiet(office.pair);
}

TEST(Orphans, null_never_carries_the_empty_reference_back) {
    Jobs office("orphans = 'null'\n");
    office.orphan();
    EXPECT_EXIT_CODE(3, office.pair.sync());
    office.pair.cloud.exec("update job set title = 'edited on the phone' where job_id = 20");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.desktop), "10|1|ten\n20|2|edited on the phone");
    expect_quiet(office.pair, 3);
    office.parent_comes();
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.cloud), office.jobs(office.pair.desktop));
}

TEST(Orphans, null_lets_edits_and_deletes_travel_while_the_parent_is_missing) {
    Jobs office("orphans = 'null'\n");
    office.orphan();
    office.pair.desktop.exec("insert into job values (30, 3, 'thirty')");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    office.pair.desktop.exec(
        "update job set title = 'edited' where job_id = 20; delete from job where job_id = 30");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.cloud), "10|1|ten\n20|(null)|edited");
    office.pair.desktop.exec("update job set client_id = 1 where job_id = 20");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.cloud), office.jobs(office.pair.desktop));
    expect_quiet(office.pair);
}

TEST(Orphans, null_is_not_forgotten_by_a_run_that_dies_after_writing) {
    for (const char* failpoint : {"M5a.committed", "M6a.before_commit", "M6a.committed"}) {
        SCOPED_TRACE(failpoint);
        Jobs office("orphans = 'null'\n");
        office.orphan();
        office.pair.sync({}, {{"TIDEWAY_FAILPOINTS", fmt::format("{}=kill9", failpoint)}});
        EXPECT_EXIT_CODE(3, office.pair.sync());
        office.parent_comes();
        EXPECT_EXIT_CODE(0, office.pair.sync());
        EXPECT_EQ(office.jobs(office.pair.cloud), office.jobs(office.pair.desktop));
    }
}

TEST(Orphans, null_works_towards_the_desktop_too) {
    Jobs office("refers_to = 'client'\norphans = 'null'\n", "");
    office.pair.desktop.exec("alter table job add foreign key (client_id) references client");
    office.pair.cloud.exec("insert into job values (40, 4, 'forty')");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.desktop), "10|1|ten\n40|(null)|forty");
    EXPECT_EQ(office.jobs(office.pair.cloud), "10|1|ten\n40|4|forty");
    expect_quiet(office.pair, 3);
    office.pair.cloud.exec("insert into client values (4, 'four')");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.desktop), office.jobs(office.pair.cloud));
}

TEST(Orphans, a_declared_reference_makes_rows_wait_where_no_server_checks_it) {
    Jobs office("refers_to = 'client'\n", "");
    office.orphan();
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.cloud), "10|1|ten");
    office.parent_comes();
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.cloud), office.jobs(office.pair.desktop));
}

TEST(Orphans, allow_writes_rows_as_they_are_where_no_server_checks_them) {
    Jobs office("refers_to = 'client'\norphans = 'allow'\n", "");
    office.orphan();
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.jobs(office.pair.cloud), office.jobs(office.pair.desktop));
}

TEST(Orphans, what_cannot_be_is_an_error_of_the_configuration) {
    Jobs office("");
    const auto refused = [&](const std::string& column, const std::string& name = "client_id") {
        office.pair.configure(fmt::format(
            "[[table]]\nname = 'client'\n[[table]]\nname = 'job'\n[[table.column]]\nname = '{}'\n{}", name,
            column));
        const TidewayResult result = office.pair.sync();
        EXPECT_EXIT_CODE(2, result);
        return error_code(result);
    };
    EXPECT_EQ(refused("orphans = 'allow'\n"), "TW103");
    EXPECT_EQ(refused("refers_to = 'nobody'\n"), "TW103");
    EXPECT_EQ(refused("orphans = 'park'\n", "title"), "TW103");
    office.pair.cloud.exec("alter table job alter client_id set not null");
    EXPECT_EQ(refused("orphans = 'null'\n"), "TW103");
}

// Departments have a head, and people belong to a department.
TEST(Ring, H23_two_tables_that_refer_to_each_other_arrive_in_one_run) {
    LivePair pair("ring");
    pair.both(
        "create table department (id int primary key, head int, name text);"
        "create table person (id int primary key, department int references department, name text);"
        "alter table department add foreign key (head) references person");
    pair.configure("[[table]]\nname = 'department'\n[[table]]\nname = 'person'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    for (Db* side : {&pair.desktop, &pair.cloud}) {
        const int n = side == &pair.desktop ? 1 : 2;
        side->exec(fmt::format(
            "insert into department values ({0}, null, 'd'); insert into person values ({0}0, {0}, "
            "'head'), ({0}1, {0}, 'other'); update department set head = {0}0 where id = {0}",
            n));
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(reported(result, "parked"), 0) << told(result);
        pair.expect_equal("select * from department order by id");
        pair.expect_equal("select * from person order by id");
        expect_quiet(pair);
    }
    // One whose head is missing everywhere but here waits with nobody else.
    pair.cloud.exec("alter table department drop constraint department_head_fkey");
    pair.cloud.exec(
        "insert into department values (3, 99, 'headless'), (4, 40, 'four'); insert into person values (40, "
        "4, 'p')");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 1) << told(result);
    EXPECT_EQ(dump(pair.desktop, "select id, head from department order by id"), "1|10\n2|20\n4|40");
}

}  // namespace
}  // namespace tideway::test
