// Tables that refer to each other in a ring (H23): what arrives, what leaves, and in which order the tables
// stand.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

struct Ring {
    Ring() {
        pair.both(
            "create table department (id int primary key, head int, name text);"
            "create table person (id int primary key, department int references department, name text);"
            "alter table department add foreign key (head) references person");
        pair.configure("[[table]]\nname = 'department'\n[[table]]\nname = 'person'\n");
        pair.desktop.exec(
            "insert into department values (1, null, 'one'), (2, null, 'two'); insert into person values "
            "(10, 1, "
            "'head'), (11, 1, 'x'), (20, 2, 'y'); update department set head = id * 10");
        EXPECT_EXIT_CODE(0, pair.sync());
        expect_same();
    }
    void expect_same() {
        pair.expect_equal("select * from department order by 1");
        pair.expect_equal("select * from person order by 1");
    }
    LivePair pair{"ring"};
};

TEST(Rings, rows_that_refer_to_each_other_are_deleted_in_one_run) {
    Ring ring;
    for (Db* side : {&ring.pair.desktop, &ring.pair.cloud}) {
        const int n = side == &ring.pair.desktop ? 1 : 2;
        side->exec(fmt::format(
            "update department set head = null where id = {0}; delete from person where department "
            "= {0}; delete from department where id = {0}",
            n));
        const TidewayResult result = ring.pair.sync();
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(reported(result, "parked"), 0) << told(result);
        ring.expect_same();
        expect_quiet(ring.pair);
    }
    EXPECT_EQ(ring.pair.desktop.number("select count(*) from person"), 0);
    EXPECT_EQ(ring.pair.desktop.number("select count(*) from tideway.journal where op = 'D'") +
                  ring.pair.cloud.number("select count(*) from tideway.journal where op = 'D'"),
              5);
}

// Whoever is to be deleted may have to stay after all: then nothing of it was changed.
TEST(Rings, P1_rows_that_cannot_be_deleted_keep_their_references) {
    Ring ring;
    ring.pair.cloud.exec("insert into person values (13, 1, 'of the phone')");
    ring.pair.desktop.exec(
        "update department set head = null where id = 1; delete from person where department = 1; delete "
        "from "
        "department where id = 1");
    EXPECT_EXIT_CODE(3, ring.pair.sync());
    EXPECT_EQ(dump(ring.pair.cloud, "select id, head, name from department where id = 1"), "1|10|one");
    expect_quiet(ring.pair, 3);
    ring.pair.cloud.exec("delete from person where id = 13");
    EXPECT_EXIT_CODE(0, ring.pair.sync());
    ring.expect_same();
}

TEST(Rings, P1_a_trigger_that_keeps_a_row_from_being_deleted_keeps_its_references) {
    Ring ring;
    ring.pair.cloud.exec(
        "create function keep() returns trigger language plpgsql as 'begin return null; end';"
        "create trigger keep before delete on department for each row execute function keep()");
    ring.pair.desktop.exec(
        "update department set head = null where id = 1; delete from person where department = 1; delete "
        "from "
        "department where id = 1");
    EXPECT_EXIT_CODE(3, ring.pair.sync());
    EXPECT_EQ(dump(ring.pair.cloud, "select id, head, name from department where id = 1"), "1|10|one");
}

TEST(Rings, heads_that_change_while_others_come_and_go_arrive_in_one_run) {
    Ring ring;
    ring.pair.desktop.exec(
        "insert into person values (12, 1, 'new head'); update department set head = 12, name = 'new' where "
        "id = 1; "
        "delete from person where id = 10");
    ring.pair.cloud.exec(
        "insert into person values (21, 2, 'phone head'); update department set head = 21 where id = 2");
    const TidewayResult result = ring.pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "parked"), 0) << told(result);
    ring.expect_same();
    expect_quiet(ring.pair);
}

