// undo, explain and retention where a side is an SQLite file.
#include <gtest/gtest.h>

#include "support/fresh_database.hpp"
#include "support/rows.hpp"
#include "support/run_tideway.hpp"
#include "support/sqlite_file.hpp"

namespace tideway::test {
namespace {

constexpr const char* tables =
    "[[table]]\nname = 'client'\n[[table]]\nname = 'job'\nskip = ['own', 'mark']\n";
constexpr const char* file_schema = R"(
create table client (id integer primary key, name text not null);
create table job (id integer primary key, client_id integer references client (id), title varchar(40), price decimal(10,2),
    weight real, done boolean not null default 0, day date, photo blob, at datetime, own blob, mark text default 'm');)";
constexpr const char* server_schema = R"(
create table client (id int primary key, name text not null);
create table job (id bigint primary key, client_id int references client, title text, price numeric(10,2),
    weight double precision, done boolean not null default false, day date, photo bytea, at timestamp);)";
constexpr const char* rows_sql = R"(
insert into client values (1, 'Ada'), (2, 'Bob');
insert into job (id, client_id, title, price, weight, done, day, photo, at) values
 (10, 1, 'a "b" \ é', 99.5, 1.25, 0, '2024-02-29', x'00ff5c78', '2024-03-01 10:00:00'),
 (11, 2, null, null, null, 1, null, null, null), (12, 2, '\x00', 12, 2.0, 1, '2024-01-01', x'', '2024-03-01T10:00:00.5');)";

class SqliteUndo : public testing::Test {
  protected:
    void start(const std::string& more = "") {
        office.exec(file_schema);
        Db(cloud).exec(server_schema);
        office.exec(rows_sql);
        config.rewrite("[desktop]\nurl = '" + office.url() + "'\n[cloud]\nurl = '" + cloud.url() + "'\n" +
                       more + tables);
        run({"sync"}, 0);
    }
    nlohmann::json run(std::vector<std::string> words, int exit_code) {
        words.emplace_back("--json");
        const TidewayResult result = run_tideway(config, words);
        EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
        return result.json;
    }
    std::string file_rows() {
        return office.dump(
                   "select id, client_id, title, price, typeof(price), weight, done, day, hex(photo), "
                   "typeof(photo), at, "
                   "hex(own), typeof(own), mark from job order by id") +
               "\n" + office.dump("select * from client order by id");
    }
    std::string server_rows() {
        return dump(cloud, "select * from job order by id") + "\n" +
               dump(cloud, "select * from client order by id");
    }

    SqliteFile office;
    Database cloud = fresh_database(shared_cloud(), "sqliteundo");
    ConfigFile config{""};
};

TEST_F(SqliteUndo, of_a_run_gives_the_earlier_rows_in_the_file_and_in_the_cloud) {
    start();
    office.exec("update job set own = x'00ff', mark = 'kept' where id in (10, 12)");
    Db(cloud).exec(
        "update job set title = 'phone', price = 1, weight = 7, done = true, day = null, photo = '\\x01', at "
        "= "
        "'2020-01-01' where id = 10; delete from job where id = 12; insert into client values (3, 'Cy'); "
        "insert into job (id, client_id) values (20, 3)");
    office.exec("update job set title = 'office' where id = 11; insert into client values (4, 'Di')");
    const std::string file = file_rows(), server = server_rows();
    const nlohmann::json synced = run({"sync"}, 0);
    ASSERT_NE(file_rows(), file);
    const std::string after = file_rows();
    const nlohmann::json undone = run({"undo", "--run", synced["run"]}, 0);
    EXPECT_EQ(file_rows(), file);
    EXPECT_EQ(server_rows(), server);
    run({"undo", "--run", undone["run"]}, 0);
    EXPECT_EQ(office.dump("select id, title, price, hex(photo) from job order by id"),
              "10|phone|1|01\n11|office|(null)|\n20|(null)|(null)|");
    run({"sync"}, 0);
}

