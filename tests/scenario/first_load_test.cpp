// The first load of a table: straight into the empty table, and by ordinary batches where anything is in the
// way.
#include "scenario/live_pair.hpp"
#include "scenario/needs_loading.hpp"

namespace tideway::test {
namespace {

constexpr const char* rows = "select id, body, n from item order by id";

struct Load {
    explicit Load(int count, const std::string& cloud_extra = "") {
        pair.desktop.exec("create table item (id int primary key, body text, n int)");
        pair.cloud.exec("create table item (id serial primary key, body text, n int)" + cloud_extra);
        pair.desktop.exec(fmt::format(
            "insert into item select i, E'item\\t' || i || E'\\\\', i % 7 from generate_series(1, {}) i",
            count));
        pair.configure("[[table]]\nname = 'item'\n");
    }
    bool loaded() { return pair.cloud.number("select count(*) from tideway.journal where op = 'L'") > 0; }
    LivePair pair{"first_load"};
};

TEST(FirstLoad, brings_every_row_as_it_is_and_the_next_run_is_quiet) {
    NEEDS_LOADING();
    Load office(60'000);
    office.pair.desktop.exec(
        "update item set body = null where id = 7; update item set body = '' where id = 8");
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(writes_reported(result), 60'000);
    EXPECT_TRUE(office.loaded());
    office.pair.expect_equal(rows);
    expect_quiet(office.pair);
    expect_quiet(office.pair, 0, {"--mode", "full"});
    EXPECT_EQ(office.pair.cloud.number("insert into item (body) values ('of the phone') returning id"),
              60'001);
    office.pair.cloud.exec("update item set body = 'edited' where id = 5");
    office.pair.desktop.exec("delete from item where id = 6");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
}

TEST(FirstLoad, P9_may_be_killed_anywhere_and_knows_who_edited_what_afterwards) {
    NEEDS_LOADING();
    for (const char* failpoint :
         {"load.written=kill9", "load.committed=kill9", "load.before_booking=kill9", "load.booked=kill9"}) {
        SCOPED_TRACE(failpoint);
        Load office(3'000);
        office.pair.sync({}, {{"TIDEWAY_FAILPOINTS", failpoint}});
        const bool there = office.pair.cloud.number("select count(*) from item") > 0;
        EXPECT_EQ(there, std::string(failpoint) != "load.written=kill9");
        office.pair.cloud.exec(
            "update item set body = 'of the phone' where id = 9; delete from item where id = 11");
        office.pair.desktop.exec(
            "insert into item values (5000, 'later', 1); update item set n = 70 where id = 10");
        EXPECT_EXIT_CODE(0, office.pair.sync());
        office.pair.expect_equal(rows);
        EXPECT_EQ(dump(office.pair.cloud, "select id from item where n = 70 or id in (11, 5000) order by id"),
                  there ? "10\n5000" : "10\n11\n5000");
        EXPECT_EQ(office.pair.desktop.number("select count(*) from item where body = 'of the phone'"),
                  there ? 1 : 0);
        expect_quiet(office.pair);
    }
}

// They lie before the marks that the next run ends with, and no other run would ever look at them.
TEST(FirstLoad, P10_what_users_do_to_booked_rows_of_a_load_that_broke_off_is_seen) {
    NEEDS_LOADING();
    Load office(120'000);  // six batches, of which three may be there when the first is booked
    office.pair.sync({}, {{"TIDEWAY_FAILPOINTS", "load.booked=kill9"}});
    const long long there = office.pair.cloud.number("select count(*) from item");
    ASSERT_TRUE(there > 0 && there < 118'000) << there;
    office.pair.desktop.exec("update item set body = 'office' where id = 5");
    office.pair.cloud.exec("update item set body = 'phone' where id = 6");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    EXPECT_EQ(dump(office.pair.cloud, "select id, body from item where id in (5, 6) order by id"), "5|office\n6|phone");
    expect_quiet(office.pair, 0, {"--mode", "full"});
}

TEST(FirstLoad, a_row_that_a_phone_makes_meanwhile_is_neither_lost_nor_doubled) {
    Load office(3'000);
    office.pair.configure("[sync]\nconflict = 'cloud'\n[[table]]\nname = 'item'\n");
    const TidewayResult result = office.pair.sync_while("M3.cloud", [&] {
        office.pair.cloud.exec("insert into item values (77, 'of the phone', 1), (9999, 'too', 2)");
    });
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    EXPECT_EQ(dump(office.pair.desktop, "select id, body from item where id in (77, 9999) order by id"),
              "77|of the phone\n9999|too");
    expect_accounted(office.pair, "item", "item\t77");
    expect_quiet(office.pair);
}

TEST(FirstLoad, what_the_cloud_refuses_waits_and_the_rest_arrives) {
    Load office(3'000, "; alter table item add check (n < 100)");
    office.pair.desktop.exec("update item set n = 100 where id in (5, 2500)");
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 2) << told(result);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item"), 2'998);
    expect_quiet(office.pair, 3);
}

// Within our transactions the search path is pg_catalog alone (docs/hazards.md).
TEST(FirstLoad, a_trigger_that_fails_for_every_row_parks_them_and_stops_nothing_else) {
    Load office(2'100,
                "; create table total (n int); create function count_up() returns trigger language plpgsql as $$ begin "
                "update total set n = n + 1; return new; end $$;"
                "create trigger count_up before insert on item for each row execute function count_up();"
                "create table other (id int primary key)");
    office.pair.desktop.exec("create table other (id int primary key); insert into other values (1)");
    office.pair.configure("[[table]]\nname = 'item'\n[[table]]\nname = 'other'\n");
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 2'100) << told(result);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from other"), 1);
}

TEST(FirstLoad, orphans_wait_and_do_not_stop_the_load) {
    NEEDS_LOADING();
    Load office(3'000, "; create table part (id int primary key, item_id int references item)");
    office.pair.desktop.exec(
        "create table part (id int primary key, item_id int);"
        "insert into part select i, case when i % 1000 = 0 then 90000 + i when i % 3 > 0 then i end from "
        "generate_series(1, 2900) i");
    office.pair.configure("[[table]]\nname = 'item'\n[[table]]\nname = 'part'\n");
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 2) << told(result);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from part"), 2'898);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from tideway.journal where op = 'L'"), 2);
    office.pair.desktop.exec("insert into item values (91000, 'x', 1), (92000, 'y', 1)");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal("select * from part order by id");
}

TEST(FirstLoad, a_trigger_that_rewrites_values_in_the_cloud_makes_no_echo) {
    NEEDS_LOADING();
    Load office(3'000,
                "; create function shout() returns trigger language plpgsql set search_path = public as $$ "
                "begin new.body = upper(new.body); "
                "return new; end $$; create trigger shout before insert on item for each row execute "
                "function shout()");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_TRUE(office.loaded());
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item where body like 'ITEM%'"), 3'000);
    expect_quiet(office.pair);
    expect_quiet(office.pair, 0, {"--mode", "full"});
}

TEST(FirstLoad, a_trigger_that_writes_elsewhere_is_found_before_anything_stays) {
    Load office(2'100,
                "; create table elsewhere (id int); create function copy_it() returns trigger language "
                "plpgsql as $$ begin "
                "insert into public.elsewhere values (new.id); return new; end $$; create trigger copy_it "
                "after insert on "
                "item for each row execute function copy_it()");
    EXPECT_EXIT_CODE(4, office.pair.sync());
    EXPECT_EQ(office.pair.cloud.number("select count(*) from elsewhere"), 0);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item"), 0);
    office.pair.configure("[[table]]\nname = 'item'\nside_effects = ['elsewhere']\n");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.pair.cloud.number("select count(*) from elsewhere"), 2'100);
}

TEST(FirstLoad, rows_that_land_in_gaps_of_the_table_are_known_and_numbered_like_others) {
    NEEDS_LOADING();
    Load office(3'000);
    office.pair.cloud.exec(
        "insert into item select i, repeat('x', 200), 0 from generate_series(1, 9000) i; delete from item "
        "where id < "
        "9000; delete from item");
    office.pair.cloud.exec("vacuum (truncate false) item");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_TRUE(office.loaded());
    office.pair.expect_equal(rows);
    expect_quiet(office.pair);
    EXPECT_EQ(office.pair.cloud.number("insert into item (body) values ('of the phone') returning id"),
              3'001);
}

TEST(FirstLoad, a_reverse_run_loads_nothing) {
    Load office(2'100);
    EXPECT_EXIT_CODE(0, office.pair.sync({"--direction", "reverse"}));
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item"), 0);
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
}

// Both sides are filled already: 3,000 rows, of which 2 differ, 1 is the office's alone and 1 the phone's.
struct TwoFilledSides : Load {
    TwoFilledSides() : Load(3'000) {
        pair.cloud.exec(
            "insert into item select i, E'item\\t' || i || E'\\\\', i % 7 from generate_series(1, 3000) i;"
            "update item set body = 'cloud' where id = 10; update item set n = null where id = 11;"
            "delete from item where id = 12; insert into item values (7000, 'phone', 1)");
        pair.configure("[sync]\nconflict = 'cloud'\n[[table]]\nname = 'item'\n");
    }
};

TEST(FirstContact, links_equal_rows_decides_the_others_and_writes_nothing_else) {
    TwoFilledSides office;
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "adopted"), 2'997) << told(result);
    EXPECT_EQ(reported(result, "conflicts"), 2) << told(result);
    EXPECT_EQ(writes_reported(result), 4) << told(result);
    office.pair.expect_equal(rows);
    expect_accounted(office.pair, "item", "item\t10");
    expect_quiet(office.pair);
    expect_quiet(office.pair, 0, {"--mode", "full"});
    office.pair.desktop.exec("delete from item where id = 13");
    office.pair.cloud.exec("delete from item where id = 14");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item"), 2'999);
}

TEST(FirstContact, equal_sides_are_linked_and_what_users_write_next_is_seen) {
    TwoFilledSides office;
    office.pair.both("delete from item where id <= 14 or id > 3000");
    const long long left = office.pair.cloud.number("select count(*) from item");
    ASSERT_EQ(office.pair.desktop.number("select count(*) from item"), left);
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "adopted"), left) << told(result);
    EXPECT_EQ(writes_reported(result), 0) << told(result);
    expect_quiet(office.pair, 0, {"--mode", "full"});
    office.pair.desktop.exec("delete from item where id = 20");
    office.pair.cloud.exec("update item set body = 'edited' where id = 21");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item"), left - 1);
}

TEST(FirstContact, P9_linking_goes_on_after_a_kill) {
    TwoFilledSides office;
    office.pair.sync({}, {{"TIDEWAY_FAILPOINTS", "adopt.booked=kill9"}});
    office.pair.cloud.exec("update item set body = 'edited' where id = 20");
    office.pair.desktop.exec("update item set body = 'edited too' where id = 21");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    EXPECT_EQ(dump(office.pair.cloud, "select body from item where id in (20, 21) order by id"),
              "edited\nedited too");
    expect_quiet(office.pair);
}

TEST(FirstContact, P10_what_users_do_to_linked_rows_before_a_load_goes_on_is_seen) {
    Load office(3'000);
    office.pair.cloud.exec("insert into item select i, E'item\\t' || i || E'\\\\', i % 7 from generate_series(1, 3000) i");
    office.pair.sync({}, {{"TIDEWAY_FAILPOINTS", "adopt.booked=kill9"}});
    office.pair.desktop.exec("update item set body = 'office' where id = 5; insert into item select i, 'new', 1 from generate_series(4001, 6500) i");
    office.pair.cloud.exec("update item set body = 'phone' where id = 6");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    EXPECT_EQ(dump(office.pair.desktop, "select id, body from item where id in (5, 6) order by id"), "5|office\n6|phone");
}

TEST(FirstContact, a_row_that_makes_the_numbers_even_hides_no_other) {
    Load office(3'000);
    office.pair.cloud.exec("insert into item select i, E'item\\t' || i || E'\\\\', i % 7 from generate_series(1, 3000) i;"
                           "insert into item values (8000, 'same', 1)");
    office.pair.desktop.exec("insert into item values (9000, 'only at the office', 1)");
    office.pair.sync_while("M3.cloud", [&] { office.pair.desktop.exec("insert into item values (8000, 'same', 1)"); });
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item"), 3'002);
}

TEST(FirstContact, a_table_whose_columns_changed_is_compared_at_once_and_not_adopted) {
    for (const char* change : {"alter table item add x int", "alter table item drop n", "alter table item alter id type bigint"}) {
        SCOPED_TRACE(change);
        Load office(3'000);
        EXPECT_EXIT_CODE(0, office.pair.sync());
        office.pair.both(change);
        office.pair.desktop.exec("update item set body = 'office' where id = 5");
        office.pair.cloud.exec("update item set body = 'phone' where id = 6");
        EXPECT_EXIT_CODE(0, office.pair.sync());
        office.pair.expect_equal("select id, body from item order by id");
        // What was agreed on cannot be told any more: both edits are conflicts, and the rows that lost are kept.
        expect_accounted(office.pair, "item", "office");
        expect_accounted(office.pair, "item", "phone");
        expect_quiet(office.pair);
    }
}

TEST(FirstContact, what_users_write_between_the_snapshots_and_the_linking_is_seen) {
    TwoFilledSides office;
    const TidewayResult result = office.pair.sync_while("M3.cloud", [&] {
        office.pair.desktop.exec("update item set body = 'office' where id = 20; delete from item where id = 21;"
                                 "insert into item values (8000, 'office', 1)");
        office.pair.cloud.exec("update item set body = 'phone' where id = 22; delete from item where id = 23;"
                               "insert into item values (8001, 'phone', 1)");
        // Now as the cloud has it: linked or not, nothing is to be done.
        office.pair.desktop.exec("update item set body = 'cloud' where id = 10");
    });
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    EXPECT_EQ(dump(office.pair.cloud, "select id, body from item where id in (10, 20, 21, 22, 23) or id >= 8000 order by id"),
              "10|cloud\n20|office\n22|phone\n8000|office\n8001|phone");
    expect_quiet(office.pair, 0, {"--mode", "full"});
}

TEST(FirstContact, P3_a_phones_row_among_equal_ones_stays_a_phones) {
    Load office(3'000, "; alter table item add source char(1) default 'D'");
    office.pair.cloud.exec("insert into item select i, E'item\\t' || i || E'\\\\', i % 7, case when i in (50, 60) then 'M' end from "
                           "generate_series(1, 3000) i");
    office.pair.configure("[[table]]\nname = 'item'\norigin = { column = 'source' }\n");
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "adopted"), 3'000) << told(result);
    EXPECT_EQ(dump(office.pair.desktop, "select k1 from tideway.base_1_1 where origin = 'M' order by k1"), "50\n60");
    office.pair.desktop.exec("delete from item where id in (50, 51)");
    office.pair.sync();
    EXPECT_EQ(dump(office.pair.cloud, "select id from item where id in (50, 51)"), "50");
}

TEST(FirstContact, the_stamps_of_both_sides_are_known_afterwards) {
    LivePair pair("first_load");
    pair.both("create table item (id int primary key, body text, changed timestamptz);"
              "insert into item select i, 'item', timestamptz '2026-01-01 00:00:00Z' + i * interval '1 s' from generate_series(1, 3000) i");
    pair.cloud.exec("update item set changed = changed + interval '1 hour' where id = 77; update item set changed = null where id = 78");
    pair.configure("[[table]]\nname = 'item'\nskip = ['changed']\ntimestamps = { updated = 'changed' }\n");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "adopted"), 3'000) << told(result);
    const auto stamps = [](Db& db, const std::string& where) {
        return dump(db, "select id, (extract(epoch from changed) * 1000000)::bigint from item where " + where + " order by id");
    };
    EXPECT_EQ(dump(pair.desktop, "select k1, ts_d from tideway.base_1_1 order by k1"), stamps(pair.desktop, "true"));
    EXPECT_EQ(dump(pair.desktop, "select k1, ts_c from tideway.base_1_1 order by k1"), stamps(pair.cloud, "true"));
}

TEST(FirstContact, a_key_that_comes_twice_meanwhile_links_no_row_wrongly) {
    LivePair pair("first_load");
    pair.desktop.exec("create table item (id int not null, body text)");
    pair.cloud.exec("create table item (id int primary key, body text)");
    pair.both("insert into item select i, 'item' from generate_series(1, 3000) i");
    pair.configure("[[table]]\nname = 'item'\nkey = ['id']\n");
    pair.sync_while("M3.cloud", [&] { pair.desktop.exec("insert into item values (30, 'again')"); });
    EXPECT_EQ(pair.cloud.number("select count(*) from item where body = 'item'"), 3'000);
    pair.desktop.exec("delete from item where body = 'again'; delete from item where id = 31");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select id, body from item order by id");
    EXPECT_EQ(pair.cloud.number("select count(*) from item"), 2'999);
}

TEST(FirstContact, a_reverse_run_links_and_brings_the_clouds_rows_only) {
    TwoFilledSides office;
    const TidewayResult result = office.pair.sync({"--direction", "reverse"});
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "adopted"), 2'997) << told(result);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item where id = 12"), 0);
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
}

}  // namespace
}  // namespace tideway::test