TEST(Rings, the_reference_that_may_be_empty_is_the_one_that_waits_whatever_stands_first) {
    for (const bool outsider : {false, true}) {
        SCOPED_TRACE(outsider);
        LivePair pair("ring_order");
        pair.both(
            "create table person (id int primary key, department int);"
            "create table department (id int primary key, head int not null references person);"
            "alter table person add foreign key (department) references department;"
            "create table note (id int primary key, person int not null references person)");
        pair.configure(fmt::format("{}[[table]]\nname = 'department'\n[[table]]\nname = 'person'\n{}",
                                   outsider ? "[[table]]\nname = 'note'\n" : "",
                                   outsider ? "" : "[[table]]\nname = 'note'\n"));
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.desktop.exec(
            "insert into person values (10, null), (11, null); insert into department values (1, 10); update "
            "person set "
            "department = 1; insert into note values (1, 11)");
        EXPECT_EXIT_CODE(0, pair.sync());
        for (const char* table : {"person", "department", "note"})
            pair.expect_equal(fmt::format("select * from {} order by 1", table));
        expect_quiet(pair);
    }
}

TEST(Rings, three_tables_arrive_in_one_run_in_whichever_order) {
    const std::vector<std::string> names{"alpha", "beta", "gamma"};
    for (std::size_t first = 0; first < 3; ++first) {
        SCOPED_TRACE(first);
        LivePair pair("ring_of_three");
        std::string tables, config;
        for (std::size_t i = 0; i < 3; ++i) {
            pair.both(fmt::format("create table {} (id int primary key, next int, note text)", names[i]));
            config += fmt::format("[[table]]\nname = '{}'\n", names[(first + i) % 3]);
        }
        for (std::size_t i = 0; i < 3; ++i)
            pair.both(fmt::format("alter table {} add foreign key (next) references {}", names[i],
                                  names[(i + 1) % 3]));
        pair.configure(config);
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.desktop.exec(
            "insert into alpha values (1, null, 'a'); insert into gamma values (3, 1, 'c'); insert into beta "
            "values (2, "
            "3, 'b'); update alpha set next = 2");
        EXPECT_EXIT_CODE(0, pair.sync());
        for (const std::string& name : names) pair.expect_equal("select * from " + name);
        expect_quiet(pair);
        pair.cloud.exec(
            "update alpha set next = null; delete from beta; delete from gamma; delete from alpha");
        EXPECT_EXIT_CODE(0, pair.sync());
        for (const std::string& name : names) pair.expect_equal("select * from " + name);
    }
}

TEST(Rings, a_reference_that_a_trigger_keeps_from_being_filled_is_not_taken_for_written) {
    Ring ring;
    ring.pair.cloud.exec(
        "create function keep() returns trigger language plpgsql as 'begin return null; end';"
        "create trigger keep before update on department for each row execute function keep()");
    ring.pair.desktop.exec(
        "insert into department values (3, null, 'three'); insert into person values (30, 3, 'head'); update "
        "department "
        "set head = 30 where id = 3");
    EXPECT_EXIT_CODE(3, ring.pair.sync());
    EXPECT_EXIT_CODE(3, ring.pair.sync());
    ring.pair.cloud.exec("drop trigger keep on department");
    EXPECT_EXIT_CODE(0, ring.pair.sync());
    ring.expect_same();
    EXPECT_EQ(ring.pair.desktop.number("select head from department where id = 3"), 30);
}

// Each table has a transaction of its own there, so whichever comes first finds no parents: its references
// are filled by the next run.
TEST(Rings, a_ring_that_does_not_fit_into_one_batch_arrives_with_the_next_run) {
    Ring ring;
    ring.pair.desktop.exec(
        "insert into department select i, null, 'd' from generate_series(1001, 4000) i; insert into person "
        "select i * "
        "10, i, 'p' from generate_series(1001, 4000) i; update department set head = id * 10 where id > "
        "1000");
    EXPECT_EXIT_CODE(3, ring.pair.sync());
    EXPECT_EXIT_CODE(0, ring.pair.sync());
    ring.expect_same();
    expect_quiet(ring.pair);
}

}  // namespace
}  // namespace tideway::test
