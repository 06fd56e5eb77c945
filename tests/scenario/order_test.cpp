// What can only be written in a certain order: values that change places, parents and children, rows that
// refer to their own table (H23, H24, H32).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

struct Kind {
    const char *name, *type;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class Places : public testing::TestWithParam<Kind> {
  public:
    void SetUp() override {
        pair.both(fmt::format("create table seat (id int primary key, place {}, who text)", GetParam().type));
        pair.desktop.exec("insert into seat select i, i, 'guest ' || i from generate_series(1, 12) i");
        pair.configure("[[table]]\nname = 'seat'\n");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    LivePair pair{"places"};
};
INSTANTIATE_TEST_SUITE_P(Key, Places,
                         testing::Values(Kind{"number", "int not null unique"},
                                         Kind{"nullable_number", "int unique"},
                                         Kind{"text", "varchar(8) not null unique"},
                                         Kind{"numeric", "numeric(5) not null unique"}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Places, H24_TwoThatSwapThreeThatRotateAndAChainArrive) {
    for (Db* side : {&pair.desktop, &pair.cloud}) {
        side->exec("alter table seat drop constraint seat_place_key");
        side->exec(
            "update seat set place = (case id when 1 then 2 when 2 then 1 when 3 then 4 when 4 then 5 when 5 "
            "then 3 when 6 then "
            "7 when 7 then 8 when 8 then 30 end)::text::int where id between 1 and 8");
        side->exec("alter table seat add constraint seat_place_key unique (place)");
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(reported(result, "parked"), 0);
        pair.expect_equal("select * from seat order by id");
        expect_quiet(pair);
        side->exec("alter table seat drop constraint seat_place_key");
        side->exec("update seat set place = id::text::int");
        side->exec("alter table seat add constraint seat_place_key unique (place)");
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal("select * from seat order by id");
    }
}

TEST_P(Places, H24_ATriggerThatKeepsOneOfThemBackLeavesNoPassingValueBehind) {
    pair.cloud.exec(
        "create function keep() returns trigger language plpgsql as $$ begin if new.who = 'kept' then return "
        "null; end if; "
        "return new; end $$; create trigger keep before update on seat for each row execute function keep()");
    const std::string before = dump(pair.cloud, "select * from seat order by id");
    pair.desktop.exec("alter table seat drop constraint seat_place_key");
    pair.desktop.exec(
        "update seat set place = (3 - id)::text::int, who = case id when 1 then 'kept' else who end where id "
        "< 3");
    pair.desktop.exec("alter table seat add constraint seat_place_key unique (place)");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EQ(dump(pair.cloud, "select * from seat order by id"), before);
}

TEST_P(Places, H24_OneThatCollidesWithARowOfTheOtherSideWaitsAndTheRestArrives) {
    pair.cloud.exec("insert into seat values (99, 50, 'phone')");
    pair.desktop.exec("update seat set place = 50 where id = 1; update seat set who = 'edited' where id > 5");
    const TidewayResult result = pair.sync({"--direction", "forward"});
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 1);
    EXPECT_EQ(pair.cloud.number("select count(*) from seat where who = 'edited'"), 7);
    pair.cloud.exec("update seat set place = 51 where id = 99");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from seat order by id");
}

TEST(Order, H23_ChildrenWithoutParentsWaitAndFollowByThemselves) {
    LivePair pair("orphans");
    pair.desktop.exec(
        "create table parent (id int primary key); create table child (id int primary key, parent_id int)");
    pair.cloud.exec(
        "create table parent (id int primary key); create table child (id int primary key, parent_id int "
        "references parent)");
    pair.desktop.exec(
        "insert into parent select i from generate_series(1, 100) i; insert into child select i, i from "
        "generate_series(1, "
        "3000) i; insert into child values (5000, null)");
    pair.configure("[[table]]\nname = 'child'\n[[table]]\nname = 'parent'\n");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 2900);
    EXPECT_EQ(pair.cloud.number("select count(*) from child"), 101);
    const TidewayResult list = pair.run({"parked", "list"});
    EXPECT_EXIT_CODE(0, list);
    EXPECT_EQ(list.json["parked"].size(), 2900U);
    EXPECT_EQ(list.json["parked"][0]["sqlstate"], "23503");
    pair.desktop.exec("insert into parent values (777)");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from child where parent_id = 777"), 1);
    pair.desktop.exec("insert into parent select i from generate_series(101, 3000) i on conflict do nothing");
    EXPECT_EXIT_CODE(0, pair.run({"sync"}));
    pair.expect_equal("select * from child order by id");
    expect_quiet(pair);
}

TEST(Order, H23_ATreeInOneTableArrivesAndABranchWithoutItsRootWaits) {
    LivePair pair("tree");
    pair.desktop.exec("create table node (id int primary key, parent_id int)");
    pair.cloud.exec("create table node (id int primary key, parent_id int references node)");
    pair.desktop.exec(
        "insert into node select i, case when i < 200 then i + 1 end from generate_series(1, 200) i; insert "
        "into node values "
        "(300, 999), (301, 300), (302, 301)");
    pair.configure("[[table]]\nname = 'node'\n");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 3);
    EXPECT_EQ(pair.cloud.number("select count(*) from node"), 200);
    pair.desktop.exec("insert into node values (999, null)");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from node order by id");
}

