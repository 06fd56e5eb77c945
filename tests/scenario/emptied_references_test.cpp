// References that were left empty until their parents come (orphans = "null"), and what happens to them
// meanwhile.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// Jobs refer to a client and to a payer; the desktop checks neither.
struct Jobs {
    explicit Jobs(const std::string& sync = "") : settings(sync) {
        pair.desktop.exec(
            "create table client (client_id int primary key, name text);"
            "create table job (job_id int primary key, client_id int, payer int, title text)");
        pair.cloud.exec(
            "create table client (client_id int primary key, name text);"
            "create table job (job_id int primary key, client_id int references client, payer int references "
            "client, title text)");
        pair.desktop.exec("insert into client values (1, 'one'); insert into job values (10, 1, 1, 'ten')");
        configure("null");
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.desktop.exec("insert into job values (20, 2, 1, 'twenty')");
        EXPECT_EXIT_CODE(3, pair.sync());
        EXPECT_EQ(job(pair.cloud), "(null)|1|twenty");
    }
    void configure(const std::string& orphans) {
        std::string columns;
        for (const char* name : {"client_id", "payer"})
            columns += fmt::format("[[table.column]]\nname = '{}'\norphans = '{}'\n", name, orphans);
        pair.configure(settings + "[[table]]\nname = 'client'\n[[table]]\nname = 'job'\n" + columns);
    }
    static std::string job(Db& db, int id = 20) {
        return dump(db, fmt::format("select client_id, payer, title from job where job_id = {}", id));
    }
    void expect_filled_when_the_parent_comes(const std::string& wanted = "2|1|twenty") {
        pair.desktop.exec("insert into client values (2, 'two')");
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_EQ(job(pair.cloud), wanted);
        EXPECT_EQ(job(pair.desktop), wanted);
        expect_quiet(pair);
    }

    std::string settings;
    LivePair pair{"emptied"};
};

TEST(EmptiedReferences, an_edit_that_is_refused_and_taken_back_leaves_the_row_waiting) {
    Jobs office;
    office.pair.cloud.exec("alter table job add check (title <> 'refused')");
    office.pair.desktop.exec("update job set title = 'refused' where job_id = 20");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    office.pair.desktop.exec("update job set title = 'twenty' where job_id = 20");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    expect_quiet(office.pair, 3);
    office.expect_filled_when_the_parent_comes();
}

TEST(EmptiedReferences, a_conflict_that_a_person_decides_carries_no_empty_reference_back) {
    Jobs office("[sync]\nconflict = 'manual'\n");
    office.pair.desktop.exec("update job set title = 'office' where job_id = 20");
    office.pair.cloud.exec("update job set title = 'phone' where job_id = 20");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    const TidewayResult list = office.pair.run({"conflicts", "list"});
    std::string id;
    for (const auto& entry : list.json["conflicts"])
        if (entry["kind"] == "conflict") id = std::to_string(entry["id"].get<long long>());
    EXPECT_EXIT_CODE(0, office.pair.run({"conflicts", "resolve", id, "--take", "cloud"}));
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(Jobs::job(office.pair.desktop), "2|1|phone");
    office.expect_filled_when_the_parent_comes("2|1|phone");
}

TEST(EmptiedReferences, one_of_two_parents_comes_and_its_reference_is_filled) {
    Jobs office;
    office.pair.desktop.exec("insert into job values (30, 3, 4, 'thirty')");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(Jobs::job(office.pair.cloud, 30), "(null)|(null)|thirty");
    office.pair.desktop.exec("insert into client values (4, 'four')");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(Jobs::job(office.pair.cloud, 30), "(null)|4|thirty");
    expect_quiet(office.pair, 3);
    office.pair.cloud.exec("update job set title = 'edited' where job_id = 30");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(Jobs::job(office.pair.desktop, 30), "3|4|edited");
    office.pair.desktop.exec("insert into client values (3, 'three'), (2, 'two')");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(Jobs::job(office.pair.cloud, 30), "3|4|edited");
}

TEST(EmptiedReferences, another_setting_does_not_make_anybody_forget_them) {
    Jobs office;
    office.configure("park");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    office.pair.cloud.exec("update job set title = 'phone' where job_id = 20");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(Jobs::job(office.pair.desktop), "2|1|phone");
    office.expect_filled_when_the_parent_comes("2|1|phone");
}

TEST(EmptiedReferences, a_constraint_with_another_name_does_not_make_anybody_forget_them) {
    Jobs office;
    office.pair.cloud.exec("alter table job rename constraint job_client_id_fkey to \"an \"\"odd\nname\"");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    office.pair.cloud.exec("update job set title = 'phone' where job_id = 20");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(Jobs::job(office.pair.desktop), "2|1|phone");
    office.expect_filled_when_the_parent_comes("2|1|phone");
}

TEST(EmptiedReferences, each_direction_alone_neither_forgets_nor_carries_them_back) {
    Jobs office;
    for (const char* direction : {"reverse", "forward", "reverse"}) {
        SCOPED_TRACE(direction);
        office.pair.sync({"--direction", direction});
        EXPECT_EQ(Jobs::job(office.pair.desktop), "2|1|twenty");
        EXPECT_EQ(Jobs::job(office.pair.cloud), "(null)|1|twenty");
    }
    EXPECT_EXIT_CODE(3, office.pair.sync({"--table", "job"}));
    EXPECT_EXIT_CODE(0, office.pair.sync({"--table", "client"}));
    office.expect_filled_when_the_parent_comes();
}

