// The account of protected rows that every run keeps: none is gone that no user removed, and nobody's own delete is
// taken for a loss, however many write meanwhile. TIDEWAY_TEST_LONG makes 200 runs among twenty writers.
#include <atomic>
#include <cstdlib>

#include "scenario/live_pair.hpp"
#include "scenario/two_sides.hpp"

namespace tideway::test {
namespace {

constexpr const char* job = "create table job (id int primary key, note text, source char(1) default 'D')";
std::string shared_toml() {
    return "[sync]\ncapture = 'changelog'\n[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n"
           "[[table]]\nname = 'job'\nownership = 'shared'\norigin = { column = 'source', desktop = 'D', cloud = 'M' }\n";
}

class Accounts : public testing::Test {
  protected:
    Accounts() {
        pair.both(job);
        pair.configure(shared_toml());
        pair.desktop.exec("insert into job select i, 'office', 'D' from generate_series(1, 20) i");
        pair.cloud.exec("insert into job select i, 'mobile', 'M' from generate_series(101, 130) i");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    static nlohmann::json job_in(const TidewayResult& result) { return table_of(result.json, "job"); }
    LivePair pair{"accounts"};
};

TEST_F(Accounts, UsersOwnDeletesStandBesideTheCounts) {
    pair.desktop.exec("update job set note = 'edited' where id = 1; delete from job where id = 101");
    const TidewayResult result = pair.sync_while("M5a.committed", [&] { pair.cloud.exec("delete from job where id in (102, 103)"); });
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(job_in(result)["protected"]["before"], 30);
    EXPECT_EQ(job_in(result)["protected"]["after"], 27);
    EXPECT_EQ(job_in(result)["protected"]["removed_by_users"], 3);
    EXPECT_EQ(job_in(result)["lost"], 0);
}

// Triggers can be kept from firing only behind the back of the table's lock; a superuser can do even that.
TEST_F(Accounts, P1_AProtectedRowThatVanishesPastTheTriggersIsReportedByItsKey) {
    pair.desktop.exec("update job set note = 'edited' where id = 1");
    const TidewayResult result = pair.sync_while("M5a.committed", [&] {
        Db(pair.cloud_database).exec("update pg_trigger set tgenabled = 'D' where tgrelid = 'job'::regclass");
        Db(pair.cloud_database).exec("delete from job where id in (110, 111); insert into job values (900, 'new', 'M')");
        Db(pair.cloud_database).exec("update pg_trigger set tgenabled = 'A' where tgrelid = 'job'::regclass");
        Db(pair.cloud_database).exec("delete from job where id = 112; insert into job values (901, 'new', 'M')");
    });
    EXPECT_EXIT_CODE(4, result);
    EXPECT_EQ(result.json["status"], "guard");
    ASSERT_EQ(result.json["guard"].size(), 1U);
    const std::string what = result.json["guard"][0]["what"];
    EXPECT_NE(what.find("TW430"), std::string::npos) << what;
    EXPECT_NE(what.find("110"), std::string::npos) << what;
    EXPECT_NE(what.find("111"), std::string::npos) << what;
    EXPECT_EQ(what.find("112"), std::string::npos) << what;
    EXPECT_EQ(job_in(result)["protected"]["removed_by_users"], 1);
    EXPECT_EQ(job_in(result)["lost"], 2);
}

// A trigger that removes rows of a synchronised table is stopped in the transaction; one that takes their mark may be wanted.
TEST_F(Accounts, ADeclaredSideEffectIsNoLoss) {
    pair.both("create table log (id int primary key, source char(1))");
    pair.cloud.exec(
        "insert into log values (1, 'M'); create function clear_log() "
        "returns trigger language plpgsql as $$ begin update public.log set source = 'D'; return null; end $$; create trigger clear "
        "after update on job for each statement execute function clear_log()");
    pair.configure(shared_toml() +
                   "side_effects = ['log']\n[[table]]\nname = 'log'\nownership = 'shared'\norigin = { column = 'source' }\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update job set note = 'edited' where id = 1");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(table_of(result.json, "log")["lost"], 0);
    EXPECT_EQ(pair.cloud.number("select count(*) from log where source = 'M'"), 0);
}

TEST_F(Accounts, AnIdleRunKeepsNoAccount) {
    const TidewayResult result = pair.sync();
    EXPECT_EQ(result.json["idle"], true);
    EXPECT_TRUE(job_in(result)["protected"]["removed_by_users"].is_null());
    EXPECT_EQ(job_in(result)["lost"], 0);
}

TEST_F(Accounts, TwentyWritersRaiseNoFalseAlarm) {
    std::atomic<bool> stop{false};
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 20; ++writer)
        writers.emplace_back([&, writer] {
            Db db(writer % 4 == 0 ? pair.desktop_database : pair.cloud_database);
            for (int i = 0; !stop; ++i) {
                const int id = 1000 + writer * 1000 + i % 7;
                const std::string mark = writer % 4 == 0 ? "D" : "M";
                const char* form = i % 3 == 0   ? "insert into job values ({0}, 'w', '{1}') on conflict do nothing"
                                   : i % 3 == 1 ? "update job set note = note || 'x' where id = {0} - 1"
                                                : "delete from job where id = {0} - 2";
                db.try_exec(fmt::format(fmt::runtime(form), id, mark));
                if (i % 5 == 0) db.try_exec(fmt::format("update job set id = id + 500 where id = {}", id));
                std::this_thread::yield();
            }
        });
    const int runs = std::getenv("TIDEWAY_TEST_LONG") != nullptr ? 200 : 15;
    int exact = 0;
    for (int i = 0; i < runs; ++i) {
        const TidewayResult result = pair.sync();
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << result.exit_code << result.out << result.err;
        EXPECT_TRUE(result.json["guard"].empty()) << result.out;
        EXPECT_EQ(job_in(result)["lost"], 0) << result.out;
        exact += job_in(result)["protected"]["removed_by_users"].is_number() ? 1 : 0;
    }
    stop = true;
    for (std::thread& writer : writers) writer.join();
    EXPECT_GT(exact, runs * 2 / 3) << "runs without an account prove nothing";
}

}  // namespace
}  // namespace tideway::test