TEST(Order, ADeletedParentWaitsForItsChildrenAndTheRestOfItsBatchIsWrittenOnce) {
    LivePair pair("parents");
    pair.both("create table parent (id int primary key, n int default 0)");
    pair.desktop.exec("create table child (id int primary key, parent_id int)");
    pair.cloud.exec("create table child (id int primary key, parent_id int references parent)");
    pair.desktop.exec(
        "insert into parent select i from generate_series(1, 400) i; insert into child select i, i from "
        "generate_series(1, 3) i");
    pair.configure("[[table]]\nname = 'child'\n[[table]]\nname = 'parent'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(
        "delete from parent where id in (1, 2); delete from child where id = 2; update parent set n = 1 "
        "where "
        "id > 300");
    const long long before = write_counters(pair.cloud);
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 1);
    EXPECT_EQ(write_counters(pair.cloud) - before, 102);
    EXPECT_EQ(pair.run({"parked", "list"}).json["parked"][0]["sqlstate"], "23503");
    expect_quiet(pair, 3);
    pair.desktop.exec("delete from child where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from parent order by id");
    pair.expect_equal("select * from child order by id");
}

// More of them than refused rows are tried again.
TEST(Order, ManyDeletedParentsLeaveInOneBatchWithTheirChildren) {
    LivePair pair("leaving");
    pair.both("create table parent (id int primary key)");
    pair.desktop.exec("create table child (id int primary key, parent_id int)");
    pair.cloud.exec("create table child (id int primary key, parent_id int references parent)");
    pair.desktop.exec(
        "insert into parent select i from generate_series(1, 300) i; insert into child select i, i from "
        "generate_series(1, 300) i");
    pair.configure("[guard]\nmax_deletes = '100%'\n[[table]]\nname = 'child'\n[[table]]\nname = 'parent'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("delete from parent; delete from child");
    const long long before = pair.cloud.number("select seq from tideway.lease");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "parked"), 0);
    EXPECT_EQ(pair.cloud.number("select seq from tideway.lease") - before, 3) << "lease, barrier, one batch";
    EXPECT_EQ(pair.cloud.number("select count(*) from parent"), 0);
}

TEST(Order, ATreeInOneTableIsDeletedAndARootWhoseBranchStaysWaits) {
    LivePair pair("felling");
    pair.desktop.exec("create table node (id int primary key, parent_id int)");
    pair.cloud.exec("create table node (id int primary key, parent_id int references node)");
    pair.desktop.exec(
        "insert into node select i, case when i < 10 then i + 1 end from generate_series(1, 10) i; insert "
        "into node values (20, null), (21, 20), (22, 21)");
    pair.configure("[guard]\nmax_deletes = '100%'\n[[table]]\nname = 'node'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("delete from node where id <= 10 or id in (20, 21)");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "parked"), 2);
    EXPECT_EQ(dump(pair.cloud, "select id from node order by id"), "20\n21\n22");
    pair.desktop.exec("delete from node");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from node"), 0);
}

TEST(Order, ParkedRetryTriesTheirTablesAtOnce) {
    LivePair pair("retry");
    pair.desktop.exec("create table t (id int primary key, n int)");
    pair.cloud.exec("create table t (id int primary key, n int check (n < 10))");
    pair.desktop.exec("insert into t values (1, 1), (2, 20)");
    pair.configure("[[table]]\nname = 't'\n");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EXIT_CODE(3, pair.run({"parked", "retry"}));
    pair.cloud.exec("alter table t drop constraint t_n_check");
    EXPECT_EXIT_CODE(0, pair.run({"parked", "retry"}));
    pair.expect_equal("select * from t order by id");
    const TidewayResult none = pair.run({"parked", "retry"});
    EXPECT_EXIT_CODE(0, none);
    EXPECT_TRUE(none.json["parked"].empty());
}

// A row that is to be deleted gives its unique value up first; if it stays after all, it has the value as before.
TEST(Order, ADeletedRowThatItsChildrenKeepHasItsUniqueValueStill) {
    LivePair pair("kept_value");
    pair.both("create table par (id int primary key, code text unique)");
    pair.cloud.exec("create table ch (id int primary key, p int references par)");
    pair.desktop.exec("insert into par select i, 'c' || i from generate_series(1, 9) i");
    pair.configure("[guard]\nmax_deletes = '100%'\n[[table]]\nname = 'par'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("insert into ch values (1, 3)");
    pair.desktop.exec("delete from par where id in (3, 4); insert into par values (33, 'c3'), (44, 'c4')");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_EQ(dump(pair.cloud, "select * from par where id in (3, 4, 33, 44) order by id"), "3|c3\n44|c4");
    pair.cloud.exec("delete from ch");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from par order by id");
}

// Nobody writes a row and no capture proposes anything: the list alone knows of them.
TEST(Order, ParkedRowsFollowOnceNothingStandsInTheirWay) {
    LivePair pair("freed");
    pair.desktop.exec("create table t (id int primary key, n int)");
    pair.cloud.exec("create table t (id int primary key, n int check (n < 10))");
    pair.desktop.exec("insert into t values (1, 1), (2, 20)");
    pair.configure("[sync]\ncapture = 'changelog'\n[[table]]\nname = 't'\n");
    EXPECT_EXIT_CODE(3, pair.sync());
    expect_quiet(pair, 3);
    pair.cloud.exec("alter table t drop constraint t_n_check");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from t order by id");
}

}  // namespace
}  // namespace tideway::test
