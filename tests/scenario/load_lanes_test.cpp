// A table that is filled in several batches, two of them at a time.
#include <chrono>
#include <thread>

#include "scenario/live_pair.hpp"
#include "scenario/needs_loading.hpp"

namespace tideway::test {
namespace {

constexpr const char* rows = "select id, body, n from item order by id";

struct Lanes {
    explicit Lanes(const std::string& cloud_extra = "", const std::string& key = "primary key") {
        pair.desktop.exec("create table item (id int primary key, body text, n int);"
                          "insert into item select i, 'item ' || i, i - 1 from generate_series(1, 90000) i");
        pair.cloud.exec(fmt::format("create table item (id int {}, body text, n int){}", key, cloud_extra));
        pair.configure("[[table]]\nname = 'item'\nkey = ['id']\n");
    }
    long long batches() { return pair.cloud.number("select count(*) from tideway.journal where op = 'L'"); }
    long long loaded() {
        return pair.cloud.number("select coalesce(sum((before->>'rows')::int), 0) from tideway.journal where op = 'L'");
    }
    LivePair pair{"lanes"};
};

// How many sessions write the table at the moment: as many as are awaited, or those that were there at the end.
long long writers(Db& observer, long long awaited) {
    long long there = 0;
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20); std::chrono::steady_clock::now() < end;) {
        there = observer.number("select count(*) from pg_locks where relation = 'item'::regclass and mode = 'RowExclusiveLock'");
        if (there >= awaited) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return there;
}

void wait_until_somebody_waits(Db& observer) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20); std::chrono::steady_clock::now() < end;) {
        if (observer.number("select count(*) from pg_locks where not granted") > 0) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "nobody waits for a lock";
}