TEST(EmptiedReferences, a_cloud_user_who_edits_meanwhile_does_not_empty_the_desktops_reference) {
    Jobs office;
    office.pair.desktop.exec("update job set title = 'office' where job_id = 20");
    office.pair.sync_while(
        "M3.before", [&] { office.pair.cloud.exec("update job set title = 'phone' where job_id = 20"); });
    office.pair.sync();
    EXPECT_EQ(office.pair.desktop.number("select count(*) from job where job_id = 20 and client_id = 2"), 1);
    office.pair.desktop.exec("insert into client values (2, 'two')");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal("select * from job order by 1");
}

TEST(EmptiedReferences, filling_is_not_lost_by_a_run_that_dies) {
    for (const char* failpoint : {"M5a.written", "M5a.committed", "M6a.committed", "M7.before"}) {
        SCOPED_TRACE(failpoint);
        Jobs office;
        office.pair.desktop.exec("insert into client values (2, 'two')");
        office.pair.sync({}, {{"TIDEWAY_FAILPOINTS", fmt::format("{}=kill9", failpoint)}});
        EXPECT_EXIT_CODE(0, office.pair.sync());
        office.pair.expect_equal("select * from job order by 1");
        expect_quiet(office.pair);
    }
}

TEST(EmptiedReferences, rows_that_share_a_key_wait_each_for_its_own_parent) {
    LivePair pair("emptied_repeats");
    pair.desktop.exec(
        "create table client (id int primary key); create table line (no int, client int, note text)");
    pair.cloud.exec(
        "create table client (id int primary key); create table line (no int, client int references client, "
        "note text)");
    pair.configure(
        "[[table]]\nname = 'client'\n[[table]]\nname = 'line'\nkey = ['no']\nidentity = "
        "'business_key+ordinal'\n"
        "[[table.column]]\nname = 'client'\norphans = 'null'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("insert into line values (1, 7, 'x'), (1, 8, 'x'), (1, 8, 'x'), (null, 7, 'n')");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EQ(dump(pair.cloud, "select no, client, note from line order by 1, 2"),
              "1|(null)|x\n1|(null)|x\n1|(null)|x\n(null)|(null)|n");
    expect_quiet(pair, 3);
    expect_quiet(pair, 3, {"--mode", "full"});
    pair.cloud.exec("update line set note = 'edited' where ctid = (select min(ctid) from line where no = 1)");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EQ(pair.desktop.number("select count(*) from line where client is null"), 0);
    pair.desktop.exec("insert into client values (8)");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from line where client = 8"), 2);
    pair.desktop.exec("delete from line where ctid = (select min(ctid) from line where client = 8)");
    EXPECT_EXIT_CODE(3, pair.sync());
    pair.desktop.exec("insert into client values (7)");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select no, client, note from line order by 1, 2, 3");
    expect_quiet(pair);
}

TEST(EmptiedReferences, a_row_of_the_same_table_and_a_key_of_two_columns_are_parents_too) {
    LivePair pair("emptied_self");
    const auto make = [](Db& side, const char* boss, const char* place) {
        side.exec(
            fmt::format("create table place (org text, no int, primary key (org, no));"
                        "create table person (id text primary key, boss text {}, org text, no int {})",
                        boss, place));
    };
    make(pair.desktop, "", "");
    make(pair.cloud, "references person", ", foreign key (org, no) references place");
    pair.configure(
        "[[table]]\nname = 'place'\n[[table]]\nname = 'person'\n[[table.column]]\nname = 'boss'\norphans = "
        "'null'\n"
        "[[table.column]]\nname = 'no'\norphans = 'null'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(
        "insert into person values ('a', 'it''s', 'o', 1), ('b', 'a', 'o', null), ('c', 'c', null, 1), ('d', "
        "'b', "
        "'o', 1)");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EQ(dump(pair.cloud, "select * from person order by 1"),
              "a|(null)|(null)|(null)\nb|a|o|(null)\nc|c|(null)|1\nd|b|(null)|(null)");
    expect_quiet(pair, 3);
    pair.desktop.exec("insert into person values ('it''s', 'a', null, null)");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EQ(dump(pair.cloud, "select boss, org, no from person where id = 'a'"), "it's|(null)|(null)");
    pair.desktop.exec("insert into place values ('o', 1)");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from person order by 1");
    expect_quiet(pair);
}

TEST(EmptiedReferences, many_rows_wait_and_are_filled_in_batches) {
    Jobs office;
    office.pair.desktop.exec("insert into job select i, 2, 1, 'many' from generate_series(1000, 7999) i");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(office.pair.cloud.number("select count(*) from job where client_id is null"), 7001);
    expect_quiet(office.pair, 3);
    office.expect_filled_when_the_parent_comes();
    office.pair.expect_equal("select * from job order by 1");
}

}  // namespace
}  // namespace tideway::test