TEST_F(SqliteUndo, leaves_rows_that_were_edited_since_and_travels) {
    start();
    Db(cloud).exec("update job set title = 'phone'");
    const nlohmann::json synced = run({"sync"}, 0);
    office.exec("update job set title = 'since' where id = 11");
    const nlohmann::json undone = run({"undo", "--run", synced["run"]}, 3);
    ASSERT_EQ(undone["left"].size(), 1U) << undone;
    EXPECT_EQ(undone["left"][0]["key"], "11");
    run({"sync"}, 0);
    EXPECT_ROWS(cloud, "select id, title from job order by id", "10|a \"b\" \\\\ é\n11|since\n12|\\\\x00");
}

TEST_F(SqliteUndo, P1_leaves_a_row_whose_unsynchronised_columns_were_filled_since) {
    start();
    Db(cloud).exec("insert into job (id, client_id, title) values (20, 1, 'one'), (21, 1, 'two'), (22, 1, 'three')");
    run({"sync"}, 0);
    Db(cloud).exec("update job set title = title || '!' where id in (21, 22)");
    run({"sync"}, 0);
    office.exec("update job set own = x'0102' where id in (20, 22)");
    const nlohmann::json undone = run({"undo", "--since", "1h", "--table", "job"}, 3);
    ASSERT_EQ(undone["left"].size(), 2U) << undone;
    EXPECT_EQ(office.dump("select id, title, hex(own) from job where id >= 20 order by id"),
              "20|one|0102\n22|three!|0102");
}

TEST_F(SqliteUndo, dry_run_leaves_the_file_as_it_is) {
    start();
    Db(cloud).exec("update job set title = 'phone'");
    const nlohmann::json synced = run({"sync"}, 0);
    const std::string before = file_rows();
    EXPECT_EQ(run({"undo", "--run", synced["run"], "--dry-run"}, 0)["rows"].size(), 3U);
    EXPECT_EQ(file_rows(), before);
}

TEST_F(SqliteUndo, explain_tells_the_story_of_a_row_in_a_file) {
    start();
    Db(cloud).exec("update job set title = 'phone' where id = 10");
    run({"sync"}, 0);
    office.exec("update job set title = 'office' where id = 10");
    const nlohmann::json story = run({"explain", "job", "10"}, 0);
    EXPECT_EQ(story["desktop"]["state"], "edited since");
    EXPECT_EQ(story["cloud"]["state"], "as agreed");
    EXPECT_EQ(story["next"][0]["rule"], "R7");
    EXPECT_EQ(story["versions"].size(), 2U) << story;
    EXPECT_EQ(run({"explain", "job", "99"}, 0)["known"], false);
}

TEST_F(SqliteUndo, old_entries_of_a_file_go) {
    start("[journal]\nkeep = '1d'\n");
    Db(cloud).exec("update job set title = 'phone'");
    run({"sync"}, 0);
    ASSERT_EQ(office.number("select count(*) from tideway_journal"), 3);
    office.exec("update tideway_journal set at = at - 2 * 86400000000");
    Db(cloud).exec("update job set title = 'again' where id = 10");
    run({"sync"}, 0);
    EXPECT_EQ(office.number("select count(*) from tideway_journal"), 1);
}

TEST_F(SqliteUndo, state_of_an_earlier_version_is_completed_by_the_next_run) {
    start();
    office.exec("alter table tideway_journal drop column form; alter table tideway_journal drop column whole");
    office.exec("update tideway_pair set state_version = 2");
    Db(cloud).exec("update job set title = 'phone' where id = 10");
    const nlohmann::json synced = run({"sync"}, 0);
    run({"undo", "--run", synced["run"]}, 0);
    EXPECT_EQ(office.dump("select title from job where id = 10"), "a \"b\" \\\\ é");
}

}  // namespace
}  // namespace tideway::test