TEST(LoadLanes, every_row_arrives_once_and_the_next_run_is_quiet) {
    NEEDS_LOADING();
    Lanes office;
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.loaded(), 90'000);
    EXPECT_GE(office.batches(), 4);
    office.pair.expect_equal(rows);
    expect_quiet(office.pair);
    expect_quiet(office.pair, 0, {"--mode", "full"});
    EXPECT_EQ(office.pair.desktop.number("select count(*) from tideway.base_1_1"), 90'000);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from tideway.inbox"), 0);
}

TEST(LoadLanes, two_sessions_write_at_the_same_time) {
    NEEDS_LOADING();
    Lanes office;
    long long most = 0;
    EXPECT_EXIT_CODE(0, office.pair.sync_while("load.written", [&] { most = writers(office.pair.cloud, 2); }));
    EXPECT_EQ(most, 2);
    EXPECT_EQ(office.loaded(), 90'000);
}

TEST(LoadLanes, P9_may_be_killed_in_any_batch) {
    NEEDS_LOADING();
    for (const char* failpoint : {"load.written", "load.committed", "load.before_booking", "load.booked"})
        for (const char* hit : {"1", "3"}) {
            SCOPED_TRACE(fmt::format("{} {}", failpoint, hit));
            Lanes office;
            office.pair.sync({}, {{"TIDEWAY_FAILPOINTS", fmt::format("{}=kill9@{}", failpoint, hit)}});
            const long long there = office.pair.cloud.number("select count(*) from item");
            // Batches are committed in order: what is there are the first rows.
            EXPECT_EQ(office.pair.cloud.number("select coalesce(max(id), 0) from item"), there);
            office.pair.cloud.exec("update item set body = 'of the phone' where id = 9");
            office.pair.desktop.exec("update item set n = -1 where id = 10; delete from item where id = 11");
            EXPECT_EXIT_CODE(0, office.pair.sync());
            office.pair.expect_equal(rows);
            EXPECT_EQ(office.pair.desktop.number("select count(*) from item where body = 'of the phone'"), there > 0 ? 1 : 0);
            expect_quiet(office.pair, 0, {"--mode", "full"});
        }
}

TEST(LoadLanes, a_phones_row_in_a_later_batch_is_neither_lost_nor_doubled) {
    NEEDS_LOADING();
    for (const char* key : {"primary key", ""}) {
        SCOPED_TRACE(key);
        Lanes office("", key);
        office.pair.configure("[sync]\nconflict = 'cloud'\n[[table]]\nname = 'item'\nkey = ['id']\n");
        office.pair.sync_while("M3.cloud", [&] { office.pair.cloud.exec("insert into item values (50000, 'of the phone', 1)"); });
        EXPECT_EXIT_CODE(0, office.pair.sync());
        office.pair.expect_equal(rows);
        EXPECT_EQ(office.pair.cloud.number("select count(*) from item"), 90'000);
        EXPECT_EQ(dump(office.pair.desktop, "select body from item where id = 50000"), "of the phone");
        expect_accounted(office.pair, "item", "item 50000");
    }
}

// The fence comes behind the rows: whatever was sent by then must go.
TEST(LoadLanes, a_run_that_is_overtaken_between_two_batches_commits_no_more) {
    NEEDS_LOADING();
    Lanes office;
    std::thread overtaking;
    const TidewayResult result = office.pair.sync_while("load.written", [&] {
        overtaking = std::thread([&] { Db(office.pair.cloud_database).exec("update tideway.lease set seq = seq + 1"); });
        wait_until_somebody_waits(office.pair.cloud);
    });
    overtaking.join();
    EXPECT_EXIT_CODE(6, result);
    EXPECT_EQ(error_code(result), "TW402") << told(result);
    // The batch whose turn is next may be quicker than a session that is woken up; then that one is overtaken behind it.
    EXPECT_LE(office.pair.cloud.number("select count(*) from item"), 40'000);
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
    expect_quiet(office.pair, 0, {"--mode", "full"});
}

TEST(LoadLanes, a_server_that_grants_no_further_connection_is_filled_on_one) {
    NEEDS_LOADING();
    Lanes office;
    Db& cloud = office.pair.cloud;
    cloud.exec("drop role if exists few; create role few login connection limit 2; grant all on schema public to few; alter table item owner to few");
    cloud.exec(fmt::format("grant all on database {} to few", quote_identifier(cloud.scalar("select current_database()"))));
    office.pair.cloud_url = office.pair.cloud_database.url("few");
    office.pair.configure("[[table]]\nname = 'item'\n");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.loaded(), 90'000);
    office.pair.expect_equal(rows);
    cloud.exec("drop owned by few cascade; drop role few");
}

TEST(LoadLanes, what_the_first_batch_holds_up_waits_and_the_rest_arrives) {
    NEEDS_LOADING();
    Lanes office("; alter table item add check (n <> 5)");
    const TidewayResult result = office.pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 1) << told(result);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item"), 89'999);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from item where id = 90000"), 1);
}

TEST(LoadLanes, a_table_without_an_index_on_the_key_is_filled_and_locked_meanwhile) {
    NEEDS_LOADING();
    Lanes office("", "");
    std::string refused;
    EXPECT_EXIT_CODE(0, office.pair.sync_while("load.written", [&] {
        try {
            office.pair.cloud.exec("set lock_timeout = '200ms'; insert into item values (20, 'of the phone', 1)");
        } catch (const std::exception& error) {
            refused = error.what();
        }
        office.pair.cloud.exec("set lock_timeout = 0");
    }));
    EXPECT_NE(refused, "");
    EXPECT_EQ(office.loaded(), 90'000);
    office.pair.expect_equal(rows);
    expect_quiet(office.pair, 0, {"--mode", "full"});
}

TEST(LoadLanes, rows_that_fill_gaps_of_the_clouds_table_are_found_again) {
    NEEDS_LOADING();
    Lanes office("; alter table item set (autovacuum_enabled = off); insert into item select i, repeat('x', 60), 1 from "
                 "generate_series(1, 30000) i; delete from item where id % 7 > 0 or id < 10000");
    office.pair.cloud.exec("vacuum item");
    office.pair.cloud.exec("delete from item");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.loaded(), 90'000);
    office.pair.expect_equal(rows);
    expect_quiet(office.pair, 0, {"--mode", "full"});
}

TEST(LoadLanes, rows_that_refer_to_rows_of_earlier_batches_are_loaded_too) {
    NEEDS_LOADING();
    Lanes office("; alter table item add foreign key (n) references item");
    // Written anew, so that no row lies behind those that refer to it.
    office.pair.desktop.exec("truncate item; insert into item select i, 'item ' || i, case when i > 30000 then i - 30000 end from generate_series(1, 90000) i");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.loaded(), 90'000);
    office.pair.expect_equal(rows);
}

TEST(LoadLanes, triggers_that_write_one_row_for_all_do_not_hold_each_other_up) {
    NEEDS_LOADING();
    Lanes office("; create table total (n bigint); insert into total values (0);"
                 "create function count_up() returns trigger language plpgsql set search_path = public as $$ begin "
                 "update total set n = n + (select count(*) from fresh); return null; end $$;"
                 "create trigger count_up after insert on item referencing new table as fresh for each statement "
                 "execute function count_up()");
    office.pair.configure("[[table]]\nname = 'item'\nside_effects = ['total']\n");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.loaded(), 90'000);
    EXPECT_EQ(office.pair.cloud.number("select n from total"), 90'000);
}

// COPY would go past them.
TEST(LoadLanes, a_table_with_rules_for_insert_is_not_loaded) {
    Lanes office("; create table kept (id int); create rule kept as on insert to item do also insert into kept values (new.id)");
    office.pair.desktop.exec("delete from item where id > 2500");
    office.pair.sync();
    EXPECT_EQ(office.batches(), 0);
}

TEST(LoadLanes, what_was_loaded_before_the_table_changed_is_reported) {
    NEEDS_LOADING();
    Lanes office;
    std::thread altering;
    const TidewayResult result = office.pair.sync_while("load.committed", [&] {
        altering = std::thread([&] { Db(office.pair.cloud_database).exec("alter table item alter column n type bigint"); });
        wait_until_somebody_waits(office.pair.cloud);
    });
    altering.join();
    EXPECT_EXIT_CODE(4, result);
    EXPECT_GT(office.loaded(), 0);
    EXPECT_EQ(writes_reported(result), office.loaded()) << told(result);
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.expect_equal(rows);
}

// A text tells blanks at the end apart, the key of the other side does not.
TEST(LoadLanes, a_key_of_fixed_length_and_a_text_key_cross_both_ways) {
    NEEDS_LOADING();
    LivePair pair("lanes");
    pair.desktop.exec("create table item (id char(10) primary key, body text);"
                      "insert into item select 'k' || i, 'item' from generate_series(1, 2500) i");
    pair.cloud.exec("create table item (id text primary key, body text)");
    pair.configure("[[table]]\nname = 'item'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from item where id ~ ' '"), 0);
    EXPECT_EQ(pair.cloud.number("select count(*) from tideway.journal where op = 'L'"), 1);
    pair.desktop.exec("insert into item values ('office', 'new'); update item set body = 'edited' where id = 'k7'; delete from item where id = 'k9'");
    pair.cloud.exec("insert into item values ('phone', 'new'); update item set body = 'edited' where id = 'k8'");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select id::text collate \"C\", body from item order by 1");
    expect_quiet(pair, 0, {"--mode", "full"});
}

TEST(LoadLanes, a_key_of_bits_is_one_key_by_all_of_them) {
    NEEDS_LOADING();
    LivePair pair("lanes");
    pair.both("create table item (id bit(20) primary key, body text)");
    pair.desktop.exec("insert into item select i::bit(20), 'item' from generate_series(1, 2500) i");
    pair.configure("[[table]]\nname = 'item'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update item set body = 'edited' where id = 7::bit(20); insert into item values (9000::bit(20), 'new')");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from item order by id");
    expect_quiet(pair, 0, {"--mode", "full"});
}

}  // namespace
}  // namespace tideway::test
