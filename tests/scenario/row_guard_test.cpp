// Triggers on strict tables in the cloud: they stop our own transactions at a row that no plan names, and
// nobody else.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

const std::string guards_of =
    "select count(*) from pg_trigger g join pg_proc f on f.oid = g.tgfoid "
    "join pg_namespace n on n.oid = f.pronamespace where n.nspname = 'tideway' and "
    "f.proname like 'guard%' and g.tgrelid = '{}'::regclass";

class RowGuard : public testing::Test {
  protected:
    RowGuard() {
        pair.both(
            "create table job (id int primary key, body text, source char(1));"
            "create table log (id int primary key, body text)");
        pair.desktop.exec(
            "insert into job select i, 'office', 'D' from generate_series(1, 20) i; insert into log values "
            "(1, 'x')");
        pair.cloud.exec("insert into job select i, 'phone', 'M' from generate_series(101, 105) i");
        configure("");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    void configure(const std::string& more) {
        pair.configure("[[table]]\nname = 'job'\norigin = { column = 'source' }\n" + more +
                       "[[table]]\nname = 'log'\n");
    }
    long long guards(const char* table) {
        return pair.cloud.number(fmt::format(fmt::runtime(guards_of), table));
    }
    LivePair pair{"row_guard"};
};

TEST_F(RowGuard, stands_on_strict_tables_that_take_triggers_and_nowhere_else) {
    EXPECT_EQ(guards("job"), 2);
    EXPECT_EQ(guards("log"), 0);
    EXPECT_EQ(pair.desktop.number("select count(*) from pg_proc where proname like 'guard_%' and "
                                  "pronamespace = 'tideway'::regnamespace"),
              0);
    configure("guard = { triggers = false }\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(guards("job"), 0);
    configure("");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(guards("job"), 2);
    configure("ownership = 'shared'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(guards("job"), 0);
    configure("capture = 'xmin'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(guards("job"), 0) << "nothing is added to a table with capture = xmin";
}

TEST_F(RowGuard, is_made_again_when_somebody_dropped_it) {
    pair.cloud.exec(fmt::format(
        "drop trigger {} on job",
        pair.cloud.scalar(
            "select tgname from pg_trigger where tgname like '%\\_g' and tgrelid = 'job'::regclass")));
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(guards("job"), 2);
    expect_quiet(pair);
}

TEST_F(RowGuard, leaves_users_alone) {
    pair.cloud.exec(
        "update job set body = 'edited by the phone' where id = 101; delete from job where id = 102;"
        "alter table job alter column source type text; alter table job rename source to made_by;"
        "alter table job rename made_by to source; alter table job alter column source type char(1)");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from job order by id");
    EXPECT_ROWS(pair.desktop, "select body from job where id = 101", "edited by the phone");
    pair.cloud.exec("truncate log; truncate job");
    EXPECT_EQ(pair.cloud.number("select count(*) from job"), 0);
}

// A row that the phone marks as its own stays the office's where the office made it, and what a person chose
// is written.
TEST_F(RowGuard, lets_the_plan_write_rows_that_are_marked_mobile) {
    pair.cloud.exec("update job set source = 'M', body = 'seen by the phone' where id = 3");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update job set body = 'office again' where id = 3");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from job where id = 3", "office again");
    pair.desktop.exec("update job set body = 'the office insists' where id = 104");
    EXPECT_EXIT_CODE(3, pair.sync());
    const auto listed = pair.run({"conflicts", "list"}).json["conflicts"];
    std::string held;
    for (const auto& entry : listed)
        if (entry["kind"] == "held") held = std::to_string(entry["id"].get<long long>());
    EXPECT_EXIT_CODE(0, run_tideway(pair.config, {"conflicts", "resolve", held, "--take", "desktop"}));
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from job where id = 104", "the office insists");
    pair.desktop.exec("delete from job where id = 3");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select count(*) from job where id = 3", "0");
}

// Whoever says of his transaction that it is ours meets the same guard: it is the setting that counts.
TEST_F(RowGuard, refuses_what_names_no_plan_and_any_truncate) {
    pair.cloud.exec(
        "set tideway.apply = 'on'; create temp table tideway_found (at tid); create temp table "
        "tideway_outcome (now tid)");
    EXPECT_EQ(pair.cloud.try_exec("delete from job where id = 101"), "TW413");
    EXPECT_EQ(pair.cloud.try_exec("update job set body = 'x' where id = 101"), "TW413");
    EXPECT_EQ(pair.cloud.try_exec("truncate job"), "TW413");
    EXPECT_EQ(pair.cloud.try_exec("delete from job where id = 1"), "00000") << "the office's own row";
    pair.cloud.exec("insert into tideway_found select ctid from job where id = 101");
    EXPECT_EQ(pair.cloud.try_exec("delete from job where id = 101"), "00000") << "a row of the plan";
    pair.cloud.exec("reset tideway.apply");
    EXPECT_EQ(pair.cloud.try_exec("delete from job where id = 102"), "00000");
}

TEST_F(RowGuard, uninstall_takes_it_away) {
    EXPECT_EXIT_CODE(0, run_tideway(pair.config, {"uninstall"}));
    EXPECT_EQ(pair.cloud.number("select count(*) from pg_trigger where not tgisinternal"), 0);
    EXPECT_EXIT_CODE(0, run_tideway(pair.config, {"uninstall", "--check"}));
}

}  // namespace
}  // namespace tideway::test
