// --confirm lets exactly those keys through that were stopped and are still what they were.
#include <sstream>

#include "scenario/live_pair.hpp"
#include "support/sqlite_file.hpp"

namespace tideway::test {
namespace {

class Confirm : public testing::Test {
  protected:
    Confirm() {
        pair.both(
            "create table note (id int primary key, body text);create table log (id int primary key, body "
            "text)");
        pair.desktop.exec("insert into note select i, 'n' || i from generate_series(1, 200) i");
        pair.configure("[[table]]\nname = 'note'\n[[table]]\nname = 'log'\n");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    std::string stopped_hash() {
        const TidewayResult stopped = pair.sync();
        EXPECT_EXIT_CODE(4, stopped);
        return stopped.json["plan_hash"];
    }
    void expect_refused(const std::string& hash) {
        const std::string desktop = row_versions(pair.desktop), cloud = row_versions(pair.cloud);
        const TidewayResult refused = pair.sync({"--confirm", hash});
        EXPECT_EXIT_CODE(4, refused);
        EXPECT_NE(refused.json["guard"].dump().find("TW404"), std::string::npos) << told(refused);
        EXPECT_EQ(row_versions(pair.desktop), desktop);
        EXPECT_EQ(row_versions(pair.cloud), cloud);
    }
    LivePair pair{"confirm"};
};

TEST_F(Confirm, lets_the_stopped_keys_through) {
    pair.desktop.exec("delete from note where id <= 50");
    EXPECT_EXIT_CODE(0, pair.sync({"--confirm", stopped_hash()}));
    pair.expect_equal("select * from note order by id");
    EXPECT_ROWS(pair.desktop, "select count(*) from tideway.kept_plan", "0");
    EXPECT_ROWS(pair.desktop, "select count(*) from tideway.kept_key", "0");
    expect_quiet(pair);
}

// H73: what came later was never shown to anybody.
TEST_F(Confirm, H73_lets_no_new_key_through) {
    pair.desktop.exec("delete from note where id <= 50");
    const std::string hash = stopped_hash();
    pair.desktop.exec("delete from note where id between 101 and 150");
    const TidewayResult partly = pair.sync({"--confirm", hash});
    EXPECT_EXIT_CODE(4, partly);
    EXPECT_ROWS(pair.cloud, "select min(id), count(*) from note", "51|150");
    EXPECT_EQ(partly.json["guard"][0]["count"], 50);
    EXPECT_NE(partly.json["plan_hash"], hash);
    expect_refused(hash);
    EXPECT_EXIT_CODE(0, pair.sync({"--confirm", partly.json["plan_hash"]}));
    pair.expect_equal("select * from note order by id");
}

TEST_F(Confirm, H73_a_key_that_moved_drops_out_and_is_listed) {
    pair.desktop.exec("delete from note where id <= 50");
    const std::string hash = stopped_hash();
    pair.cloud.exec("update note set body = 'the phone needs it' where id = 7");
    pair.desktop.exec("insert into note values (8, 'written again')");
    const TidewayResult confirmed = pair.sync({"--confirm", hash});
    EXPECT_EXIT_CODE(0, confirmed);
    EXPECT_NE(confirmed.json["remarks"].dump().find("7, 8"), std::string::npos) << told(confirmed);
    pair.expect_equal("select * from note order by id");
    EXPECT_ROWS(pair.desktop, "select id, body from note where id <= 50 order by id",
                "7|the phone needs it\n8|written again");
}

TEST_F(Confirm, H73_an_unknown_or_stale_hash_is_refused_and_loses_nothing) {
    pair.desktop.exec("delete from note where id <= 50; insert into log values (1, 'flows')");
    expect_refused("0123456789abcdef");
    const std::string hash = stopped_hash();
    EXPECT_ROWS(pair.cloud, "select count(*) from log", "1");
    pair.desktop.exec("insert into note select i, 'other ' || i from generate_series(1, 50) i");
    expect_refused(hash);
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_refused(hash);
    pair.expect_equal("select * from note order by id");
}

TEST_F(Confirm, a_plan_that_is_too_old_is_forgotten) {
    pair.desktop.exec("delete from note where id <= 50");
    const std::string hash = stopped_hash();
    pair.desktop.exec(
        "update tideway.kept_plan set at = at - interval '8 days'; update tideway.kept_key set at = at - "
        "interval '8 days'");
    pair.desktop.exec("insert into log values (1, 'anything')");
    EXPECT_EXIT_CODE(4, pair.sync());
    EXPECT_ROWS(pair.desktop, "select count(*) from tideway.kept_plan", "0");
    pair.desktop.exec("delete from note where id = 60");
    expect_refused(hash);
}

TEST_F(Confirm, uninstall_removes_the_kept_plans) {
    pair.desktop.exec("delete from note where id <= 50");
    stopped_hash();
    EXPECT_EXIT_CODE(0, run_tideway(pair.config, {"uninstall"}));
    EXPECT_EXIT_CODE(0, run_tideway(pair.config, {"uninstall", "--check"}));
    EXPECT_ROWS(pair.desktop, "select count(*) from pg_namespace where nspname = 'tideway'", "0");
}

// No trigger has seen the deletes: only a full run finds them, and of the tables that it looked at.
TEST_F(Confirm, status_prints_the_command_that_lets_the_stopped_rows_through) {
    pair.configure("[sync]\ncapture = 'changelog'\n[[table]]\nname = 'note'\n[[table]]\nname = 'log'\n");
    EXPECT_EXIT_CODE(0, pair.sync({"--mode", "full"}));
    pair.desktop.exec("alter table note disable trigger user; delete from note where id <= 50");
    pair.desktop.exec("do $$ declare name text; begin for name in select tgname from pg_trigger where tgrelid = "
                      "'note'::regclass and not tgisinternal loop execute format('alter table note enable always trigger "
                      "%I', name); end loop; end $$");
    EXPECT_EXIT_CODE(4, pair.sync({"--mode", "full", "--direction", "forward", "--table", "note"}));
    EXPECT_EXIT_CODE(0, pair.sync({"--table", "log"}));  // it does not look at them
    const std::string text = run_tideway(pair.config, {"status"}).out;
    const std::size_t begin = text.find("tideway sync ");
    ASSERT_NE(begin, std::string::npos) << text;
    Args words;
    std::istringstream command(text.substr(begin, text.find(" lets", begin) - begin));
    for (std::string word; command >> word;) words.push_back(word);
    words.erase(words.begin());
    EXPECT_EXIT_CODE(0, pair.run(words));
    EXPECT_ROWS(pair.cloud, "select count(*) from note", "150");
    EXPECT_TRUE(pair.run({"status"}).json["stopped_run"].is_null());
}

// The run dies with half of the confirmed keys written: the same confirmation finishes.
TEST_F(Confirm, P9_a_confirmed_run_that_was_killed_is_finished_by_the_same_confirmation) {
    pair.desktop.exec("delete from note where id <= 50");
    const std::string hash = stopped_hash();
    const TidewayResult killed =
        pair.sync({"--confirm", hash}, {{"TIDEWAY_FAILPOINTS", "M5a.before_commit=kill9"}});
    EXPECT_NE(killed.exit_code, 0);
    EXPECT_ROWS(pair.cloud, "select count(*) from note", "200");
    EXPECT_EXIT_CODE(0, pair.sync({"--confirm", hash}));
    pair.expect_equal("select * from note order by id");
}

TEST(ConfirmOnFiles, works_where_both_sides_are_files) {
    SqliteFile desktop, cloud;
    for (SqliteFile* side : {&desktop, &cloud})
        side->exec(
            "create table note (id integer primary key, body text); create table log (id integer primary "
            "key, body text)");
    for (int i = 1; i <= 40; ++i) desktop.exec(fmt::format("insert into note values ({}, 'n')", i));
    const ConfigFile config(fmt::format(
        "[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[[table]]\nname = 'note'\n[[table]]\nname = 'log'\n",
        desktop.url(), cloud.url()));
    EXPECT_EXIT_CODE(0, run_tideway(config, {"sync", "--json"}));
    desktop.exec("delete from note where id <= 20; insert into log values (1, 'flows')");
    const TidewayResult stopped = run_tideway(config, {"sync", "--json"});
    EXPECT_EXIT_CODE(4, stopped);
    EXPECT_EQ(stopped.json["guard"][0]["reason"], "deletes");
    EXPECT_EQ(cloud.dump("select count(*) from note"), "40");
    EXPECT_EQ(cloud.dump("select count(*) from log"), "1");
    const TidewayResult status = run_tideway(config, {"status", "--json"});
    EXPECT_EQ(status.json["stopped_plan"], stopped.json["plan_hash"]) << told(status);
    desktop.exec("delete from note where id = 30");
    EXPECT_EXIT_CODE(4, run_tideway(config, {"sync", "--json", "--confirm", "0123456789abcdef"}));
    EXPECT_EXIT_CODE(0, run_tideway(config, {"sync", "--json", "--confirm", stopped.json["plan_hash"]}));
    EXPECT_EQ(cloud.dump("select count(*) from note"), "19");
    EXPECT_EXIT_CODE(0, run_tideway(config, {"uninstall"}));
    EXPECT_EXIT_CODE(0, run_tideway(config, {"uninstall", "--check"}));
}

}  // namespace
}  // namespace tideway::test
